/// \file
/// When abstract actions end: how the switch's logit becomes the gate beta in [0, 1] (paper section 5, steps 5 and 6).
/// A switch policy is a value with `Gate gate(logit, step, random)` and, in `learned`, whether the logit matters.
#pragma once

#include <cmath>
#include <concepts>

#include "midstream/core/random.hpp"

namespace midstream::control {

/// The gate and its derivative with respect to the logit.
template <class T>
struct Gate {
    T value;
    T slope;
};

/// beta = sigmoid(logit), used as a probability without sampling: the paper's switch.
struct SoftSwitch {
    static constexpr bool learned = true;
    template <class T>
    Gate<T> gate(T logit) const {
        const T beta = T(1) / (T(1) + std::exp(-logit));
        return {beta, beta * (T(1) - beta)};
    }
    template <class T>
    Gate<T> gate(T logit, int, core::Random&) const {
        return gate(logit);
    }
};

/// beta = 1 throughout: a new code at every step (baseline of paper section 7.6).
struct AlwaysSwitch {
    static constexpr bool learned = false;
    template <class T>
    Gate<T> gate(T, int, core::Random&) const {
        return {T(1), T(0)};
    }
};

/// beta = 1 every `period` steps, counted from the first.
struct FixedPeriod {
    int period = 5;
    static constexpr void describe(const auto& self, auto&& part) { part("period", self.period); }
    static constexpr bool learned = false;
    template <class T>
    Gate<T> gate(T, int step, core::Random&) const {
        return {step % period == 0 ? T(1) : T(0), T(0)};
    }
};

/// A sampled binary gate (Gumbel-sigmoid, i.e. logistic noise on the logit) with the straight-through gradient of its
/// relaxation at `temperature`: the variant of the paper's rate-distortion curves.
struct GumbelSwitch {
    double temperature = 1;
    static constexpr void describe(const auto& self, auto&& part) { part("temperature", self.temperature); }
    static constexpr bool learned = true;
    template <class T>
    Gate<T> gate(T logit, int, core::Random& random) const {
        const double u = (random.uniform() * 0x1p32 + 0.5) * 0x1p-32;  // inside (0, 1)
        const T noisy = (logit + static_cast<T>(std::log(u) - std::log1p(-u))) / static_cast<T>(temperature);
        const T relaxed = T(1) / (T(1) + std::exp(-noisy));
        return {noisy > T(0) ? T(1) : T(0), relaxed * (T(1) - relaxed) / static_cast<T>(temperature)};
    }
};

/// beta = 1 where sigmoid(logit) reaches `threshold`, else 0: the switch of acting (paper section 6).
struct HardSwitch {
    double threshold = 0.5;
    static constexpr void describe(const auto& self, auto&& part) { part("threshold", self.threshold); }
    static constexpr bool learned = true;
    template <class T>
    Gate<T> gate(T logit, int, core::Random&) const {
        return {SoftSwitch{}.gate(logit).value >= static_cast<T>(threshold) ? T(1) : T(0), T(0)};
    }
};

/// Opens at random with `probability`, whatever the logit; with probability 0 it is the soft switch. A way to start
/// discovery: codes must last before gates learn when to change them. Not in the paper.
struct RandomHold {
    double probability = 0.2;
    static constexpr void describe(const auto& self, auto&& part) { part("probability", self.probability); }
    static constexpr bool learned = true;
    template <class T>
    Gate<T> gate(T logit, int, core::Random& random) const {
        if (probability <= 0) return SoftSwitch{}.gate(logit);
        return {random.uniform() < probability ? T(1) : T(0), T(0)};
    }
};

/// See the head of this file.
template <class S>
concept Switch = requires(const S& policy, core::Random& random) {
    { S::learned } -> std::convertible_to<bool>;
    { policy.gate(1.0f, 0, random) } -> std::same_as<Gate<float>>;
};

}  // namespace midstream::control
