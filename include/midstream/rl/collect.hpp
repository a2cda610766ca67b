/// \file
/// Collecting episodes of a policy in a batch environment, packed for training.
#pragma once

#include <cmath>
#include <string>

#include "midstream/env/environment.hpp"
#include "midstream/model/autoregressive.hpp"

namespace midstream::rl {

/// Acts with a policy, which is any model::Autoregressive that reads the environment's observations and predicts its
/// actions, and packs what happened: a row per *decision*, episode by episode. Memory is reused.
template <env::BatchEnvironment B, class Policy>
class Collector {
    static_assert(std::is_same_v<typename B::Observation, typename Policy::Observation>,
                  "a policy needs to read the observations that its environment gives");
    static_assert(std::is_same_v<typename B::Action, typename Policy::Action>,
                  "a policy needs to predict the actions that its environment takes");
    static_assert(env::horizon_of<B> <= layer::context_of<Policy>,
                  "the policy's context is shorter than the horizon of its environment");

public:
    using Episodes = data::Episodes<typename B::Observation, typename B::Action>;

    explicit Collector(B environment) : environment_(std::move(environment)) {}

    /// Plays `count` episodes side by side to their ends. `temperature` is that of the policy's actions; 0 takes modes.
    /// Throws where the environment breaks its word: entries outside their spaces, more decisions than its horizon, if
    /// it has one, instances that there are none of, returns that are not finite.
    void collect(const typename Policy::template Parameters<float>& parameters, int count, core::Random random,
                 float temperature = 1) {
        core::require(count >= 0, "at least 0 episodes are collected");
        environment_.reset(count, random.fork(0));
        if (static_cast<int>(states_.size()) < count) states_.resize(static_cast<std::size_t>(count));
        streams_.resize(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            Policy::reset(states_[static_cast<std::size_t>(i)]);
            streams_[static_cast<std::size_t>(i)] = random.fork(static_cast<std::uint64_t>(i) + 1);
        }
        decisions_.assign(static_cast<std::size_t>(count), 0);
        instances_.clear();
        log_observations_.clear();
        log_actions_.clear();
        log_log_probabilities_.clear();
        while (!environment_.awaiting().empty()) {
            const auto awaiting = environment_.awaiting();
            const int rows = static_cast<int>(awaiting.size());
            require_awaiting(awaiting, count);
            environment_.observe(observations_.resize(rows));
            for (int i = 0; i < rows; ++i)
                data::require_row<typename B::Observation>(observations_.view().row(i), [&](int column) {
                    return data::entry_of(column) + "the observation of instance " + std::to_string(awaiting[i]) +
                           " at its decision " + std::to_string(decisions_[awaiting[i]]);
                });
            Policy::step(
                parameters,
                [&](int i) -> auto& {
                    return states_[static_cast<std::size_t>(awaiting[static_cast<std::size_t>(i)])];
                },
                observations_.view(), tape_);
            actions_.resize(rows);
            for (int i = 0; i < rows; ++i) {
                const int instance = awaiting[static_cast<std::size_t>(i)];
                const float* distribution = tape_.action.view().row(i);
                Policy::Distribution::sample(distribution, streams_[static_cast<std::size_t>(instance)],
                                             actions_.view().row(i), temperature);
                instances_.push_back(instance);
                log_log_probabilities_.push_back(
                    Policy::Distribution::log_probability(distribution, actions_.view().row(i)));
            }
            const auto o = observations_.view().flat();
            const auto a = actions_.view().flat();
            log_observations_.insert(log_observations_.end(), o.begin(), o.end());
            log_actions_.insert(log_actions_.end(), a.begin(), a.end());
            environment_.act(actions_.view());
        }
        pack(count);
    }

    /// Observations, actions and returns; subgoals and targets stay absent. An episode that took no decision has no
    /// row.
    const Episodes& episodes() const { return episodes_; }
    /// log p(action) of every row at the time of acting.
    std::span<const float> log_probabilities() const { return log_probabilities_; }
    std::span<const int> lengths() const { return environment_.lengths(); }
    const B& environment() const { return environment_; }

private:
    /// Counts a decision of each instance.
    void require_awaiting(std::span<const int> awaiting, int count) {
        int previous = -1;
        for (const int instance : awaiting) {
            core::require(instance > previous && instance < count, [&] {
                return "a batch environment has instance " + std::to_string(instance) + " await an action after " +
                       std::to_string(previous) + ", valid are those up to " + std::to_string(count - 1) +
                       " in ascending order";
            });
            previous = instance;
            const int decisions = ++decisions_[static_cast<std::size_t>(instance)];
            if constexpr (env::horizon_of < B >> 0)
                core::require(decisions <= env::horizon_of<B>, [&] {
                    return "instance " + std::to_string(instance) + " of a batch environment asks for decision " +
                           std::to_string(decisions) + ", its horizon is " + std::to_string(env::horizon_of<B>);
                });
        }
    }

    /// From the order of time to the order of episodes.
    void pack(int count) {
        episodes_.clear();
        episodes_.offsets.assign(static_cast<std::size_t>(count) + 1, 0);
        for (const int instance : instances_) ++episodes_.offsets[static_cast<std::size_t>(instance) + 1];
        for (int i = 0; i < count; ++i)
            episodes_.offsets[static_cast<std::size_t>(i) + 1] += episodes_.offsets[static_cast<std::size_t>(i)];
        next_.assign(episodes_.offsets.begin(), episodes_.offsets.end() - 1);
        episodes_.observations.resize(log_observations_.size());
        episodes_.actions.resize(log_actions_.size());
        log_probabilities_.resize(instances_.size());
        for (std::size_t i = 0; i < instances_.size(); ++i) {
            const auto row = static_cast<std::size_t>(next_[static_cast<std::size_t>(instances_[i])]++);
            std::copy_n(log_observations_.data() + i * B::Observation::width, B::Observation::width,
                        episodes_.observations.data() + row * B::Observation::width);
            std::copy_n(log_actions_.data() + i * B::Action::width, B::Action::width,
                        episodes_.actions.data() + row * B::Action::width);
            log_probabilities_[row] = log_log_probabilities_[i];
        }
        const auto returns = environment_.returns();
        core::require(static_cast<int>(returns.size()) == count && static_cast<int>(lengths().size()) == count, [&] {
            return "a batch environment of " + std::to_string(count) + " instances has " +
                   std::to_string(returns.size()) + " returns and " + std::to_string(lengths().size()) + " lengths";
        });
        for (int i = 0; i < count; ++i)
            core::require(std::isfinite(returns[static_cast<std::size_t>(i)]),
                          [&] { return "the return of instance " + std::to_string(i) + " is not finite"; });
        episodes_.returns.assign(returns.begin(), returns.end());
    }

    B environment_;
    std::vector<typename Policy::template State<float>> states_;
    std::vector<core::Random> streams_;
    typename Policy::template Tape<float> tape_;
    core::Buffer<env::ObservationElement<B>, B::Observation::width> observations_;
    core::Buffer<env::ActionElement<B>, B::Action::width> actions_;
    std::vector<int> decisions_;  ///< of each instance so far
    std::vector<int> instances_, next_;
    std::vector<env::ObservationElement<B>> log_observations_;
    std::vector<env::ActionElement<B>> log_actions_;
    std::vector<float> log_log_probabilities_, log_probabilities_;
    Episodes episodes_;
};

}  // namespace midstream::rl
