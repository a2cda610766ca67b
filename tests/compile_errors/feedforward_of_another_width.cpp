// first: the feedforward layer of a residual block needs the width of its mixer
#include "world.hpp"

using Mistaken = ms::layer::PreNormBlock<ms::layer::Gru<8, 8>, ms::layer::Mlp<4, 16>>;
using Model = ms::model::Autoregressive<World::Observation, World::Action, ms::model::Stack<Mistaken>>;
Model::Parameters<float> parameters;
