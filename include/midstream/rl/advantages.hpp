/// \file
/// From the returns of a batch of episodes to advantages.
#pragma once

#include <cmath>
#include <span>

namespace midstream::rl {

/// A = (R - mean R) / (std R + 1e-3) over the whole batch, with the population's standard deviation and no groups;
/// every decision of an episode has its episode's advantage (C.5.2).
struct BatchNormalised {
    double epsilon = 1e-3;  ///< added to the standard deviation
    static constexpr void describe(const auto& self, auto&& part) { part("epsilon", self.epsilon); }

    /// Writes an advantage for every return; both have the same size.
    void operator()(std::span<const float> returns, std::span<float> advantages) const {
        double mean = 0, square = 0;
        for (const float r : returns) mean += r;
        mean /= static_cast<double>(returns.size());
        for (const float r : returns) square += (r - mean) * (r - mean);
        const double deviation = std::sqrt(square / static_cast<double>(returns.size()));
        for (std::size_t i = 0; i < returns.size(); ++i)
            advantages[i] = static_cast<float>((returns[i] - mean) / (deviation + epsilon));
    }
};

/// Writes an advantage for every return of a batch.
template <class A>
concept AdvantageRule = requires(const A& rule, std::span<const float> returns, std::span<float> advantages) {
    rule(returns, advantages);
};

}  // namespace midstream::rl
