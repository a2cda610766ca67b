/// \file
/// Environments of somebody who did not read what an environment promises, and what must be said of each.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "midstream/env/environment.hpp"

namespace midstream::test {

enum class Fault {
    none,
    one_step_too_long,
    never_ends,
    reward_not_a_number,
    observation_too_large,
    observation_negative,
    observation_not_a_number,  ///< of real observations
    target_too_large,
    subgoal_too_large
};

/// Counts its steps, `horizon` of them; the return is 1. Unless something is wrong, from its third step on.
struct Misbehaving {
    static constexpr int horizon = 5;
    using Observation = data::OneHots<16, 2>;
    using Action = data::Categories<2>;
    using Target = data::Categories<3>;
    Fault fault = Fault::none;
    int steps = 0;

    void reset(core::Random) { steps = 0; }
    void observe(std::int16_t* row) const {
        row[0] = static_cast<std::int16_t>(steps % 8);
        row[1] = 8;
        if (has(Fault::observation_too_large)) row[1] = 16;
        if (has(Fault::observation_negative)) row[1] = -1;
    }
    void target(std::int16_t* row) const { row[0] = has(Fault::target_too_large) ? 3 : 1; }
    int subgoal() const { return has(Fault::subgoal_too_large) ? 40'000 : 0; }
    env::Transition step(const std::int16_t*) {
        ++steps;
        const float reward = has(Fault::reward_not_a_number) ? std::numeric_limits<float>::quiet_NaN() : 0;
        if (fault == Fault::never_ends) return {1, false};
        if (fault == Fault::one_step_too_long) return {1, steps > horizon};
        return {steps == horizon ? 1 : reward, steps == horizon};
    }
    bool has(Fault which) const { return fault == which && steps >= 2; }
};

/// The same with real observations.
struct MisbehavingPoint {
    static constexpr int horizon = Misbehaving::horizon;
    using Observation = data::Dense<2>;
    using Action = data::Continuous<1>;
    Misbehaving inner{};

    void reset(core::Random random) { inner.reset(random); }
    void observe(float* row) const {
        row[0] = static_cast<float>(inner.steps);
        row[1] = inner.has(Fault::observation_not_a_number) ? std::numeric_limits<float>::quiet_NaN() : 1;
    }
    env::Transition step(const float*) { return inner.step(nullptr); }
};

/// What an Error says of a fault, at least.
struct Complaint {
    Fault fault;
    std::string says;
};
/// Of whoever acts on Misbehaving.
inline std::vector<Complaint> complaints() {
    return {{Fault::one_step_too_long, "step 5 of the environment, whose horizon is 5"},
            {Fault::never_ends, "step 5 of the environment, whose horizon is 5"},
            {Fault::reward_not_a_number, "the reward of the environment's step 2 is not finite"},
            {Fault::observation_too_large, "is 16, valid is 0 to 15"},
            {Fault::observation_negative, "is -1, valid is 0 to 15"}};
}

}  // namespace midstream::test
