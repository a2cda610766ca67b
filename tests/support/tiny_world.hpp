/// \file
/// A tiny model and random episodes for it, for tests of what is built on models.
#pragma once

#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"
#include "midstream/train/objectives.hpp"
#include "support/layer_check.hpp"

namespace midstream::test {

inline constexpr model::TransformerShape tiny_shape{
    .depth = 3, .width = 8, .heads = 2, .mlp = 12, .context = 16, .buckets = 4, .max_distance = 8};
using TinyModel = model::Autoregressive<data::OneHots<9, 3>, data::Categories<4>, model::Transformer<tiny_shape>,
                                        data::Categories<5, 2>>;

template <class Model, class T>
train::EpisodesOf<Model, T> random_episodes(core::Random random, const std::vector<int>& offsets = ragged_offsets,
                                            int subgoals = 3) {
    train::EpisodesOf<Model, T> episodes;
    episodes.offsets = offsets;
    for (int i = 0; i < episodes.rows(); ++i) {
        for (int k = 0; k < 3; ++k) episodes.observations.push_back(static_cast<std::int16_t>(3 * k + random.below(3)));
        episodes.actions.push_back(static_cast<std::int16_t>(random.below(4)));
        for (int k = 0; k < 2; ++k) episodes.targets.push_back(static_cast<std::int16_t>(random.below(5)));
        episodes.subgoals.push_back(static_cast<std::int16_t>(random.below(subgoals)));
    }
    episodes.returns.assign(static_cast<std::size_t>(episodes.count()), 1.0f);
    core::Random endings = random.fork(1);
    for (int i = 0; i < episodes.count(); ++i)
        for (int k = 0; k < 3; ++k) episodes.endings.push_back(static_cast<std::int16_t>(3 * k + endings.below(3)));
    return episodes;
}

/// A model whose every parameter matters.
template <class Model, class T>
core::Box<typename Model::template Parameters<T>> random_model(core::Random random, double deviation = 0.2) {
    core::Box<typename Model::template Parameters<T>> parameters;
    Model::initialise(*parameters, random);
    core::Random noise = random.fork(1);
    for (T& value : core::flat<T>(*parameters)) value += static_cast<T>(deviation * noise.normal());
    return parameters;
}

}  // namespace midstream::test
