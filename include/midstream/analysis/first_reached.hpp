/// \file
/// The fixed-z test: does a code mean a goal? Each code is held over whole episodes, whatever the switch says, in many
/// random layouts; a code that means a colour makes the agent reach that colour first wherever it lies, a code that
/// means a place or a direction does not (B.3.2).
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "midstream/analysis/batches.hpp"
#include "midstream/analysis/goals.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/rl/acting.hpp"
#include "midstream/rl/steered_rollout.hpp"

namespace midstream::analysis {

/// The colour on which the agent of a gridworld-pinpad stands, or -1.
struct ColourStoodOn {
    /// Asks an environment with `board()` and `agent()`.
    template <class E>
    int operator()(const E& environment) const {
        const int content = environment.board().contents[environment.agent()];
        return content >= 0 ? content : -1;
    }
};
/// The abstract subgoal to which the colour belongs on which the agent of a gridworld-pinpad stands, or -1.
struct SubgoalStoodOn {
    /// Asks an environment with `board()`, `agent()` and `tasks()`.
    template <class E>
    int operator()(const E& environment) const {
        const int colour = ColourStoodOn{}(environment);
        return colour >= 0 ? environment.tasks().subgoal(colour) : -1;
    }
};

/// How often episodes of each group (a code; in a transplant, a subgoal) reached each outcome (a colour) first.
struct FirstReached {
    int groups = 0;           ///< codes, or subgoals
    int outcomes = 0;         ///< without the last one, "none"
    std::vector<int> counts;  ///< groups x (outcomes + 1)

    /// No episodes yet, of so many groups and outcomes.
    FirstReached(int group_count, int outcome_count) : groups(group_count), outcomes(outcome_count) {
        core::require_range(group_count, 0, 1 << 24, "groups");
        core::require_range(outcome_count, 0, 1 << 15, "outcomes");
        counts.resize(static_cast<std::size_t>(group_count) * (outcome_count + 1));
    }

