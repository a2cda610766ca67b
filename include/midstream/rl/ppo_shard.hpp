/// \file
/// One shard of rl::Ppo: instances that act side by side, and what they lived through to learn from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "midstream/core/random.hpp"
#include "midstream/env/environment.hpp"
#include "midstream/rl/gae.hpp"
#include "midstream/rl/normaliser.hpp"
#include "midstream/rl/ppo_loss.hpp"

namespace midstream::rl {

/// What one update met and did.
struct PpoReport {
    double reward = 0;       ///< per step
    double episodes = 0;     ///< that ended
    double mean_return = 0;  ///< of these; of episodes begun in this era
    double success = 0;      ///< share that `completed()`; of environments that do not say so, with a positive return
    double truncated = 0;    ///< share that ended because their time was up
    double length = 0;       ///< steps per episode
    double explained = 0;    ///< share of the variance of the returns that the critic knew
    int epochs = 0;          ///< passes made
    PpoSums sums;            ///< of the last pass
};

/// Some of the instances, and their last stretch: row t * count + i is step t of the i-th.
template <env::Environment E, class Agent>
struct PpoShard {
    using Parameters = typename Agent::template Parameters<float>;  ///< of the actor-critic, in float
    using Element = env::ActionElement<E>;
    using Distribution = typename Agent::Distribution;                  ///< of actions
    static constexpr int observation_width = Agent::observation_width,  ///< numbers that are seen
        action_width = Agent::Action::width;                            ///< elements of an action

    int first,                           ///< of its instances among all
        count,                           ///< of its instances
        steps;                           ///< of each instance, for an update
    std::vector<E> instances;            ///< in the middle of their episodes
    std::vector<core::Random> streams;   ///< that actions are drawn from, one for each instance
    std::vector<float> episode_returns;  ///< summed rewards of each instance's present episode
    std::vector<int> episode_lengths;    ///< steps of each instance's present episode

    core::Buffer<float, observation_width> seen;  ///< by all instances at once
    core::Buffer<float, observation_width>
        observations;  ///< normalised: rows, where instances stand after them, where episodes were cut off
    core::Buffer<Element, action_width> actions;  ///< rows, as the lists that follow
    std::vector<float> log_probabilities,         ///< of the action, at the time of acting
        rewards,                                  ///< of the step
        values,                                   ///< of what was seen
        next_values,                              ///< of what the step led to; after a termination not read
        advantages,                               ///< by the rule, then normalised by Ppo
        returns;                                  ///< value + advantage as the rule gave it
    std::vector<Ending> endings;                  ///< how each step left its episode
    std::vector<int> cut;          ///< of a row that ended in truncation, the row of `observations` that it led to
    std::vector<int> order;        ///< rows, shuffled
    std::vector<float> estimates;  ///< of the rows of `observations`, by the critic
    int criticised = 0;            ///< rows of `observations` in use

    core::Buffer<float, observation_width> batch_observations;  ///< a minibatch, as the members that follow
    core::Buffer<Element, action_width> batch_actions;          ///< of a minibatch
    std::vector<float> batch_log_probabilities,                 ///< of a minibatch
        batch_advantages,                                       ///< of a minibatch
        batch_returns;                                          ///< of a minibatch
    typename Agent::template Tape<float> tape;  ///< of acting, criticising and the loss, one after the other
    core::Moments<observation_width> moments;   ///< of the last stretch's observations
    PpoReport report;                           ///< sums, not means

    /// `size` instances like `prototype`, of which the first is number `first_instance`; stretches of `stretch` steps.
    PpoShard(const E& prototype, int first_instance, int size, int stretch)
        : first(first_instance),
          count(size),
          steps(stretch),
          instances(static_cast<std::size_t>(size), prototype),
          streams(static_cast<std::size_t>(size)) {
        const auto all = static_cast<std::size_t>(rows());
        episode_returns.resize(static_cast<std::size_t>(count));
        episode_lengths.resize(static_cast<std::size_t>(count));
        seen.resize(count);
        observations.resize(2 * rows() + count);  // at worst every step is cut off
        actions.resize(rows());
        for (auto* list : {&log_probabilities, &rewards, &values, &next_values, &advantages, &returns,
                           &batch_log_probabilities, &batch_advantages, &batch_returns})
            list->resize(all);
        endings.resize(all);
        cut.resize(all);
        order.resize(all);
        estimates.resize(static_cast<std::size_t>(2 * rows() + count));
    }
    /// Steps of a stretch, of all instances together.
    int rows() const { return count * steps; }

    /// Begins an episode of the i-th instance.
    void begin(int i, core::Random random) {
        const auto at = static_cast<std::size_t>(i);
        instances[at].reset(random);
        episode_returns[at] = 0;
        episode_lengths[at] = 0;
    }
    /// Writes what an instance sees, normalised, to row `to`.
    void observe(int i, const Normaliser<observation_width>& normaliser, int to) {
        instances[static_cast<std::size_t>(i)].observe(seen.view().row(i));
        data::require_row<typename E::Observation>(seen.view().row(i), [&](int column) {
            return data::entry_of(column) + "the observation of instance " + std::to_string(first + i) +
                   " after step " + std::to_string(episode_lengths[static_cast<std::size_t>(i)]) + " of its episode";
        });
        normaliser(seen.view().row(i), observations.view().row(to));
    }

