/// \file
/// Collecting episodes of a policy in a batch environment, packed for training.
#pragma once

#include "midstream/env/environment.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/rl/pack.hpp"
#include "midstream/rl/play.hpp"

namespace midstream::rl {

/// Tells in a sentence why a policy cannot act in a batch of environments.
template <class B, class Policy>
constexpr bool check_policy() {
    constexpr bool both = env::BatchEnvironment<B> && model::SequenceModel<Policy>;
    constexpr bool reads = !both || requires {
        requires std::same_as<typename B::Observation, typename Policy::Observation>;
    };
    static_assert(reads,
                  "a policy needs to read the observations that its environment gives: Observation has to be the same "
                  "type");
    constexpr bool acts = !both || requires { requires std::same_as<typename B::Action, typename Policy::Action>; };
    static_assert(acts,
                  "a policy needs to predict the actions that its environment takes: Action has to be the same type");
    constexpr bool remembers = !both || env::horizon_of<B> <= layer::context_of<Policy>;
    static_assert(remembers, "the policy's context is shorter than the horizon of its environment");
    return both && reads && acts && remembers;
}

/// Acts with a policy, which is any model::Autoregressive that reads the environment's observations and predicts its
/// actions, and packs what happened: a row per *decision*, episode by episode. Memory is reused.
template <env::BatchEnvironment B, class Policy>
class Collector {
    static_assert(check_policy<B, Policy>(), "a policy needs to fit its environment");

public:
    using Episodes = data::Episodes<typename B::Observation, typename B::Action>;  ///< packed, without targets

    /// Plays in this batch of environments.
    explicit Collector(B environment) : player_(std::move(environment)) {}

    /// Plays `count` episodes side by side to their ends. `temperature` is that of the policy's actions; 0 takes modes.
    /// Throws where the environment breaks its word (Player).
    void collect(const typename Policy::template Parameters<float>& parameters, int count, core::Random random,
                 float temperature = 1) {
        core::require(count >= 0, "at least 0 episodes are collected");
        if (static_cast<int>(states_.size()) < count) states_.resize(static_cast<std::size_t>(count));
        streams_.resize(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            Policy::reset(states_[static_cast<std::size_t>(i)]);
            streams_[static_cast<std::size_t>(i)] = random.fork(static_cast<std::uint64_t>(i) + 1);
        }
        instances_.clear();
        log_observations_.clear();
        log_actions_.clear();
        log_log_probabilities_.clear();
        log_returns_.clear();
        player_.play(count, random.fork(0), [&](std::span<const int> awaiting, auto observations, auto actions) {
            Policy::step(
                parameters,
                [&](int i) -> auto& {
                    return states_[static_cast<std::size_t>(awaiting[static_cast<std::size_t>(i)])];
                },
                observations, tape_);
            for (int i = 0; i < observations.count; ++i) {
                const int instance = awaiting[static_cast<std::size_t>(i)];
                const float* distribution = tape_.action.view().row(i);
                Policy::Distribution::sample(distribution, streams_[static_cast<std::size_t>(instance)], actions.row(i),
                                             temperature);
                instances_.push_back(instance);
                log_log_probabilities_.push_back(Policy::Distribution::log_probability(distribution, actions.row(i)));
                log_returns_.push_back(returned(instance));
            }
            const auto o = observations.flat();
            const auto a = actions.flat();
            log_observations_.insert(log_observations_.end(), o.begin(), o.end());
            log_actions_.insert(log_actions_.end(), a.begin(), a.end());
        });
        pack();
    }

    /// Observations, actions and returns; subgoals and targets stay absent. An episode that took no decision has no
    /// row.
    const Episodes& episodes() const { return episodes_; }
    /// log p(action) of every row at the time of acting.
    std::span<const float> log_probabilities() const { return log_probabilities_; }
    /// What every row's episode earned from that decision on.
    std::span<const float> rewards_to_go() const { return rewards_to_go_; }
    /// Primitive steps of each of the last episodes.
    std::span<const int> lengths() const { return environment().lengths(); }
    /// The environments, as the last episodes left them.
    const B& environment() const { return player_.environment(); }

private:
    /// Up to now. A batch without that instance's return is the player's to complain of.
    float returned(int instance) const {
        const auto returns = environment().returns();
        return static_cast<std::size_t>(instance) < returns.size() ? returns[static_cast<std::size_t>(instance)] : 0;
    }
    /// From the order of time to the order of episodes.
    void pack() {
        const auto returns = environment().returns();
        rl::pack<Episodes>(instances_, log_observations_, log_actions_, returns, episodes_, rows_);
        log_probabilities_.resize(rows_.size());
        rewards_to_go_.resize(rows_.size());
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const auto row = static_cast<std::size_t>(rows_[i]);
            log_probabilities_[row] = log_log_probabilities_[i];
            rewards_to_go_[row] = returns[static_cast<std::size_t>(instances_[i])] - log_returns_[i];
        }
    }

    Player<B> player_;
    std::vector<typename Policy::template State<float>> states_;
    std::vector<core::Random> streams_;
    typename Policy::template Tape<float> tape_;
    std::vector<int> instances_, rows_;
    std::vector<env::ObservationElement<B>> log_observations_;
    std::vector<env::ActionElement<B>> log_actions_;
    std::vector<float> log_log_probabilities_, log_probabilities_;
    std::vector<float> log_returns_, rewards_to_go_;  // of each decision: what was earned before, and after
    Episodes episodes_;
};

}  // namespace midstream::rl
