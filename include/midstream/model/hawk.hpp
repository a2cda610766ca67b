/// \file
/// The Hawk state space model as a residual stack (D.1, Table A15; De et al. 2024, arXiv 2402.19427).
#pragma once

#include "midstream/layer/hawk.hpp"
#include "midstream/layer/residual.hpp"
#include "midstream/model/stack.hpp"

namespace midstream::model {

/// Sizes of a Hawk stack; the defaults are the paper's base model of the ant (Table A5).
struct HawkShape {
    int depth = 8;  ///< blocks
    int width = 256;
    int recurrent = 256;  ///< channels of the recurrence
    int heads = 8;        ///< diagonal blocks of the maps to the recurrence's gates
    int taps = 4;         ///< steps that a block's convolution sees, the present one among them
    int mlp = 512;        ///< hidden units of a block's MLP
    static constexpr void describe(const auto& self, auto&& part) {
        part("depth", self.depth);
        part("width", self.width);
        part("recurrent", self.recurrent);
        part("heads", self.heads);
        part("taps", self.taps);
        part("mlp", self.mlp);
    }
};

/// A block: norm and Hawk mixer, norm and MLP, each on a residual branch.
template <HawkShape Shape, template <int> class Norm = layer::RmsNorm>
using HawkBlock = layer::PreNormBlock<layer::HawkMixer<Shape.width, Shape.recurrent, Shape.taps, Shape.heads>,
                                      layer::Mlp<Shape.width, Shape.mlp>, Norm>;

/// The stack of `Shape.depth` such blocks.
template <HawkShape Shape, template <int> class Norm = layer::RmsNorm>
using Hawk = Repeat<HawkBlock<Shape, Norm>, Shape.depth>;

}  // namespace midstream::model
