/// \file
/// The environment ant-pinpad (A.2): the MuJoCo ant visits coloured cells in an order that is never shown.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"
#include "midstream/env/ant/observation.hpp"
#include "midstream/env/ant/simulation.hpp"
#include "midstream/env/gridworld/pinpad.hpp"

namespace midstream::env {

/// The ant of this world, loaded once in a program.
template <AntWorld World>
const AntModel& ant_model() {
    static const AntModel model = load_ant(ant_mjcf({}, World.time_step, World.integrator));
    return model;
}

/// The ant on a plane divided into a grid as gridworld-pinpad's is, seen from above: columns along x, rows against y,
/// the origin in the middle. Cells at the edge reach outward without end, so the torso's centre is always in one. A
/// colour is visited when the torso's centre, as it is after an action, is in its cell and was in another one before.
/// Actions are the eight torques, clipped to [-1, 1].
///
/// The episode ends with reward 1 when the task is completed; with 0 when the centre is in a wall's cell or visits a
/// colour other than the next one, when its height leaves [lowest, highest], after the horizon, and where the physics
/// diverges (`diverged` tells). An action that is not a number is an Error.
///
/// An episode begins with the torso level, uniformly in the agent's cell of a layout drawn as GridworldPinpad draws it,
/// its yaw uniform, and joint angles and velocities uniform within +-0.1 of the pose AntRest at rest.
///
/// What is seen, in this order; the task is not part of it:
/// - proprioception, 27 numbers through symlog: the torso's height and quaternion, joint angles, the torso's velocity
///   in the world frame and its spin in its own, joint velocities;
/// - the place, 2 numbers: x and y in units of half the grid's side, so that the grid is [-1, 1] x [-1, 1];
/// - in the same units the way to the centre of every colour's cell, then of every wall's: x and y for each;
/// - the place in the cell, 2 numbers: from its centre in units of half its side;
/// - what `ExtraObservation` adds.
/// Predicted are proprioception and place, on which all else that changes depends, and what `ExtraObservation` adds.
template <AntWorld World = AntWorld{}, class ExtraObservation = NoExtraObservation>
class AntPinpad : public AntCells<World> {
    static_assert(World.cell > 0 && World.time_step > 0 && World.frame_skip >= 1,
                  "an ant's world has cells and time steps larger than 0, and at least 1 time step for each action");

public:
    using AntCells<World>::world, AntCells<World>::centre, AntCells<World>::cell_at;
    static constexpr int horizon = world.horizon;
    /// Numbers of the ant's own pose and motion.
    static constexpr int proprioception = ant_proprioception;
    static constexpr double lowest = 0.2,  ///< height of the torso, metres: below it the ant has fallen
        highest = 1.0;                     ///< likewise: above it the ant has jumped
    static constexpr int plain_width = ant_observation_width<World>;  ///< numbers seen but for ExtraObservation's
    using Observation = data::Dense<ant_observation_width<World, ExtraObservation>>;
    using Target = data::Dense<proprioception + 2 + ExtraObservation::template target_width<World>>;
    using Action = data::Continuous<AntDimensions::joints>;

    static constexpr void describe(auto&& part) {
        part("world", World);
        part("extra_observation", std::type_identity<ExtraObservation>{});
        part("body", AntDimensions{});
        part("lowest", lowest);
        part("highest", highest);
    }
    static void describe(const auto& self, auto&& part) {
        part("tasks", self.tasks());
        if (self.simulation_.model() != ant_model<World>()) part("model", fingerprint(*self.simulation_.model()));
    }

    /// Requires that the world has every colour the tasks name, and of a model of one's own that its time step is the
    /// world's. Call `reset` or `begin` before anything else.
    explicit AntPinpad(TaskDistribution tasks, AntModel model = ant_model<World>())
        : course_(std::move(tasks)), simulation_(std::move(model)) {
        core::require(simulation_.model()->opt.timestep == World.time_step, [&] {
            return "the model of the ant has time steps of " + core::to_text(simulation_.model()->opt.timestep) +
                   " s, its world of " + core::to_text(World.time_step) + " s";
        });
    }

