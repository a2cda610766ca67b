// first: a stack needs at least one block
#include "world.hpp"

using Model = ms::model::Autoregressive<World::Observation, World::Action, ms::model::Repeat<Block, 0>>;
Model::Parameters<float> parameters;
