// The model whose pass is compiled in three ways; that nothing is kept for the gradient of what is frozen.
#pragma once

#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"

using namespace midstream;

inline constexpr model::TransformerShape shape{
    .depth = 2, .width = 8, .heads = 2, .mlp = 16, .context = 16, .buckets = 4, .max_distance = 8};
using Model = model::Autoregressive<data::OneHots<9, 3>, data::Categories<4>, model::Transformer<shape>>;

// A frozen model's gradient is an empty type, and so is that of each of its parts.
static_assert(std::is_empty_v<core::Frozen> && !core::trainable<core::Frozen>);
static_assert(std::is_same_v<decltype(core::part(core::Frozen{}, &Model::Parameters<float>::stack)), core::Frozen>);
static_assert(
    std::is_same_v<decltype(core::element(core::part(core::Frozen{}, &Model::Stack::Parameters<float>::blocks), 0)),
                   core::Frozen>);
