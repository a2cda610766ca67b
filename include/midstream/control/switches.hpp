/// \file
/// When abstract actions end: how the switch's logit becomes the gate beta in [0, 1] (Eq. 2; D.2).
///
/// A switch policy is a value that says so twice, for training and for acting:
///
///     struct MySwitch {
///         static constexpr bool learned = true;  // does the logit matter?
///         template <class T>
///         Gate<T> gate(T logit, int step, core::Random& random) const;           // in training
///         bool acting(float logit, int step, core::Random& random) const;        // does it open?
///     };
///
/// Steps count from 0; `random` is the stream of the sequence, or of the acting instance. A policy that has to remember
/// has a `State`, default constructed when a sequence begins, which both take as their last argument. The first gate of
/// a sequence is open and not asked for, unless the metacontroller's options say otherwise.
#pragma once

#include <cmath>
#include <concepts>

#include "midstream/control/fixed_switches.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"
#include "midstream/layer/math.hpp"

namespace midstream::control {

/// Are gates drawn, open or shut (`static constexpr bool sampled = true` of a policy)? A code then costs only where it
/// is taken, unless options say otherwise: nothing else would keep such gates from opening always.
template <class S>
inline constexpr bool samples_gates = false;
/// Its constant `sampled`.
template <class S>
requires requires { S::sampled; }
inline constexpr bool samples_gates<S> = S::sampled;

/// The rule by which the paper acts (Algorithm 1): a gate opens where sigmoid(logit) reaches the threshold.
template <class T>
bool reaches(T logit, double threshold) {
    return layer::sigmoid(logit) >= static_cast<T>(threshold);
}

/// beta = sigmoid(logit), used as a probability without sampling: the paper's switch. Acts by the threshold.
struct SoftSwitch {
    double threshold = 0.5;          ///< at which it opens in acting
    ForcedPeriod forced_period = 0;  ///< if positive, gates open every so many steps and are not learned
    static constexpr void describe(const auto& self, auto&& part) {
        part("threshold", self.threshold);
        detail::describe_forced(self.forced_period, part);
    }
    static constexpr bool learned = true;
    template <class T>
    Gate<T> gate(T logit) const {
        const T beta = layer::sigmoid(logit);
        return {beta, beta * (T(1) - beta)};
    }
    template <class T>
    Gate<T> gate(T logit, int step, core::Random&) const {
        return forced_period > 0 ? detail::forced_gate<T>(forced_period, step) : gate(logit);
    }
    bool acting(float logit, int step, core::Random&) const {
        return forced_period > 0 ? detail::forced_open(forced_period, step) : reaches(logit, threshold);
    }
    void validate() const {
        core::require_range(threshold, 0.0, 1.0, "the switch's threshold");
        detail::validate_forced(forced_period);
    }
};

/// A sampled binary gate (Gumbel-sigmoid, i.e. logistic noise on the logit) with the straight-through gradient of its
/// relaxation at `temperature`: the variant of the paper's rate-distortion curves (C.6). Acts by the threshold, as the
/// paper's switch does: at 0.5 that is the likelier of both gates.
struct GumbelSwitch {
    double temperature = 1;          ///< of the relaxation; the lower, the nearer to binary
    double threshold = 0.5;          ///< at which it opens in acting
    ForcedPeriod forced_period = 0;  ///< if positive, gates open every so many steps and are not learned
    static constexpr void describe(const auto& self, auto&& part) {
        part("temperature", self.temperature);
        part("threshold", self.threshold);
        detail::describe_forced(self.forced_period, part);
    }
    static constexpr bool learned = true;
    static constexpr bool sampled = true;  ///< gates are drawn, open or shut
    template <class T>
    Gate<T> gate(T logit, int step, core::Random& random) const {
        if (forced_period > 0) return detail::forced_gate<T>(forced_period, step);
        const double u = (random.uniform() * 0x1p32 + 0.5) * 0x1p-32;  // inside (0, 1)
        const T noisy = (logit + static_cast<T>(std::log(u) - std::log1p(-u))) / static_cast<T>(temperature);
        const T relaxed = layer::sigmoid(noisy);
        return {noisy > T(0) ? T(1) : T(0), relaxed * (T(1) - relaxed) / static_cast<T>(temperature)};
    }
    bool acting(float logit, int step, core::Random&) const {
        return forced_period > 0 ? detail::forced_open(forced_period, step) : reaches(logit, threshold);
    }
    void validate() const {
        core::require_range(temperature, 1e-6, 1e6, "the switch's temperature");
        core::require_range(threshold, 0.0, 1.0, "the switch's threshold");
        detail::validate_forced(forced_period);
    }
};

/// beta = 1 where sigmoid(logit) reaches `threshold`, else 0, in training as in acting.
struct HardSwitch {
    double threshold = 0.5;  ///< of sigmoid(logit)
    static constexpr void describe(const auto& self, auto&& part) { part("threshold", self.threshold); }
    static constexpr bool learned = true;
    template <class T>
    Gate<T> gate(T logit, int, core::Random&) const {
        return {reaches(logit, threshold) ? T(1) : T(0), T(0)};
    }
    bool acting(float logit, int, core::Random&) const { return reaches(logit, threshold); }
    void validate() const { core::require_range(threshold, 0.0, 1.0, "the switch's threshold"); }
};

/// Opens at random with `probability`, whatever the logit, in training as in acting; with probability 0 it is the soft
/// switch. A way to start discovery: codes must last before gates learn when to change them. Not in the paper.
struct RandomHold {
    double probability = 0.2;  ///< that it opens at a step
    double threshold = 0.5;    ///< of the soft switch
    static constexpr void describe(const auto& self, auto&& part) {
        part("probability", self.probability);
        part("threshold", self.threshold);
    }
    static constexpr bool learned = true;
    template <class T>
    Gate<T> gate(T logit, int, core::Random& random) const {
        if (probability <= 0) return SoftSwitch{}.gate(logit);
        return {random.uniform() < probability ? T(1) : T(0), T(0)};
    }
    bool acting(float logit, int, core::Random& random) const {
        return probability <= 0 ? reaches(logit, threshold) : random.uniform() < probability;
    }
    void validate() const {
        core::require_range(probability, 0.0, 1.0, "the switch's probability");
        core::require_range(threshold, 0.0, 1.0, "the switch's threshold");
    }
};

/// What a switch policy remembers of a sequence: its `State`, or nothing.
struct NoSwitchState {};
namespace detail {
template <class S>
struct SwitchStateOf {
    using Type = NoSwitchState;
};
template <class S>
requires requires { typename S::State; }
struct SwitchStateOf<S> {
    using Type = typename S::State;
};
}  // namespace detail
/// NoSwitchState of a policy that remembers nothing.
template <class S>
using SwitchState = typename detail::SwitchStateOf<S>::Type;

/// Asks a switch policy for its gate in training, with or without a state as it likes.
template <class S, class T>
Gate<T> gate_of(const S& policy, T logit, int step, core::Random& random, SwitchState<S>& state) {
    if constexpr (requires { policy.gate(logit, step, random, state); })
        return policy.gate(logit, step, random, state);
    else
        return policy.gate(logit, step, random);
}
/// Asks a switch policy whether it opens in acting, likewise.
template <class S>
bool opens(const S& policy, float logit, int step, core::Random& random, SwitchState<S>& state) {
    if constexpr (requires { policy.acting(logit, step, random, state); })
        return policy.acting(logit, step, random, state);
    else
        return policy.acting(logit, step, random);
}
/// Throws unless the options of a switch policy make sense, where it says which do.
template <class S>
void validate(const S& policy) {
    if constexpr (requires { policy.validate(); }) policy.validate();
}

/// Sets the threshold by which a switch policy acts, or that of the policy within it; false where it has none.
template <class S>
constexpr bool set_threshold(S& policy, double threshold) {
    if constexpr (requires { policy.threshold; })
        return policy.threshold = threshold, true;
    else if constexpr (requires { policy.inner; })
        return set_threshold(policy.inner, threshold);
    else
        return false;
}

/// Forces a switch policy to a period, or that of the policy within it; false where it cannot be forced.
template <class S>
constexpr bool set_forced_period(S& policy, ForcedPeriod period) {
    if constexpr (requires { policy.forced_period; })
        return policy.forced_period = period, true;
    else if constexpr (requires { policy.inner; })
        return set_forced_period(policy.inner, period);
    else
        return false;
}

/// Has a gate for training: what the head of this file shows.
template <class S>
concept TrainingSwitch = requires {
    { S::learned } -> std::convertible_to<bool>;
}
&&(
    requires(const S& policy, core::Random& random) {
        { policy.gate(1.0f, 0, random) } -> std::same_as<Gate<float>>;
    } ||
    requires(const S& policy, core::Random& random, SwitchState<S>& state) {
        { policy.gate(1.0f, 0, random, state) } -> std::same_as<Gate<float>>;
    });
/// Says how it acts: what the head of this file shows.
template <class S>
concept ActingSwitch = requires(const S& policy, core::Random& random) {
    { policy.acting(1.0f, 0, random) } -> std::same_as<bool>;
}
|| requires(const S& policy, core::Random& random, SwitchState<S>& state) {
    { policy.acting(1.0f, 0, random, state) } -> std::same_as<bool>;
};
/// See the head of this file.
template <class S>
concept Switch = TrainingSwitch<S> && ActingSwitch<S>;

/// Any other switch policy, whose gates open at least `distance` steps apart, the first step of a sequence counting as
/// open: in between they stay shut, in training and in acting alike. Meant for binary gates, as GumbelSwitch's. Not in
/// the paper; see LOVE (Jiang et al. 2022, "Learning options via compression").
template <Switch Inner>
struct LeastDistance {
    Inner inner{};     ///< says whether to open where it may
    int distance = 5;  ///< in steps
    static constexpr void describe(auto&& part) { part("inner", std::type_identity<Inner>{}); }
    static constexpr void describe(const auto& self, auto&& part) {
        part("inner", self.inner);
        part("distance", self.distance);
    }
    static constexpr bool learned = Inner::learned;
    static constexpr bool sampled = samples_gates<Inner>;  ///< whether the other policy's gates are drawn
    struct State {
        int last = 0;  ///< the step at which a gate was last open
        [[no_unique_address]] SwitchState<Inner> inner{};
    };
    template <class T>
    Gate<T> gate(T logit, int step, core::Random& random, State& state) const {
        Gate<T> gate = gate_of(inner, logit, step, random, state.inner);  // its stream moves on in any case
        if (shut(step, state)) return {T(0), T(0)};
        if (gate.value > T(0)) state.last = step;
        return gate;
    }
    bool acting(float logit, int step, core::Random& random, State& state) const {
        const bool open = opens(inner, logit, step, random, state.inner) && !shut(step, state);
        if (open) state.last = step;
        return open;
    }
    void validate() const {
        core::require_range(distance, 1, 1 << 30, "the least distance of switches");
        control::validate(inner);
    }

private:
    bool shut(int step, const State& state) const { return step > 0 && step - state.last < distance; }
};

}  // namespace midstream::control
