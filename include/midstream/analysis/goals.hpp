/// \file
/// What an environment's instances may come to, for analyses of what codes lead to.
#pragma once

#include <type_traits>

#include "midstream/core/contract.hpp"

namespace midstream::analysis {

/// `reached(environment instance)` says at which of `count` goals an instance is, or -1.
template <class Reached>
struct Goals {
    int count;        ///< goals: 0, ..., count - 1
    Reached reached;  ///< called with an instance of the environment

    /// The goal that an instance is at, or -1. Throws core::Error if there is no such goal.
    template <class E>
    int at(const E& environment) const {
        static_assert(std::is_invocable_r_v<int, const Reached&, const E&>,
                      "goals are a number and a function that says at which of them an environment is, or -1: "
                      "analysis::Goals{4, [](const World& world) { return world.opened; }}");
        const int goal = reached(environment);
        core::require_range(goal, -1, count - 1, "what an environment says is reached");
        return goal;
    }
};
/// Goals of a number and a function.
template <class Reached>
Goals(int, Reached) -> Goals<Reached>;

}  // namespace midstream::analysis
