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
#include "midstream/env/ant/model.hpp"
#include "midstream/env/ant/simulation.hpp"
#include "midstream/env/gridworld/pinpad.hpp"

namespace midstream::env {

/// An ant-pinpad: its grid, and how the ant moves on it. Grid and horizon are the paper's, which gives no other
/// numbers; docs/ant.md says why these.
struct AntWorld {
    /// The pinpad in whose cells the ant's task is set.
    Pinpad grid{.size = 4, .colours = 4, .walls = 1, .horizon = 500};
    double cell = 1.6;                                ///< the side of a cell, metres
    double time_step = 0.01;                          ///< seconds
    int frame_skip = 5;                               ///< time steps for each action
    AntIntegrator integrator = AntIntegrator::euler;  ///< how time steps are computed
    static constexpr void describe(const auto& self, auto&& part) {
        part("grid", self.grid);
        part("cell", self.cell);
        part("time_step", self.time_step);
        part("frame_skip", self.frame_skip);
        part("integrator", self.integrator);
    }

    /// Seconds from one action to the next.
    constexpr double control_step() const { return time_step * frame_skip; }
    friend constexpr bool operator==(const AntWorld&, const AntWorld&) = default;
};

/// The ant of this world, loaded once in a program.
template <AntWorld World>
const AntModel& ant_model() {
    static const AntModel model = load_ant(ant_mjcf({}, World.time_step, World.integrator));
    return model;
}

/// sign(x) ln(1 + |x|)
inline float symlog(double x) { return static_cast<float>(std::copysign(std::log1p(std::abs(x)), x)); }

/// What an AntPinpad sees besides what the paper lets it see: `width` numbers that `observe(environment, row)` writes,
/// `target_width` of which, or functions of them, `target` gives to be predicted. This is nothing; AntCompass
/// (env/ant/compass.hpp) is another.
struct NoExtraObservation {
    template <AntWorld>
    static constexpr int width = 0;
    template <AntWorld>
    static constexpr int target_width = 0;
    static void observe(const auto&, float*) {}
    static void target(const auto&, float*) {}
};

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
class AntPinpad {
    static_assert(World.cell > 0 && World.time_step > 0 && World.frame_skip >= 1,
                  "an ant's world has cells and time steps larger than 0, and at least 1 time step for each action");

public:
    static constexpr AntWorld ant_world = World;  ///< grid and motion
    static constexpr Pinpad world = World.grid;   ///< the grid alone
    static constexpr int horizon = world.horizon;
    /// Numbers of the ant's own pose and motion.
    static constexpr int proprioception = AntState::positions - 2 + AntState::velocities;
    static constexpr double lowest = 0.2,  ///< height of the torso, metres: below it the ant has fallen
        highest = 1.0;                     ///< likewise: above it the ant has jumped
    static constexpr int plain_width =
        proprioception + 2 + 2 * world.objects() + 2;  ///< numbers seen but for ExtraObservation's
    using Observation = data::Dense<plain_width + ExtraObservation::template width<World>>;
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

    void observe(float* row) const {
        row = observe_self(row);
        const double* torso = simulation_.position();
        for (int i = 0; i < world.objects(); ++i) {
            const auto there = centre(course_.layout().object(i));
            for (int axis = 0; axis < 2; ++axis) *row++ = static_cast<float>((there[axis] - torso[axis]) / half_side);
        }
        const auto here = centre(course_.agent());
        for (int axis = 0; axis < 2; ++axis) *row++ = static_cast<float>((torso[axis] - here[axis]) / (World.cell / 2));
        ExtraObservation::observe(*this, row);
    }
    void target(float* row) const { ExtraObservation::target(*this, observe_self(row)); }

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
    /// The ant in motion.
    const AntSimulation& simulation() const { return simulation_; }

    /// The centre of a cell, in metres.
    static constexpr std::array<double, 2> centre(int cell) {
        return {(cell % world.size + 0.5) * World.cell - half_side, half_side - (cell / world.size + 0.5) * World.cell};
    }
    /// The cell of a place in metres, which must be finite.
    static int cell_at(double x, double y) {
        const auto along = [](double distance) {
            return static_cast<int>(std::clamp(std::floor(distance / World.cell), 0.0, world.size - 1.0));
        };
        return along(half_side - y) * world.size + along(x + half_side);
    }

private:
    static constexpr double half_side = world.size * World.cell / 2;
    static constexpr double spread = 0.1;  ///< of the joints when an episode begins

    /// Writes proprioception and place; returns where it stopped.
    float* observe_self(float* row) const {
        const double *position = simulation_.position(), *velocity = simulation_.velocity();
        for (int i = 2; i < AntState::positions; ++i) *row++ = symlog(position[i]);
        for (int i = 0; i < AntState::velocities; ++i) *row++ = symlog(velocity[i]);
        for (int axis = 0; axis < 2; ++axis) *row++ = static_cast<float>(position[axis] / half_side);
        return row;
    }
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
