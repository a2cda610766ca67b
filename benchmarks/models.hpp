/// \file
/// The world and the models that benchmarks of training and acting share: the paper's gridworld seen egocentrically,
/// Transformers of depth 4 with 4 heads, and the default metacontroller at mid-depth.
#pragma once

#include "midstream/control/metacontroller.hpp"
#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"

namespace midstream::bench {

using World = env::GridworldPinpad<env::Pinpad{}, env::Egocentric>;

/// The hidden layer of the MLP is four times the width of the narrowest model, twice that of the others.
constexpr model::TransformerShape transformer_shape(int width) {
    return {.depth = 4,
            .width = width,
            .heads = 4,
            .mlp = width <= 64 ? 4 * width : 2 * width,
            .context = 100,
            .max_distance = 32};
}
/// The models of one shape.
template <model::TransformerShape Shape,
          control::MetacontrollerShape MetaShape = control::MetacontrollerShape{.read = 2, .write = 2}>
struct Models {
    static constexpr model::TransformerShape shape = Shape;
    static constexpr control::MetacontrollerShape meta_shape = MetaShape;
    static constexpr int rank = 16;
    using Base = model::Autoregressive<World::Observation, World::Action, model::Transformer<Shape>, World::Target>;
    using Meta = control::Metacontroller<Base, MetaShape, control::LowRank<rank>>;
    using PeriodicMeta = control::Metacontroller<Base, MetaShape, control::LowRank<rank>, control::FixedPeriod>;
    /// The default metacontroller's embedder: control::FutureHawk.
    static constexpr model::HawkShape future_shape{
        .depth = 1, .width = Shape.width, .recurrent = Shape.width, .heads = 8, .taps = 4, .mlp = 2 * Shape.width};
};
using Width64 = Models<transformer_shape(64)>;
using Width128 = Models<transformer_shape(128)>;
using Width256 = Models<transformer_shape(256)>;

}  // namespace midstream::bench