    /// Begins an episode with layout, task and pose drawn at random.
    void reset(core::Random random) {
        course_.reset(random);
        start(random.fork(0));
    }
    /// Begins an episode with this layout and task, the pose drawn at random.
    void begin(const Layout<world>& layout, const Task& task, core::Random random) {
        course_.begin(layout, task);
        start(random);
    }
    /// Begins this very episode. The torso must be in the cell of the layout's agent.
    void begin(const Layout<world>& layout, const Task& task, const AntState& state) {
        course_.begin(layout, task);
        core::require(cell_at(state.position[0], state.position[1]) == layout.agent, [&] {
            return "the ant begins in cell " + std::to_string(cell_at(state.position[0], state.position[1])) +
                   ", its layout has it in cell " + std::to_string(layout.agent);
        });
        start(state);
    }

    void observe(float* row) const { observe_ant<ExtraObservation>(*this, row); }
    void target(float* row) const { ExtraObservation::target(*this, observe_ant_itself(*this, row)); }

    /// Holds these torques for an action. Throws if one is not a number, or no episode is going on.
    Transition step(const float* action) {
        core::require(!failed_, "an ant that has fallen, or whose physics broke, takes no step before it is reset");
        diverged_ = !simulation_.advance(action, World.frame_skip);
        const double* torso = simulation_.position();
        failed_ = diverged_ || torso[2] < lowest || torso[2] > highest;
        const Transition transition = course_.enter(failed_ ? course_.agent() : cell_at(torso[0], torso[1]));
        return {transition.reward, transition.done || failed_};
    }

    int subgoal() const { return course_.subgoal(); }  ///< the abstract subgoal in pursuit: that of `colour()`
    int colour() const { return course_.colour(); }    ///< to visit next; once the task is completed, its last
    /// What tasks are drawn from.
    const TaskDistribution& tasks() const { return course_.tasks(); }
    const Layout<world>& layout() const { return course_.layout(); }  ///< its agent is where the episode began
    /// What lies in which cell.
    const Board<world>& board() const { return course_.board(); }
    const Distances<world>& distances() const { return course_.distances(); }  ///< between cells, in cells
    /// The colours to be visited in this episode, which are never shown.
    const Task& task() const { return course_.task(); }
    int agent() const { return course_.agent(); }        ///< the cell of the torso's centre
    int progress() const { return course_.progress(); }  ///< colours of the task visited
    int steps() const { return course_.steps(); }        ///< actions taken

    /// Where the torso's centre is, in metres: x, y and height.
    std::array<double, 3> torso() const {
        const double* torso = simulation_.position();
        return {torso[0], torso[1], torso[2]};
    }
    bool diverged() const { return diverged_; }                         ///< whether the last step broke the physics
    bool truncated() const { return course_.truncated() && !failed_; }  ///< whether only the time was up
    const double* position() const { return simulation_.position(); }   ///< as AntState::position
    const double* velocity() const { return simulation_.velocity(); }   ///< as AntState::velocity
    /// The ant in motion.
    const AntSimulation& simulation() const { return simulation_; }

private:
    static constexpr double spread = 0.1;  ///< of the joints when an episode begins

    void start(core::Random random) {
        AntState state;
        const auto here = centre(course_.agent());
        for (int axis = 0; axis < 2; ++axis) state.position[axis] = here[axis] + (random.uniform() - 0.5) * World.cell;
        state.position[2] = AntRest::height;
        const double yaw = 2 * std::numbers::pi * random.uniform();
        state.position[3] = std::cos(yaw / 2);
        state.position[6] = std::sin(yaw / 2);
        const auto noise = [&] { return spread * (2 * random.uniform() - 1); };
        for (int i = 0; i < AntDimensions::joints; ++i) {
            state.position[7 + i] = (i % 2 == 0 ? AntRest::hip : AntRest::ankle) + noise();
            state.velocity[6 + i] = noise();
        }
        start(state);
    }
    void start(const AntState& state) {
        simulation_.begin(state);
        diverged_ = failed_ = false;
    }

    GridworldPinpad<world> course_;  ///< the referee: where the ant is on the grid, and what that means
    AntSimulation simulation_;
    bool diverged_ = false;
    bool failed_ = false;  ///< fell, jumped or diverged with the last step
};

}  // namespace midstream::env
