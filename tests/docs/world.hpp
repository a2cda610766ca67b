// What stands before the snippets of docs/how-to: a world, a model on it, a metacontroller in that.
#pragma once
#include <midstream/midstream.hpp>
using namespace midstream;

using World = env::GridworldPinpad<env::Pinpad{.size = 5, .colours = 4, .walls = 1, .horizon = 50}, env::Egocentric>;
using Stack = model::Transformer<model::TransformerShape{.depth = 2, .width = 32, .mlp = 64, .context = 50}>;
using Base = model::Autoregressive<World::Observation, World::Action, Stack, World::Target>;
using Meta = control::Metacontroller<Base, control::MetacontrollerShape{.read = 1, .write = 0}>;
using Batch = env::Batched<World>;
using Inner = rl::Internal<Batch, Meta>;
using Policy =
    model::Autoregressive<Inner::Observation, Inner::Action,
                          model::Hawk<model::HawkShape{.depth = 1, .width = 32, .recurrent = 32, .mlp = 64}>>;
template <class Model>
using Learner = train::Learner<typename Model::template Parameters<float>, train::AdamW>;
