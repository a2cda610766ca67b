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
    static constexpr int observation_width = Observation::width, action_width = Action::width,
                         target_width = Target::width;
    using ObservationElement = typename Observation::template Element<T>;
    using ActionElement = typename Action::template Element<T>;
    using TargetElement = typename Target::template Element<T>;

    std::vector<int> offsets{0};
    std::vector<ObservationElement> observations;  ///< rows() x Observation::width
    std::vector<ActionElement> actions;            ///< rows() x Action::width
    std::vector<TargetElement> targets;            ///< rows() x Target::width, of the *next* observation
    std::vector<std::int16_t> subgoals;            ///< rows()
    std::vector<float> returns;                    ///< count(): the episode's summed reward
    /// count() x Observation::width: o_{T+1}, which each episode ended on. No model is trained to act on it, but what
    /// the last action led to shows in it alone.
    std::vector<ObservationElement> endings;

    core::Sequences sequences() const { return {offsets}; }
    int count() const { return static_cast<int>(offsets.size()) - 1; }
    int rows() const { return offsets.back(); }

    core::Rows<const ObservationElement, Observation::width> observation_rows() const {
        return {observations.data(), rows()};
    }
    core::Rows<const ActionElement, Action::width> action_rows() const { return {actions.data(), rows()}; }
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
