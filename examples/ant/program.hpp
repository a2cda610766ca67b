/// \file
/// Runs one stage, or all, of an ant preset.
#pragma once

#include <cmath>
#include <numbers>
#include <string>

#include "ant/presets.hpp"
#include "common/report/rollout_pictures.hpp"
#include "common/stages/all.hpp"

namespace midstream::examples::ant {

/// How often an expert completes the tasks of a world.
template <class World, class Expert>
analysis::SuccessRate success_of(World world, const Expert& expert, int episodes, core::Random random) {
    analysis::SuccessRate rate;
    for (int i = 0; i < episodes; ++i)
        rate += {1, env::play(world, expert, random.fork(static_cast<std::uint64_t>(i)),
                              [](const World&, const float*) {}) > 0};
    return rate;
}

template <class P>
WorldReport world_report(Run<P>& run) {
    // Who knew the task and the gait would be left with the noise on the torques: its entropy bounds the loss, not
    // tightly.
    const double noise = run.settings.pretrain.expert_noise;
    const double entropy =
        P::World::Action::width * (std::log(noise) + 0.5 * std::log(2 * std::numbers::pi * std::numbers::e));
    return {
        .least_loss = noise > 0 ? entropy : WorldReport::unknown,
        .least_loss_name = "noise of the expert",
        .least_loss_caption =
            "Its lower bound is the entropy of the noise that is added to the expert's torques: the loss of who knows "
            "its task and its gait.",
        .loss_low = WorldReport::unknown,
        .expert_success =
            success_of(run.unseen_world(), P::expert(0), 300, run.stream(Stream::evaluation).fork(500)).share(),
        .world = fmt::format("{}; {} pretraining tasks; unseen task {}", P::world_name(),
                             P::pretraining_tasks().tasks().size(), env::to_string(P::unseen_tasks().tasks()[0])),
        .rollouts = rollout_pictures(run)};
}

/// Runs `stage` ("all" for every one in order) and returns the program's exit status.
template <class P>
int run(const std::string& stage, Settings settings) {
    return run_stages<P>(stage, std::move(settings), [](Run<P>& run) { return world_report(run); });
}

}  // namespace midstream::examples::ant
