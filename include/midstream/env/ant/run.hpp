/// \file
/// The usual task of the ant, to run straight on, by which rl::Ppo is compared with other implementations
/// (docs/ant.md).
#pragma once

#include <algorithm>
#include <cmath>

#include "midstream/env/ant/pinpad.hpp"

namespace midstream::env {

/// What a step of AntRun earns; the defaults are those of Gymnasium's Ant-v4.
struct AntRunPay {
    float forward = 1;   ///< for each metre a second along x, on average over the action
    float standing = 1;  ///< for not falling
    float effort = 0.5;  ///< what the sum of the squares of the (clipped) torques costs
    static constexpr void describe(const auto& self, auto&& part) {
        part("forward", self.forward);
        part("standing", self.standing);
        part("effort", self.effort);
    }
};

/// The task of Gymnasium's Ant-v4 (without contact forces) with the body and the rest of AntPinpad: to run along x for
/// 1000 actions. The episode ends before that when the torso's height leaves [lowest, highest] or when physics diverge;
/// its last step earns `standing` too. It begins near the pose AntRest, looking along x: joint angles, the torso's
/// place and its yaw within +-0.1, velocities normal with deviation 0.1. (Ant-v4's ant begins higher, by 0.15 m, and
/// with straight ankles; its two pairs of legs have ankles of opposite signs.)
///
/// Observed are 27 numbers: the torso's height and quaternion, joint angles, the torso's velocity in the world frame
/// and its spin in its own, joint velocities. As they are: rl::Ppo normalises. Actions are the eight torques, clipped
/// to [-1, 1].
template <AntWorld World = AntWorld{.integrator = AntIntegrator::runge_kutta}>
class AntRun {
    static_assert(World.time_step > 0 && World.frame_skip >= 1,
                  "an ant's world has time steps larger than 0, and at least 1 of them for each action");

public:
    static constexpr int horizon = 1000;
    static constexpr double lowest = 0.2,  ///< height of the torso, metres: below it the ant has fallen
        highest = 1.0;                     ///< likewise: above it the ant has jumped
    using Observation = data::Dense<AntState::positions - 2 + AntState::velocities>;
    using Action = data::Continuous<AntDimensions::joints>;

    static constexpr void describe(auto&& part) {
        part("world", World);
        part("lowest", lowest);
        part("highest", highest);
    }
    static void describe(const auto& self, auto&& part) { part("pay", self.pay_); }

    /// Call `reset` or `begin` before anything else.
    explicit AntRun(AntRunPay pay = {}) : pay_(pay), simulation_(ant_model<World>()) {}

    /// Begins an episode near the pose at rest.
    void reset(core::Random random) {
        constexpr double spread = 0.1;
        const auto uniform = [&] { return spread * (2 * random.uniform() - 1); };
        AntState state;
        for (int axis = 0; axis < 2; ++axis) state.position[axis] = uniform();
        state.position[2] = AntRest::height + uniform();
        const double yaw = uniform();
        state.position[3] = std::cos(yaw / 2);
        state.position[6] = std::sin(yaw / 2);
        for (int i = 0; i < AntDimensions::joints; ++i)
            state.position[7 + i] = (i % 2 == 0 ? AntRest::hip : AntRest::ankle) + uniform();
        for (double& velocity : state.velocity) velocity = spread * random.normal();
        begin(state);
    }
    /// Begins this very episode.
    void begin(const AntState& state) {
        simulation_.begin(state);
        steps_ = 0;
        failed_ = diverged_ = false;
    }
    void observe(float* row) const {
        for (int i = 2; i < AntState::positions; ++i) *row++ = static_cast<float>(simulation_.position()[i]);
        for (int i = 0; i < AntState::velocities; ++i) *row++ = static_cast<float>(simulation_.velocity()[i]);
    }
    /// Holds these torques for an action. Throws an Error if one is not a number, or the episode has ended.
    Transition step(const float* torques) {
        core::require(!failed_ && steps_ < horizon, "an ant takes no step after its episode has ended");
        const double before = simulation_.position()[0];
        float squares = 0;
        for (int i = 0; i < AntDimensions::joints; ++i) {
            const float torque = std::clamp(torques[i], -1.0f, 1.0f);
            squares += torque * torque;
        }
        diverged_ = !simulation_.advance(torques, World.frame_skip);
        ++steps_;
        const double* torso = simulation_.position();
        failed_ = diverged_ || torso[2] < lowest || torso[2] > highest;
        const double speed = diverged_ ? 0 : (torso[0] - before) / World.control_step();
        return {static_cast<float>(pay_.forward * speed + pay_.standing - pay_.effort * squares),
                failed_ || steps_ == horizon};
    }

    bool diverged() const { return diverged_; }                       ///< whether the last step broke the physics
    bool truncated() const { return steps_ == horizon && !failed_; }  ///< whether only the time was up
    int steps() const { return steps_; }                              ///< actions taken
    /// The ant in motion.
    const AntSimulation& simulation() const { return simulation_; }

private:
    AntRunPay pay_;
    AntSimulation simulation_;
    int steps_ = 0;
    bool diverged_ = false;
    bool failed_ = false;  ///< fell, jumped or diverged with the last step
};

}  // namespace midstream::env
