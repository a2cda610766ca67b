// first: all blocks of a stack need one width
#include "world.hpp"

using Wide = ms::layer::PreNormBlock<ms::layer::Gru<16, 16>, ms::layer::Mlp<16, 16>>;
using Model = ms::model::Autoregressive<World::Observation, World::Action, ms::model::Stack<Block, Wide>>;
Model::Parameters<float> parameters;
