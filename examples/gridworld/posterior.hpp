/// \file
/// What can be known at best of the subgoal in the episodes that a run's page shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/page/belief_map.hpp"
#include "common/stages/episodes.hpp"
#include "midstream/env/gridworld/bayes.hpp"

namespace midstream::examples {

/// The exact posterior over the subgoal at each step of the first `count` of held_out_episodes: of who knows tasks and
/// expert, sees the layout, and has seen the actions so far. None where the expert makes random moves and may fail: the
/// predictor does not know that failures are left out.
template <class P>
std::vector<Belief> exact_posteriors(const Run<P>& run, int count) {
    const env::ShortestPathExpert who = expert(run, Data::clean);
    if (who.epsilon > 0) return {};
    std::vector<Belief> result(static_cast<std::size_t>(count), Belief{.label = "exact Bayes"});
    env::BayesPredictor<P::pinpad> predictor(who);
    int previous = 0;
    replay_held_out(
        run, count, [&](int episode) { result[static_cast<std::size_t>(episode)].steps.clear(); },
        [&](int episode, const typename P::World& now, const std::int16_t* action) {
            if (now.steps() == 0)
                predictor.begin(now);
            else
                predictor.observe(previous);
            previous = *action;
            auto& subgoals = result[static_cast<std::size_t>(episode)].steps.emplace_back(P::subgoals, 0.0);
            for (int colour = 0; colour < P::pinpad.colours; ++colour)
                subgoals[static_cast<std::size_t>(now.tasks().subgoal(colour))] +=
                    predictor.colours()[static_cast<std::size_t>(colour)];
        });
    return result;
}

}  // namespace midstream::examples
