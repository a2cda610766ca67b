/// \file
/// Acting in environments with a frozen sequence model while something writes to its residual stream: the loop that
/// internal RL, supervised controllers and plain rollouts of the model share (Algorithms 1 to 3).
#pragma once

#include <span>
#include <type_traits>
#include <utility>

#include "midstream/env/environment.hpp"
#include "midstream/rl/steered_model.hpp"

namespace midstream::rl {

/// A batch of environment instances and the model that acts in them, read at one layer and written to at another.
template <env::BatchEnvironment B, class Base, int Read, int Write>
class SteeredRollout {
    static_assert(std::is_same_v<typename B::Observation, typename Base::Observation> &&
                      std::is_same_v<typename B::Action, typename Base::Action>,
                  "the model acts in environments of other spaces than its own: Observation and Action have to be the "
                  "same types");
    static_assert(env::horizon_of<B> <= layer::episode_of<Base>,
                  "the model's context is shorter than the horizon of the environment that it acts in");

public:
    static constexpr int width = Base::width;

    /// The model's parameters must outlive the rollout. `temperature` is that of the model's actions; 0 takes modes.
    SteeredRollout(B environment, const typename Base::template Parameters<float>& base, float temperature = 1)
        : environment_(std::move(environment)), model_(base, temperature) {}

    /// Begins `count` episodes and runs the first pass on their first observations.
    void reset(int count, core::Random random) {
        environment_.reset(count, random.fork(0));
        model_.reset(count, random);
        see();
    }

    /// The instances that are still running, ascending.
    std::span<const int> running() const { return environment_.awaiting(); }
    /// The environments, with what has become of each instance.
    const B& environment() const { return environment_; }
    /// Layer `Read` of an instance at its current step, unsteered.
    const float* e_read(int instance) const { return model_.e_read(instance); }
    /// Layer `Read` of all running instances, in the order of running().
    core::Rows<const float, width> read_rows() const { return model_.read_rows(); }

    /// One step of every running instance: `steer(instances, rows)` changes layer `Write` in place, a row for each
    /// running instance; the rest of the model acts on it; the environment moves; the first pass sees what comes.
    template <class Steer>
    void advance(Steer&& steer) {
        environment_.act(model_.act(environment_.awaiting(), steer));
        see();
    }

private:
    void see() {
        const auto live = environment_.awaiting();
        environment_.observe(observations_.resize(static_cast<int>(live.size())));
        model_.see(live, std::as_const(observations_).view());
    }

    B environment_;
    SteeredModel<Base, Read, Write> model_;
    core::Buffer<env::ObservationElement<B>, B::Observation::width> observations_;
};

}  // namespace midstream::rl
