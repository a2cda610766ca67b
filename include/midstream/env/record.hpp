/// \file
/// Recording what an expert does: the trajectories D and D* that sequence models are trained on (C.1.1, C.4.4).
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"
#include "midstream/env/environment.hpp"

namespace midstream::env {

/// Something that acts on an environment it sees from within: `act(environment, random)` returns a row.
template <class X, class E>
concept ExpertFor = requires(const X& expert, const E& environment, core::Random& random) {
    { expert.act(environment, random) } -> std::convertible_to<std::array<ActionElement<E>, E::Action::width>>;
};

/// Plays one episode and returns its summed reward; `watch(environment, action row)` is called before every step, so at
/// most E::horizon times. Throws where the expert's action is none, or a step is not what the environment promises.
template <Environment E, ExpertFor<E> Expert, class Watch>
float play(E& environment, const Expert& expert, core::Random random, Watch&& watch) {
    environment.reset(random.fork(0));
    core::Random choices = random.fork(1);
    float total = 0;
    for (int step = 1;; ++step) {
        const std::array<ActionElement<E>, E::Action::width> action = expert.act(environment, choices);
        data::require_row<typename E::Action>(action.data(), [&](int column) {
            return data::entry_of(column) + "the expert's action before step " + std::to_string(step);
        });
        watch(environment, action.data());
        const Transition transition = environment.step(action.data());
        require_transition<E>(transition, step);
        total += transition.reward;
        if (transition.done) return total;
    }
}

/// Plays episodes, each from its own fork of the stream, until one has a positive return, which it returns. Before
/// each `begin()` is called: whatever was watched so far is void. Throws if 1000 in a row had none.
template <Environment E, ExpertFor<E> Expert, class Begin, class Watch>
float play_to_success(E& environment, const Expert& expert, core::Random random, Begin&& begin, Watch&& watch) {
    constexpr int tries = 1000;
    for (int i = 0; i < tries; ++i) {
        begin();
        const float total = play(environment, expert, random.fork(i), watch);
        if (total > 0) return total;
    }
    core::fail("the expert failed in " + std::to_string(tries) + " episodes on end, so there is nothing to record");
}

namespace detail {
/// Does something at the end of a scope, however that is left.
template <class Work>
struct AtEnd {
    explicit AtEnd(Work do_at_end) : work(std::move(do_at_end)) {}
    AtEnd(const AtEnd&) = delete;
    ~AtEnd() { work(); }
    Work work;
};
}  // namespace detail

/// Appends `count` episodes of the expert, the i-th from random.fork(i). With `only_successes` an episode without a
/// positive return is replaced by another one. Subgoals of environments that have none are -1. The observation that an
/// episode ended on is no row, as nothing is done on it, but its ending, and the last row's target is that of it. Does
/// not allocate once the episodes' memory is large enough.
///
/// Throws an Error that names the culprit where the environment breaks its word (environment.hpp); what was recorded of
/// that episode is dropped.
template <Environment E, ExpertFor<E> Expert>
void record(E environment, const Expert& expert, int count, core::Random random, EpisodesOf<E>& episodes,
            bool only_successes = true) {
    constexpr int observation_width = E::Observation::width, action_width = E::Action::width,
                  target_width = TargetOf<E>::width;
    core::require(count >= 0, "at least 0 episodes are recorded");
    core::require(episodes.offsets.size() == episodes.returns.size() + 1 &&
                      episodes.subgoals.size() == static_cast<std::size_t>(episodes.rows()) &&
                      episodes.targets.size() == episodes.subgoals.size() * target_width &&
                      episodes.endings.size() == episodes.returns.size() * observation_width,
                  "a recording is not appended to episodes that lack targets, subgoals, returns or endings");
    const auto resize = [&](int rows) {
        episodes.observations.resize(static_cast<std::size_t>(rows) * observation_width);
        episodes.actions.resize(static_cast<std::size_t>(rows) * action_width);
        episodes.targets.resize(static_cast<std::size_t>(rows) * target_width);
        episodes.subgoals.resize(static_cast<std::size_t>(rows));
    };
    const detail::AtEnd drop_unfinished([&] {
        resize(episodes.rows());
        episodes.endings.resize(episodes.returns.size() * observation_width);
    });
    for (int i = 0; i < count; ++i) {
        const int first = episodes.rows();
        int row = first;
        const auto begin = [&] { row = first; };
        // What the environment writes to row `at`; its entries have to be valid.
        const auto write = [&]<class Space>(Space, auto& values, std::size_t at, const char* what, auto&& fill) {
            auto* const to = values.data() + at * Space::width;
            fill(to);
            data::require_row<Space>(to, [&](int column) {
                return data::entry_of(column) + std::string(what) + " at step " + std::to_string(row - first + 1) +
                       " of the environment";
            });
        };
        const auto watch = [&](const E& now, const ActionElement<E>* action) {
            const auto at = static_cast<std::size_t>(row);
            core::require(row < std::numeric_limits<int>::max(), [&] {
                return "a recording has at most " + std::to_string(std::numeric_limits<int>::max()) + " rows";
            });
            resize(row + 1);
            write(typename E::Observation{}, episodes.observations, at, "the observation",
                  [&](auto* to) { now.observe(to); });
            std::copy_n(action, action_width, episodes.actions.data() + at * action_width);
            if constexpr (HasTarget<E>)
                if (row > first)
                    write(typename E::Target{}, episodes.targets, at - 1, "the target",
                          [&](auto* to) { now.target(to); });
            episodes.subgoals[at] = -1;
            if constexpr (HasSubgoal<E>) {
                const int subgoal = now.subgoal();
                core::require_range<int>(subgoal, -1, std::numeric_limits<std::int16_t>::max(),
                                         "the subgoal of an environment");
                episodes.subgoals[at] = static_cast<std::int16_t>(subgoal);
            }
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
        episodes.endings.resize((episodes.returns.size() + 1) * observation_width);
        write(typename E::Observation{}, episodes.endings, episodes.returns.size(), "the observation",
              [&](auto* to) { environment.observe(to); });
        resize(row);
        episodes.offsets.push_back(row);
        episodes.returns.push_back(total);
    }
}

}  // namespace midstream::env
