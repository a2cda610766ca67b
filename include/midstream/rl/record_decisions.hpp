/// \file
/// Recording what is decided in a batch of environments, as env::record does of one environment's steps. Where the
/// environments are internal RL's (rl::Internal), decisions are codes: the behaviour that a second level learns from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "midstream/rl/play.hpp"
#include "midstream/rl/recorded.hpp"
#include "midstream/train/sources.hpp"

namespace midstream::rl {

/// Somebody who decides in a batch of environments that it sees from within: `reset(count, random)` before each batch,
/// then `act(environments, awaiting, observations, actions)`, which fills a row of actions for each of `awaiting`.
/// `int subgoal(environments, instance)`, what it is after there, for analysis alone, is optional.
template <class X, class B>
concept BatchExpertFor = env::BatchEnvironment<B> &&
    requires(X& expert, const B& environments, core::Random random, std::span<const int> awaiting,
             core::Rows<const env::ObservationElement<B>, B::Observation::width> observations,
             core::Rows<env::ActionElement<B>, B::Action::width> actions) {
    expert.reset(1, random);
    expert.act(environments, awaiting, observations, actions);
};

/// How decisions are recorded.
struct RecordDecisionsOptions {
    bool only_successes = true;  ///< episodes without a positive return are left out
    int batch = 512;             ///< episodes that are played side by side
};

/// Appends `count` episodes of the expert's decisions, with their returns and, if it tells, its subgoals; targets and
/// endings stay absent, as an environment that asks no more shows nothing more. Throws where the environments break
/// their word, or a thousand episodes on end had no success where these alone are wanted.
template <env::BatchEnvironment B, BatchExpertFor<B> Expert>
void record_decisions(const B& environments, Expert expert, int count, core::Random random,
                      data::Episodes<typename B::Observation, typename B::Action>& episodes,
                      const RecordDecisionsOptions& options = {}) {
    constexpr bool tells = requires {
        { expert.subgoal(environments, 0) } -> std::convertible_to<int>;
    };
    core::require(count >= 0, "at least 0 episodes are recorded");
    core::require_range(options.batch, 1, 1 << 20, "the episodes that are recorded side by side");
    Player<Recorded<B>> player{Recorded<B>(environments)};
    typename Recorded<B>::Episodes played;
    std::vector<int> rows;
    std::vector<std::int16_t> subgoals;  // in the order of time
    int failures = 0;
    for (std::uint64_t batch = 0; count > 0; ++batch) {
        const core::Random stream = random.fork(batch);
        expert.reset(options.batch, stream.fork(0));
        subgoals.clear();
        player.play(options.batch, stream.fork(1), [&](auto awaiting, auto observations, auto actions) {
            const B& within = player.environment().environment();
            expert.act(within, awaiting, observations, actions);
            if constexpr (tells)
                for (const int instance : awaiting) {
                    const int subgoal = expert.subgoal(within, instance);
                    core::require_range<int>(subgoal, -1, std::numeric_limits<std::int16_t>::max(),
                                             "the subgoal of a decision");
                    subgoals.push_back(static_cast<std::int16_t>(subgoal));
                }
        });
        player.environment().pack(played, rows);
        played.subgoals.resize(subgoals.size());
        for (std::size_t i = 0; i < subgoals.size(); ++i)
            played.subgoals[static_cast<std::size_t>(rows[i])] = subgoals[i];
        for (int i = 0; i < played.count() && count > 0; ++i) {
            const bool wanted = !options.only_successes || played.returns[static_cast<std::size_t>(i)] > 0;
            failures = wanted ? 0 : failures + 1;
            core::require(failures < 1000, "a thousand episodes on end failed, so there is nothing to record");
            if (!wanted) continue;
            train::append_episode(played, i, episodes);
            --count;
        }
    }
}

}  // namespace midstream::rl
