/// \file
/// A trained probe as a value: the belief about the subgoal that a linear map reads from a row of a residual stream.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "midstream/layer/linear.hpp"

namespace midstream::analysis {

/// Reads `Subgoals` probabilities from `Width` numbers of one layer.
template <int Width, int Subgoals>
struct LinearProbe {
    using Map = layer::Linear<Width, Subgoals>;    ///< from the layer to logits
    typename Map::template Parameters<float> map;  ///< of the layer as it is: a scale for training is part of it
    float accuracy;                                ///< on held-out episodes
    static void visit(auto& self, auto&& member) {
        member("map", self.map);
        member("accuracy", self.accuracy);
    }
    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("subgoals", Subgoals);
    }

    /// The probability of each subgoal.
    std::array<float, Subgoals> read(const float* row) const {
        std::array<float, Subgoals> belief;
        Map::template apply<float>(map, {row, 1}, {belief.data(), 1});
        const float largest = *std::max_element(belief.begin(), belief.end());
        float sum = 0;
        for (float& probability : belief) sum += probability = std::exp(probability - largest);
        for (float& probability : belief) probability /= sum;
        return belief;
    }
};

}  // namespace midstream::analysis