    /// A stretch of all instances; of an era's first update, from new episodes.
    void play(const Parameters& parameters, const Normaliser<observation_width>& normaliser, const PpoOptions& options,
              core::Random random, bool begin_era) {
        moments = {};
        report = {};
        for (int i = 0; i < count; ++i) {
            const core::Random own = random.fork(static_cast<std::uint64_t>(first + i));
            streams[static_cast<std::size_t>(i)] = own.fork(0);
            if (begin_era) begin(i, own.fork(1));
        }
        criticised = rows() + count;
        for (int t = 0; t < steps; ++t) {
            for (int i = 0; i < count; ++i) {
                observe(i, normaliser, t * count + i);
                moments.add(seen.view().row(i));
            }
            Agent::Acting::forward(parameters.actor, observations.view().slice(t * count, count), tape.actor);
            for (int i = 0; i < count; ++i) step(i, t, normaliser, random);
        }
        for (int i = 0; i < count; ++i) observe(i, normaliser, rows() + i);
        criticise(parameters, options.advantages);
    }

    void step(int i, int t, const Normaliser<observation_width>& normaliser, core::Random random) {
        const auto at = static_cast<std::size_t>(i);
        const int row = t * count + i;
        const auto r = static_cast<std::size_t>(row);
        const float* distribution = tape.actor.distribution.view().row(i);
        Distribution::sample(distribution, streams[at], actions.view().row(row));
        log_probabilities[r] = Distribution::log_probability(distribution, actions.view().row(row));
        E& instance = instances[at];
        data::require_row<typename E::Action>(actions.view().row(row), [&](int column) {
            return data::entry_of(column) + "an action of instance " + std::to_string(first + i) + " before step " +
                   std::to_string(episode_lengths[at] + 1) + " of its episode";
        });
        const env::Transition transition = instance.step(actions.view().row(row));
        env::require_transition<E>(transition, episode_lengths[at] + 1);
        rewards[r] = transition.reward;
        report.reward += transition.reward;
        episode_returns[at] += transition.reward;
        ++episode_lengths[at];
        endings[r] = Ending::none;
        if (!transition.done) return;
        endings[r] = Ending::terminated;
        if constexpr (env::HasTimeLimit<E>)
            if (instance.truncated()) {
                endings[r] = Ending::truncated;
                cut[r] = criticised;
                observe(i, normaliser, criticised++);
                ++report.truncated;
            }
        ++report.episodes;
        report.mean_return += episode_returns[at];
        report.length += episode_lengths[at];
        if constexpr (requires {
                          { instance.completed() } -> std::convertible_to<bool>;
                      })
            report.success += instance.completed();
        else
            report.success += episode_returns[at] > 0;
        begin(i, random.fork(static_cast<std::uint64_t>(first + i)).fork(static_cast<std::uint64_t>(t) + 2));
    }

    /// Values of all that was seen, and from them advantages and returns.
    void criticise(const Parameters& parameters, const GeneralisedAdvantages& rule) {
        // Where episodes were cut off in a pass of its own, which is never the larger: memory does not grow with
        // chance.
        const auto evaluate = [&](int from, int to) {
            Agent::criticise(parameters, observations.view().slice(from, to - from), tape);
            std::copy_n(tape.value.view().data, to - from, estimates.begin() + from);
        };
        evaluate(0, rows() + count);
        if (criticised > rows() + count) evaluate(rows() + count, criticised);
        for (int row = 0; row < rows(); ++row) {
            const auto r = static_cast<std::size_t>(row);
            values[r] = estimates[r];
            next_values[r] =
                estimates[static_cast<std::size_t>(endings[r] == Ending::truncated ? cut[r] : row + count)];
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
            rule(steps, count, rewards.data() + i, values.data() + i, next_values.data() + i, endings.data() + i,
                 advantages.data() + i);
        for (std::size_t r = 0; r < returns.size(); ++r) returns[r] = values[r] + advantages[r];
    }

    /// The rows order[begin], ..., order[end - 1], side by side.
    PpoRows<Agent, float> gather(int begin, int end) {
        const auto length = static_cast<std::size_t>(end - begin);
        const auto to_observations = batch_observations.resize(end - begin);
        const auto to_actions = batch_actions.resize(end - begin);
        for (int i = begin; i < end; ++i) {
            const int row = order[static_cast<std::size_t>(i)];
            const auto from = static_cast<std::size_t>(row), to = static_cast<std::size_t>(i - begin);
            std::copy_n(observations.view().row(row), observation_width, to_observations.row(i - begin));
            std::copy_n(actions.view().row(row), action_width, to_actions.row(i - begin));
            batch_log_probabilities[to] = log_probabilities[from];
            batch_advantages[to] = advantages[from];
            batch_returns[to] = returns[from];
        }
        const auto head = [&](const std::vector<float>& list) { return std::span<const float>(list).first(length); };
        return {to_observations, to_actions, head(batch_log_probabilities), head(batch_advantages),
                head(batch_returns)};
    }
};

}  // namespace midstream::rl
