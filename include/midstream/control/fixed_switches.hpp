/// \file
/// Gates, and the switch policies that give them without listening (control/switches.hpp has what a policy is).
#pragma once

#include <cstdint>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"

namespace midstream::control {

/// The gate and its derivative with respect to the logit.
template <class T>
struct Gate {
    T value;  ///< beta
    T slope;  ///< d beta / d logit
};

/// beta = 1 throughout: a new code at every step (the baseline of C.4.1).
struct AlwaysSwitch {
    static constexpr bool learned = false;
    template <class T>
    Gate<T> gate(T, int, core::Random&) const {
        return {T(1), T(0)};
    }
    bool acting(float, int, core::Random&) const { return true; }
};

/// beta = 1 every `period` steps, counted from the first.
struct FixedPeriod {
    int period = 5;  ///< in steps
    static constexpr void describe(const auto& self, auto&& part) { part("period", self.period); }
    static constexpr bool learned = false;
    template <class T>
    Gate<T> gate(T, int step, core::Random&) const {
        return {step % period == 0 ? T(1) : T(0), T(0)};
    }
    bool acting(float, int step, core::Random&) const { return step % period == 0; }
    void validate() const { core::require_range(period, 1, 1 << 30, "the switch's period"); }
};

/// A period that a learned switch may be forced to: its gates then open every so many steps, in training and in
/// acting, whatever the logit. 1 is the paper's ablation, metacontrollers trained under forced switching
/// (C.4.1). The same as AlwaysSwitch and FixedPeriod, without being another type. It has 64 bits, so that
/// nothing lies between the numbers of a switch.
using ForcedPeriod = std::int64_t;
namespace detail {
/// Lists the period where there is one: a switch that is not forced is described as one that cannot be.
constexpr void describe_forced(const ForcedPeriod& period, auto&& part) {
    if (period > 0)
        part("forced_period", period);
    else
        part.leaves_out(period);
}
constexpr bool forced_open(ForcedPeriod period, int step) { return step % period == 0; }
template <class T>
Gate<T> forced_gate(ForcedPeriod period, int step) {
    return {forced_open(period, step) ? T(1) : T(0), T(0)};
}
inline void validate_forced(ForcedPeriod period) {
    core::require_range(period, ForcedPeriod{0}, ForcedPeriod{1} << 30, "the switch's forced period");
}
}  // namespace detail

}  // namespace midstream::control
