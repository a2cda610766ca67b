/// \file
/// Recording what an expert does: the trajectories D and D* that sequence models are trained on (paper section 2).
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <string>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"
#include "midstream/env/environment.hpp"

namespace midstream::env {

/// Something that acts on an environment it sees from within: `act(environment, random)` returns a row.
template <class X, class E>
concept ExpertFor = requires(const X& expert, const E& environment, core::Random& random) {
    { expert.act(environment, random) } -> std::convertible_to<std::array<ActionElement<E>, E::Action::width>>;
};

/// Plays one episode and returns its summed reward; `watch(environment, action row)` is called before every step.
template <Environment E, ExpertFor<E> Expert, class Watch>
float play(E& environment, const Expert& expert, core::Random random, Watch&& watch) {
    environment.reset(random.fork(0));
    core::Random choices = random.fork(1);
    float total = 0;
    for (bool done = false; !done;) {
        const std::array<ActionElement<E>, E::Action::width> action = expert.act(environment, choices);
        watch(environment, action.data());
        const Transition transition = environment.step(action.data());
        total += transition.reward;
        done = transition.done;
    }
    return total;
}

/// Plays episodes, each from its own fork of the stream, until one has a positive return, which it returns. Before
/// each `begin()` is called: whatever was watched so far is void.
template <Environment E, ExpertFor<E> Expert, class Begin, class Watch>
float play_to_success(E& environment, const Expert& expert, core::Random random, Begin&& begin, Watch&& watch) {
    constexpr int tries = 1000;
    for (int i = 0; i < tries; ++i) {
        begin();
        const float total = play(environment, expert, random.fork(i), watch);
        if (total > 0) return total;
    }
    throw core::Error("the expert failed in " + std::to_string(tries) +
                      " episodes on end, so there is nothing to record");
}

/// Appends `count` episodes of the expert, the i-th from random.fork(i). With `only_successes` an episode without a
/// positive return is replaced by another one. Subgoals of environments that have none are -1. The observation that an
/// episode ended on is no row, as nothing is done on it, but its ending and the last row's target. Does not allocate
/// once the episodes' memory is large enough.
template <Environment E, ExpertFor<E> Expert>
void record(E environment, const Expert& expert, int count, core::Random random, EpisodesOf<E>& episodes,
            bool only_successes = true) {
    constexpr int observation_width = E::Observation::width, action_width = E::Action::width,
                  target_width = TargetOf<E>::width;
    core::require(count >= 0, "at least 0 episodes are recorded");
    core::require(episodes.endings.size() == static_cast<std::size_t>(episodes.count()) * observation_width,
                  "episodes are recorded after others whose endings are not known");
    const auto resize = [&](int rows) {
        episodes.observations.resize(static_cast<std::size_t>(rows) * observation_width);
        episodes.actions.resize(static_cast<std::size_t>(rows) * action_width);
        episodes.targets.resize(static_cast<std::size_t>(rows) * target_width);
        episodes.subgoals.resize(static_cast<std::size_t>(rows));
    };
    for (int i = 0; i < count; ++i) {
        const int first = episodes.rows();
        int row = first;
        const auto begin = [&] {
            resize(first + E::horizon);
            row = first;
        };
        const auto watch = [&](const E& now, const ActionElement<E>* action) {
            const auto at = static_cast<std::size_t>(row);
            now.observe(episodes.observations.data() + at * observation_width);
            std::copy_n(action, action_width, episodes.actions.data() + at * action_width);
            if constexpr (HasTarget<E>)
                if (row > first) now.target(episodes.targets.data() + (at - 1) * target_width);
            if constexpr (HasSubgoal<E>)
                episodes.subgoals[at] = static_cast<std::int16_t>(now.subgoal());
            else
                episodes.subgoals[at] = -1;
            ++row;
        };
        const core::Random stream = random.fork(i);
        float total = 0;
        if (only_successes) {
            total = play_to_success(environment, expert, stream, begin, watch);
        } else {
            begin();
            total = play(environment, expert, stream.fork(0), watch);
        }
        if constexpr (HasTarget<E>)
            environment.target(episodes.targets.data() + static_cast<std::size_t>(row - 1) * target_width);
        resize(row);
        episodes.endings.resize(episodes.offsets.size() * observation_width);
        environment.observe(episodes.endings.data() + (episodes.offsets.size() - 1) * observation_width);
        episodes.offsets.push_back(row);
        episodes.returns.push_back(total);
    }
}

}  // namespace midstream::env
