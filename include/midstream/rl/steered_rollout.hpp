/// \file
/// Acting with a frozen sequence model while something writes to its residual stream: the loop that internal RL,
/// supervised controllers and plain rollouts of the model share (Algorithms 1 to 3).
#pragma once

#include "midstream/env/environment.hpp"
#include "midstream/model/autoregressive.hpp"

namespace midstream::rl {

/// A batch of environment instances and the model that acts in them. The first pass runs blocks [0, max(Read, Write)),
/// never steered; the second runs blocks [Write, depth) on the steered layer `Write`. Where Read > Write, the blocks
/// between belong to both passes and have a state for each.
template <env::BatchEnvironment B, class Base, int Read, int Write>
class SteeredRollout {
    static_assert(std::is_same_v<typename B::Observation, typename Base::Observation> &&
                      std::is_same_v<typename B::Action, typename Base::Action>,
                  "the model acts in environments of other spaces than its own: Observation and Action have to be the "
                  "same types");
    static_assert(env::horizon_of<B> <= layer::context_of<Base>,
                  "the model's context is shorter than the horizon of the environment that it acts in");

public:
    static constexpr int width = Base::width;
    static constexpr int first_pass_end = std::max(Read, Write);

    /// The model's parameters must outlive the rollout. `temperature` is that of the model's actions; 0 takes modes.
    SteeredRollout(B environment, const typename Base::template Parameters<float>& base, float temperature = 1)
        : environment_(std::move(environment)), base_(&base), temperature_(temperature) {}

    /// Begins `count` episodes and runs the first pass on their first observations.
    void reset(int count, core::Random random) {
        environment_.reset(count, random.fork(0));
        if (static_cast<int>(instances_.size()) < count) instances_.resize(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            auto& instance = instances_[static_cast<std::size_t>(i)];
            Base::reset(instance.first);
            if constexpr (Read > Write) Base::reset(instance.second, Write, Base::depth);
            instance.random = random.fork(static_cast<std::uint64_t>(i) + 1);
        }
        e_read_.resize(count);
        e_write_.resize(count);
        first_pass();
    }

    /// The instances that are still running, ascending.
    std::span<const int> running() const { return environment_.awaiting(); }
    const B& environment() const { return environment_; }
    /// Layer `Read` of an instance at its current step, unsteered.
    const float* e_read(int instance) const { return e_read_.view().row(instance); }
    /// Layer `Read` of all running instances, in the order of running().
    core::Rows<const float, width> read_rows() const { return tape_.residual[Read].view(); }

    /// One step of every running instance: `steer(instances, rows)` changes layer `Write` in place, a row for each
    /// running instance; the rest of the model acts on it; the environment moves; the first pass sees what comes.
    template <class Steer>
    void advance(Steer&& steer) {
        const auto live = environment_.awaiting();
        const int rows = static_cast<int>(live.size());
        const auto steered = tape_.residual[Write].resize(rows);
        for (int i = 0; i < rows; ++i)
            std::copy_n(e_write_.view().row(live[static_cast<std::size_t>(i)]), width, steered.row(i));
        steer(live, steered);
        Base::step_blocks(
            *base_, [&](int i) -> auto& { return second_state(live[static_cast<std::size_t>(i)]); }, Write, Base::depth,
            tape_);
        Base::heads(*base_, tape_);
        actions_.resize(rows);
        for (int i = 0; i < rows; ++i)
            Base::Distribution::sample(tape_.action.view().row(i),
                                       instances_[static_cast<std::size_t>(live[static_cast<std::size_t>(i)])].random,
                                       actions_.view().row(i), temperature_);
        environment_.act(actions_.view());
        first_pass();
    }

private:
    static constexpr bool two_states = Read > Write;
    struct Instance {
        typename Base::template State<float> first;
        [[no_unique_address]] std::conditional_t<two_states, typename Base::template State<float>, layer::Nothing>
            second;
        core::Random random;
    };

    auto& second_state(int instance) {
        if constexpr (two_states)
            return instances_[static_cast<std::size_t>(instance)].second;
        else
            return instances_[static_cast<std::size_t>(instance)].first;
    }

    void first_pass() {
        const auto live = environment_.awaiting();
        const int rows = static_cast<int>(live.size());
        environment_.observe(observations_.resize(rows));
        Base::embed(*base_, observations_.view(), tape_);
        Base::step_blocks(
            *base_,
            [&](int i) -> auto& {
                return instances_[static_cast<std::size_t>(live[static_cast<std::size_t>(i)])].first;
            },
            0, first_pass_end, tape_);
        for (int i = 0; i < rows; ++i) {
            const int instance = live[static_cast<std::size_t>(i)];
            std::copy_n(tape_.residual[Read].view().row(i), width, e_read_.view().row(instance));
            std::copy_n(tape_.residual[Write].view().row(i), width, e_write_.view().row(instance));
        }
    }

    B environment_;
    const typename Base::template Parameters<float>* base_;
    float temperature_;
    std::vector<Instance> instances_;
    typename Base::template Tape<float> tape_;
    core::Buffer<env::ObservationElement<B>, B::Observation::width> observations_;
    core::Buffer<env::ActionElement<B>, B::Action::width> actions_;
    core::Buffer<float, width> e_read_, e_write_;
};

}  // namespace midstream::rl
