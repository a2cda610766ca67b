/// \file
/// Runs one stage, or all, of a gridworld preset.
#pragma once

#include <string>

#include "common/report/rollout_pictures.hpp"
#include "common/stages/all.hpp"
#include "gridworld/posterior.hpp"
#include "gridworld/presets.hpp"
#include "midstream/env/gridworld/bayes.hpp"

namespace midstream::examples {

template <class P>
WorldReport world_report(Run<P>& run) {
    const auto floor =
        env::bayes_floor(run.pretraining_world(), P::expert(0), 4000, run.stream(Stream::evaluation).fork(500));
    return {.least_loss = floor.action_nll.mean,
            .least_loss_name = "exact Bayes",
            .least_loss_caption =
                "The task distribution is known, so the posterior over tasks is exact, and no model can do better.",
            .least_loss_is_tight = true,
            .most_accuracy = floor.goal_accuracy.mean,
            .posteriors = exact_posteriors(run, belief_episodes),
            .world = fmt::format("gridworld-pinpad {}; {} pretraining tasks; unseen task {}", env::to_string(P::pinpad),
                                 P::pretraining_tasks().tasks().size(), env::to_string(P::unseen_tasks().tasks()[0])),
            .rollouts = rollout_pictures(run)};
}

/// Runs `stage` ("all" for every one in order) and returns the program's exit status.
template <class P>
int run(const std::string& stage, Settings settings) {
    return run_stages<P>(stage, std::move(settings), [](Run<P>& run) { return world_report(run); });
}

}  // namespace midstream::examples
