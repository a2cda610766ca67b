// What the cases are made of: a world, its expert, a model of what it does and a metacontroller, all of which are
// right.
#pragma once

#include "midstream/env/batched.hpp"
#include "midstream/layer/gru.hpp"
#include "midstream/layer/mlp.hpp"
#include "midstream/layer/residual.hpp"
#include "midstream/model/autoregressive.hpp"

namespace ms = midstream;

struct World {
    static constexpr int horizon = 9;
    using Observation = ms::data::Dense<2>;
    using Action = ms::data::Categories<3>;
    using Target = ms::data::Dense<1>;
    int steps = 0;
    void reset(ms::core::Random) { steps = 0; }
    void observe(float* row) const { row[0] = row[1] = 0; }
    void target(float* row) const { row[0] = 0; }
    ms::env::Transition step(const std::int16_t*) { return {1, ++steps == horizon}; }
};
struct Expert {
    std::array<std::int16_t, 1> act(const World&, ms::core::Random&) const { return {0}; }
};

using Block = ms::layer::PreNormBlock<ms::layer::Gru<8, 8>, ms::layer::Mlp<8, 16>>;
using Base = ms::model::Autoregressive<World::Observation, World::Action, ms::model::Repeat<Block, 2>, World::Target>;
