/// \file
/// A trained probe as a value: the belief about the subgoal that a linear map reads from a row of a residual stream.
#pragma once

#include <array>

#include "midstream/layer/distribution.hpp"
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
        Eigen::Map<Eigen::Array<float, 1, Subgoals>> numbers(belief.data());
        numbers = layer::Categorical<Subgoals>::probabilities(belief.data());
        return belief;
    }
};

}  // namespace midstream::analysis
