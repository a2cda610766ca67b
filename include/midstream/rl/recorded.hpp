/// \file
/// What happens beneath somebody who decides more rarely than at every step: the steps of internal RL's episodes, and
/// which decision was in force at each.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "midstream/data/episodes.hpp"
#include "midstream/env/environment.hpp"
#include "midstream/rl/pack.hpp"

namespace midstream::rl {

/// A batch environment that keeps what every instance was shown and did, in the order of time. Memory is reused.
template <env::BatchEnvironment B>
class Recorded {
public:
    using Observation = typename B::Observation;
    using Action = typename B::Action;
    static constexpr int horizon = env::horizon_of<B>;     ///< 0 where B does not tell
    using Episodes = data::Episodes<Observation, Action>;  ///< packed, without targets

    /// Records what happens in these.
    explicit Recorded(B environment) : environment_(std::move(environment)) {}

    /// Forgets the episodes before.
    void reset(int count, core::Random random) {
        environment_.reset(count, random);
        instances_.clear();
        observations_.clear();
        actions_.clear();
    }
    std::span<const int> awaiting() const { return environment_.awaiting(); }
    std::span<const float> returns() const { return environment_.returns(); }
    std::span<const int> lengths() const { return environment_.lengths(); }
    void observe(core::Rows<env::ObservationElement<B>, Observation::width> rows) const { environment_.observe(rows); }
    void act(core::Rows<const env::ActionElement<B>, Action::width> actions) {
        const auto awaiting = environment_.awaiting();
        environment_.observe(shown_.resize(static_cast<int>(awaiting.size())));
        const auto o = shown_.view().flat();
        const auto a = actions.flat();
        instances_.insert(instances_.end(), awaiting.begin(), awaiting.end());
        observations_.insert(observations_.end(), o.begin(), o.end());
        actions_.insert(actions_.end(), a.begin(), a.end());
        environment_.act(actions);
    }
    /// What is recorded.
    const B& environment() const { return environment_; }

    /// Steps of all instances so far.
    std::size_t steps() const { return instances_.size(); }
    /// From the order of time to that of episodes: writes observations, actions and returns, and of the i-th step in
    /// the order of time its row.
    void pack(Episodes& episodes, std::vector<int>& rows) const {
        rl::pack(instances_, observations_, actions_, environment_.returns(), episodes, rows);
    }

private:
    B environment_;
    core::Buffer<env::ObservationElement<B>, Observation::width> shown_;
    std::vector<int> instances_;  // of each step
    std::vector<env::ObservationElement<B>> observations_;
    std::vector<env::ActionElement<B>> actions_;
};

/// Looks on at an rl::Internal whose environments are Recorded, and notes the decision in force at every step.
struct DecisionsInForce {
    std::vector<int> numbers{};  ///< of each step in the order of time: 0 is its episode's first decision

    /// Before a step of the running instances.
    void operator()(const auto& internal, std::span<const int> running) {
        numbers.resize(internal.environment().steps());  // nothing is left of the episodes before a reset
        for (const int instance : running)
            numbers.push_back(internal.decisions()[static_cast<std::size_t>(instance)] - 1);
    }
};

}  // namespace midstream::rl
