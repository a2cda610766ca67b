/// \file
/// Runs one stage, or all, of a gridworld preset.
#pragma once

#include <string>

#include "common/report.hpp"
#include "gridworld/presets.hpp"
#include "midstream/env/bayes.hpp"

namespace midstream::examples {

/// Notes where agents are and which code is in force, before every step.
template <class World>
struct PathWatcher {
    struct Path {
        std::vector<int> cells, decisions;
    };
    std::vector<Path>* paths;

    template <class Inner>
    void operator()(const Inner& inner, std::span<const int> running) const {
        for (const int i : running) {
            auto& path = (*paths)[static_cast<std::size_t>(i)];
            path.cells.push_back(inner.environment().instance(i).agent());
            path.decisions.push_back(inner.decisions()[static_cast<std::size_t>(i)] - 1);
        }
    }
};

/// Six ways of the trained hierarchy on the unseen task.
template <class P>
std::vector<Figure> rollout_pictures(Chain<P>& chain) {
    using World = typename P::World;
    using Watcher = PathWatcher<World>;
    using Inner = rl::Internal<env::Batched<World>, typename P::Meta, Watcher>;
    constexpr int count = 6;
    const auto learner = chain.trained_policy();
    std::vector<typename Watcher::Path> paths(count);
    rl::Collector<Inner, typename P::Policy> collector(
        Inner(env::Batched<World>(chain.unseen_world()), chain.base(), chain.meta(), chain.acting(), {}, Watcher{&paths}));
    collector.collect(*learner.parameters, count, chain.stream(Chain<P>::evaluation).fork(400));
    std::vector<Figure> figures;
    for (int i = 0; i < count; ++i) {
        const World& world = collector.environment().environment().instance(i);
        auto& path = paths[static_cast<std::size_t>(i)];
        path.cells.push_back(world.agent());
        path.decisions.push_back(-1);
        GridPicture picture{.rows = P::pinpad.size, .columns = P::pinpad.size, .path = path.cells, .categories = path.decisions};
        for (int colour = 0; colour < P::pinpad.colours; ++colour) picture.cells.push_back({world.layout().colours[static_cast<std::size_t>(colour)], colour, fmt::format("{}", colour)});
        for (const int wall : world.layout().walls) picture.walls.push_back(wall);
        const bool solved = collector.environment().returns()[static_cast<std::size_t>(i)] > 0;
        figures.push_back({grid_picture(picture), fmt::format("{} after {} steps and {} codes, task {}", solved ? "Solved" : "Failed", world.steps(),
                                                              collector.environment().decisions()[static_cast<std::size_t>(i)], env::to_string(world.task()))});
    }
    return figures;
}

template <class P>
WorldReport world_report(Chain<P>& chain) {
    const auto floor = env::bayes_floor(chain.pretraining_world(), P::expert(0), 4000, chain.stream(Chain<P>::evaluation).fork(500));
    return {.bayes_nll = floor.action_nll.mean,
            .bayes_accuracy = floor.goal_accuracy.mean,
            .world = fmt::format("gridworld-pinpad {}; {} pretraining tasks; unseen task {}", env::to_string(P::pinpad), P::pretraining_tasks().tasks().size(),
                                 env::to_string(P::unseen_tasks().tasks()[0])),
            .rollouts = rollout_pictures(chain)};
}

/// Runs `stage` ("all" for every one in order) and returns the program's exit status.
template <class P>
int run(const std::string& stage, Settings settings) {
    Chain<P> chain(std::move(settings));
    const bool all = stage == "all";
    const auto wants = [&](const char* name) { return all || stage == name; };
    if (wants("pretrain")) chain.pretrain();
    if (wants("probe")) chain.probe();
    if (wants("steer")) chain.steer();
    if (wants("discover")) chain.discover();
    if (wants("internal-rl")) chain.internal_rl_stage();
    if (wants("raw-rl")) chain.raw_rl_stage();
    if (wants("report")) report(chain, world_report(chain));
    return 0;
}

}  // namespace midstream::examples
