/// \file
/// The causal Transformer as a residual stack (D.1, Table A16).
#pragma once

#include "midstream/layer/attention.hpp"
#include "midstream/layer/residual.hpp"
#include "midstream/model/stack.hpp"

namespace midstream::model {

/// Sizes of a Transformer; the defaults are the paper's (Table A4).
struct TransformerShape {
    int depth = 6;  ///< blocks
    int width = 256;
    int heads = 4;           ///< of a block's attention
    int mlp = 512;           ///< hidden units of a block's MLP
    int context = 100;       ///< longest sequence
    int buckets = 32;        ///< for relative positions
    int max_distance = 128;  ///< from which on distances share the last bucket, steps
    bool slides = false;     ///< longer episodes see the last `context` steps; else they are Errors
    static constexpr void describe(const auto& self, auto&& part) {
        part("depth", self.depth);
        part("width", self.width);
        part("heads", self.heads);
        part("mlp", self.mlp);
        part("context", self.context);
        part("buckets", self.buckets);
        part("max_distance", self.max_distance);
        part.leaves_out(self.slides);
    }

    /// What every block's attention is made from.
    constexpr layer::AttentionShape attention() const {
        return {.width = width,
                .heads = heads,
                .context = context,
                .buckets = buckets,
                .max_distance = max_distance,
                .slides = slides};
    }
};

/// A block: norm and attention, norm and MLP, each on a residual branch.
template <TransformerShape Shape, template <int> class Norm = layer::RmsNorm>
using TransformerBlock =
    layer::PreNormBlock<layer::Attention<Shape.attention()>, layer::Mlp<Shape.width, Shape.mlp>, Norm>;

/// The stack of `Shape.depth` such blocks.
template <TransformerShape Shape, template <int> class Norm = layer::RmsNorm>
using Transformer = Repeat<TransformerBlock<Shape, Norm>, Shape.depth>;

}  // namespace midstream::model
