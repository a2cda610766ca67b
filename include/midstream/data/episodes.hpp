/// \file
/// A packed batch of episodes, as environments and experts produce them and models read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "midstream/core/sequences.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/data/spaces.hpp"

namespace midstream::data {

/// Episodes end to end: row t of an episode holds o_t, the action a_t taken on it, the target by which o_{t+1} is
/// predicted, and (for analysis alone; no unsupervised stage reads it) the index of the true subgoal at t.
/// The last row of an episode has no next observation among the rows: no model is trained on its target row, which may
/// hold what the episode ended on. Targets, subgoals, returns and endings may be absent, that is, empty: whoever needs
/// them says so (data/validate.hpp).
template <class Observation, class Action, class Target = None, class T = float>
struct Episodes {
    static constexpr int observation_width = Observation::width,           ///< elements in a row of observations
        action_width = Action::width,                                      ///< elements in a row of actions
        target_width = Target::width;                                      ///< elements in a row of targets; 0 of None
    using ObservationElement = typename Observation::template Element<T>;  ///< an index, or a number of type T
    using ActionElement = typename Action::template Element<T>;            ///< likewise of actions
    using TargetElement = typename Target::template Element<T>;            ///< likewise of targets

    std::vector<int> offsets{0};                   ///< where each episode's rows begin; ends with rows()
    std::vector<ObservationElement> observations;  ///< rows() x Observation::width
    std::vector<ActionElement> actions;            ///< rows() x Action::width
    std::vector<TargetElement> targets;            ///< rows() x Target::width, of the *next* observation
    std::vector<std::int16_t> subgoals;            ///< rows()
    std::vector<float> returns;                    ///< count(): the episode's summed reward
    /// count() x Observation::width: o_{T+1}, which each episode ended on. No model is trained to act on it, but what
    /// the last action led to shows in it alone.
    std::vector<ObservationElement> endings;

    /// Where the episodes lie among the rows; valid as long as `offsets` stays as it is.
    core::Sequences sequences() const { return {offsets}; }
    /// How many episodes there are.
    int count() const { return static_cast<int>(offsets.size()) - 1; }
    /// Steps of all episodes together.
    int rows() const { return offsets.back(); }

    /// o_t, a row for each step.
    core::Rows<const ObservationElement, Observation::width> observation_rows() const {
        return {observations.data(), rows()};
    }
    /// a_t, a row for each step.
    core::Rows<const ActionElement, Action::width> action_rows() const { return {actions.data(), rows()}; }
    /// The target by which the observation after this row's is predicted; there must be targets.
    const TargetElement* target_row(int row) const {
        return targets.data() + static_cast<std::ptrdiff_t>(row) * Target::width;
    }

    /// Empties the batch and keeps its memory.
    void clear() {
        offsets.assign(1, 0);
        observations.clear();
        actions.clear();
        targets.clear();
        subgoals.clear();
        returns.clear();
        endings.clear();
    }
};

}  // namespace midstream::data
