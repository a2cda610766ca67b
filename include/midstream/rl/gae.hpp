/// \file
/// Generalised advantage estimation (Schulman et al. 2016) on a stretch of one instance's time, across episodes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace midstream::rl {

/// How a step left its episode.
enum class Ending : std::uint8_t {
    none,        ///< it goes on
    terminated,  ///< nothing comes after it
    truncated    ///< its time was up: what would have come is worth the value of where it stands
};

/// delta_t = r_t + discount v(o_{t+1}) - v(o_t), where v(o_{t+1}) is 0 after a termination;
/// A_t = delta_t + discount lambda A_{t+1}, where A_{t+1} is 0 after any ending and after the last step.
struct GeneralisedAdvantages {
    double discount = 0.99;  ///< of rewards, by step
    double lambda = 0.95;    ///< of later deltas: 0 looks a step ahead, 1 to the end of the episode
    static constexpr void describe(const auto& self, auto&& part) {
        part("discount", self.discount);
        part("lambda", self.lambda);
    }

    /// For `steps` steps of one instance, `stride` numbers apart in every array. `next_values` are of the observation
    /// that a step led to, before any reset; after a termination they are not read.
    template <class T>
    void operator()(int steps, std::ptrdiff_t stride, const T* rewards, const T* values, const T* next_values,
                    const Ending* endings, T* advantages) const {
        T next = 0;
        for (int t = steps - 1; t >= 0; --t) {
            const std::ptrdiff_t i = t * stride;
            const T after = endings[i] == Ending::terminated ? T(0) : next_values[i];
            const T delta = rewards[i] + T(discount) * after - values[i];
            next = endings[i] == Ending::none ? delta + T(discount * lambda) * next : delta;
            advantages[i] = next;
        }
    }
};

}  // namespace midstream::rl
