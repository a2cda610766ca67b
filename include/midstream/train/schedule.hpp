/// \file
/// Schedules: plain structs that give a number for every step, as learning rates, the weight alpha of Eq. 3, or
/// sampling temperatures.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>

namespace midstream::train {

/// A function from the step (the first is 0) to a number.
template <class S>
concept Schedule = requires(const S& schedule, std::int64_t step) {
    { schedule(step) } -> std::convertible_to<double>;
};

/// The same at every step: the paper's own choice for learning rates.
struct Constant {
    double value = 0;  ///< at every step
    static constexpr void describe(const auto& self, auto&& part) { part("value", self.value); }
    /// The value at a step, whichever it is.
    constexpr double operator()(std::int64_t) const { return value; }
};

namespace detail {
/// How far `step` is on the way from `first` (0) to `last` (1); never outside.
constexpr double progress(std::int64_t step, std::int64_t first, std::int64_t last) {
    if (step >= last) return 1;
    if (step <= first) return 0;
    return static_cast<double>(step - first) / static_cast<double>(last - first);
}
/// (1 - progress) from + progress to, exact at both ends.
constexpr double mix(double from, double to, double progress) { return (1 - progress) * from + progress * to; }
}  // namespace detail

/// `from` up to step `first`, then a straight line to `to`, reached at step `last` and kept.
struct Ramp {
    double from = 0;         ///< up to step `first`
    double to = 1;           ///< from step `last` on
    std::int64_t first = 0;  ///< the last step before the ramp
    std::int64_t last = 0;   ///< where it ends; not after `first`, it is a jump at this step
    static constexpr void describe(const auto& self, auto&& part) {
        part("from", self.from);
        part("to", self.to);
        part("first", self.first);
        part("last", self.last);
    }
    /// The value at a step.
    constexpr double operator()(std::int64_t step) const {
        return detail::mix(from, to, detail::progress(step, first, last));
    }
};

/// A ramp that goes down, by default to zero: a constant learning rate and then a linear decay.
struct LinearDecay {
    double from = 0;         ///< up to step `first`
    double to = 0;           ///< from step `last` on
    std::int64_t first = 0;  ///< the last step before the decay
    std::int64_t last = 0;   ///< where it ends
    static constexpr void describe(const auto& self, auto&& part) {
        part("from", self.from);
        part("to", self.to);
        part("first", self.first);
        part("last", self.last);
    }
    /// The value at a step.
    constexpr double operator()(std::int64_t step) const { return Ramp{from, to, first, last}(step); }
};

/// As Ramp, along half a cosine: flat at both ends.
struct Cosine {
    double from = 1;         ///< up to step `first`
    double to = 0;           ///< from step `last` on
    std::int64_t first = 0;  ///< the last step before the curve
    std::int64_t last = 0;   ///< where it ends
    static constexpr void describe(const auto& self, auto&& part) {
        part("from", self.from);
        part("to", self.to);
        part("first", self.first);
        part("last", self.last);
    }
    /// The value at a step.
    double operator()(std::int64_t step) const {
        return detail::mix(from, to, (1 - std::cos(std::numbers::pi * detail::progress(step, first, last))) / 2);
    }
};

/// Rises from peak / (warmup + 1) at step 0 (no step is wasted on a rate of zero) to `peak` at step `warmup`, then
/// falls on a straight line to `to` at step `last`.
struct WarmupLinearDecay {
    double peak = 0;          ///< the largest value
    std::int64_t warmup = 0;  ///< the step at which it is reached: as many steps of warm-up
    std::int64_t last = 0;    ///< where the decay ends
    double to = 0;            ///< from step `last` on
    static constexpr void describe(const auto& self, auto&& part) {
        part("peak", self.peak);
        part("warmup", self.warmup);
        part("last", self.last);
        part("to", self.to);
    }
    /// The value at a step.
    constexpr double operator()(std::int64_t step) const {
        if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup + 1);
        return detail::mix(peak, to, detail::progress(step, warmup, last));
    }
};

}  // namespace midstream::train
