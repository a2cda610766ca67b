/// \file
/// What an environment's instances may come to, for analyses of what codes lead to.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>

#include "midstream/core/contract.hpp"

namespace midstream::analysis {

/// Throws core::Error where a row of episodes has no true subgoal to compare with. `what` is being measured.
template <class Labels>
void require_subgoals(const char* what, const Labels& subgoals) {
    core::require(std::all_of(subgoals.begin(), subgoals.end(), [](int subgoal) { return subgoal >= 0; }), [&] {
        return std::string(what) +
               ": episodes without true subgoals cannot be measured: their environment needs `int subgoal() const`";
    });
}

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