    /// Episodes of a group that reached this outcome first; `outcomes` and -1 are those that reached none.
    int& count(int group, int outcome) { return counts[index(group, outcome)]; }
    /// The same, to be read alone.
    int count(int group, int outcome) const { return counts[index(group, outcome)]; }
    /// The counts of a group: one for each outcome, then that of "none".
    std::span<const int> row(int group) const {
        return {counts.data() + index(group, 0), static_cast<std::size_t>(outcomes) + 1};
    }

private:
    int index(int group, int outcome) const {
        core::require_index(group, groups, "a group of episodes");
        core::require_range(outcome, -1, outcomes, "what an episode reached");
        return group * (outcomes + 1) + (outcome < 0 ? outcomes : outcome);
    }
};

/// The fixed-z test in a few numbers.
struct FirstReachedSummary {
    double mode_share = 0;   ///< mean over codes of the share of episodes that reach the code's most frequent outcome
    double decisive = 0;     ///< share of codes that send at least 80% of their episodes to one outcome
    int covered = 0;         ///< outcomes that such codes send to
    double none = 0;         ///< share of episodes that reach no outcome
    double information = 0;  ///< mutual information of code and outcome ("none" is one), estimated by frequencies; nats
    /// What `information` comes to on average, to first order, if outcomes are independent of codes:
    /// (codes - 1) (occurring outcomes - 1) / (2 episodes).
    double information_bias = 0;
};

/// Every code counts the same in `mode_share` and `decisive`, every episode in the rest.
inline FirstReachedSummary summarise(const FirstReached& reached, double decisive_share = 0.8) {
    FirstReachedSummary summary;
    const int width = reached.outcomes + 1;
    std::vector<double> by_outcome(width), by_group(reached.groups);
    std::vector<bool> covered(width);
    double total = 0;
    int occurring_groups = 0, occurring_outcomes = 0;
    for (int group = 0; group < reached.groups; ++group) {
        for (int outcome = 0; outcome < width; ++outcome) {
            by_group[group] += reached.count(group, outcome);
            by_outcome[outcome] += reached.count(group, outcome);
        }
        if (by_group[group] <= 0) continue;
        ++occurring_groups;
        total += by_group[group];
        const auto row = reached.row(group).first(reached.outcomes);
        const auto mode = std::max_element(row.begin(), row.end());
        const double share = mode == row.end() ? 0.0 : *mode / by_group[group];
        summary.mode_share += share;
        if (share < decisive_share) continue;
        summary.decisive += 1;
        covered[mode - row.begin()] = true;
    }
    core::require(occurring_groups > 0, "a summary of what is reached first needs at least 1 episode");
    summary.mode_share /= occurring_groups;
    summary.decisive /= occurring_groups;
    summary.covered = static_cast<int>(std::count(covered.begin(), covered.end(), true));
    summary.none = by_outcome[reached.outcomes] / total;
    for (int outcome = 0; outcome < width; ++outcome) {
        occurring_outcomes += by_outcome[outcome] > 0;
        for (int group = 0; group < reached.groups; ++group) {
            const double count = reached.count(group, outcome);
            if (count > 0)
                summary.information +=
                    count / total * std::log(count * total / (by_group[group] * by_outcome[outcome]));
        }
    }
    summary.information_bias = (occurring_groups - 1.0) * (occurring_outcomes - 1.0) / (2 * total);
    return summary;
}

/// What a summary comes to on average where outcomes have nothing to do with codes.
struct FirstReachedChance {
    double mode_share = 0;   ///< as in FirstReachedSummary
    double decisive = 0;     ///< likewise, a share of codes
    double covered = 0;      ///< likewise; on average no whole number
    double information = 0;  ///< likewise, nats
};

/// Deals the outcomes that occurred to episodes anew, at random, `repeats` times, and takes the mean of the summaries:
/// every code keeps its number of episodes and every outcome its frequency.
inline FirstReachedChance chance(const FirstReached& reached, core::Random random, int repeats = 16,
                                 double decisive_share = 0.8) {
    core::require_range(repeats, 1, 1 << 20, "repeats");
    std::vector<int> groups, outcomes;
    for (int group = 0; group < reached.groups; ++group)
        for (int outcome = 0; outcome <= reached.outcomes; ++outcome) {
            groups.insert(groups.end(), static_cast<std::size_t>(reached.count(group, outcome)), group);
            outcomes.insert(outcomes.end(), static_cast<std::size_t>(reached.count(group, outcome)), outcome);
        }
    FirstReachedChance mean;
    for (int repeat = 0; repeat < repeats; ++repeat) {
        FirstReached dealt(reached.groups, reached.outcomes);
        for (std::size_t left = outcomes.size(); left > 0; --left) {
            std::swap(outcomes[left - 1], outcomes[static_cast<std::size_t>(random.below(static_cast<int>(left)))]);
            ++dealt.count(groups[left - 1], outcomes[left - 1]);
        }
        const FirstReachedSummary summary = summarise(dealt, decisive_share);
        mean.mode_share += summary.mode_share / repeats;
        mean.decisive += summary.decisive / repeats;
        mean.covered += static_cast<double>(summary.covered) / repeats;
        mean.information += summary.information / repeats;
    }
    return mean;
}

/// Draws `count` codes from the prior N(0, I).
template <int Code>
core::Buffer<float, Code> prior_codes(int count, core::Random random) {
    core::Buffer<float, Code> codes;
    for (float& value : codes.resize(count).flat()) value = random.normal<float>();
    return codes;
}

/// Plays an episode for each row of `codes` with that code held from the first step to the last, and returns which goal
/// each reaches first, of which it is asked after every step; -1 if none before the episode ended.
template <class Meta, core::Parallelism Policy, env::Environment E, class Reached>
std::vector<int> hold_codes(const Policy& policy, const env::Batched<E>& environment, const rl::Steered<Meta>& steered,
                            const Goals<Reached>& goals, core::In<float, Meta::code> codes, core::Random random,
                            const BatchOptions& batches = {}) {
    steered.acting.validate();
    using Rollout = rl::SteeredRollout<env::Batched<E>, typename Meta::Base, Meta::read, Meta::write>;
    struct Worker {
        Rollout rollout;
        std::vector<typename Meta::template State<float>> states{};
        typename Meta::template Scratch<float> scratch{};
        std::vector<int> live{};
    };
    std::vector<int> result(codes.count, -1);
    auto workers = make_workers(batches, Worker{Rollout(environment, steered.base, steered.acting.temperature)});
    for_batches(policy, batches, workers, codes.count, [&](Worker& worker, int batch, int first, int length) {
        Rollout& rollout = worker.rollout;
        auto& states = worker.states;
        rollout.reset(length, random.fork(batch));
        states.resize(length);
        for (int i = 0; i < length; ++i) Meta::set_code(steered.meta, codes.row(first + i), states[i], worker.scratch);
        for (int open = length; open > 0 && !rollout.running().empty();) {
            worker.live.assign(rollout.running().begin(), rollout.running().end());
            rollout.advance([&](std::span<const int> running, core::Rows<float, Meta::width> rows) {
                Meta::steer(
                    [&](int i) -> auto& { return states[running[i]]; }, rows, steered.acting.gain);
            });
            for (const int instance : worker.live) {
                int& outcome = result[first + instance];
                if (outcome >= 0) continue;
                outcome = goals.at(rollout.environment().instance(instance));
                open -= outcome >= 0;
            }
        }
    });
    return result;
}

/// Counts outcomes by group; both have an entry for each episode.
inline FirstReached tally(std::span<const int> groups, std::span<const int> outcomes, int group_count,
                          int outcome_count) {
    FirstReached result(group_count, outcome_count);
    for (std::size_t i = 0; i < groups.size(); ++i) {
        core::require_range(groups[i], 0, group_count - 1, "a group of episodes");
        core::require_range(outcomes[i], -1, outcome_count - 1, "what an episode reached");
        ++result.count(groups[i], outcomes[i]);
    }
    return result;
}

/// The fixed-z test: holds each code over `episodes_per_code` episodes and counts which goal is reached first.
template <class Meta, core::Parallelism Policy, env::Environment E, class Reached>
FirstReached fixed_codes(const Policy& policy, const env::Batched<E>& environment, const rl::Steered<Meta>& steered,
                         const Goals<Reached>& goals, core::In<float, Meta::code> codes, int episodes_per_code,
                         core::Random random, const BatchOptions& batches = {}) {
    core::require_range(episodes_per_code, 1, 1 << 20, "episodes per code");
    core::require_range(codes.count, 0, std::numeric_limits<int>::max() / episodes_per_code, "codes");
    core::Buffer<float, Meta::code> repeated;
    std::vector<int> groups(static_cast<std::size_t>(codes.count) * episodes_per_code);
    repeated.resize(codes.count * episodes_per_code);
    for (int i = 0; i < repeated.count; ++i) {
        groups[i] = i / episodes_per_code;
        std::copy_n(codes.row(groups[i]), Meta::code, repeated.view().row(i));
    }
    return tally(groups,
                 hold_codes(policy, environment, steered, goals, std::as_const(repeated).view(), random, batches),
                 codes.count, goals.count);
}

}  // namespace midstream::analysis
