/// \file
/// Ways of the trained hierarchy on the unseen task, seen from above.
#pragma once

#include <string>
#include <vector>

#include "common/chain.hpp"
#include "common/page.hpp"
#include "midstream/env/tasks.hpp"

namespace midstream::examples {

/// Notes where agents are and which code is in force, before every step.
template <class P>
struct PathWatcher {
    std::vector<GridPicture>* pictures;

    template <class Inner>
    void operator()(const Inner& inner, std::span<const int> running) const {
        for (const int i : running) {
            auto& picture = (*pictures)[static_cast<std::size_t>(i)];
            P::note_place(inner.environment().instance(i), picture);
            picture.categories.push_back(inner.decisions()[static_cast<std::size_t>(i)] - 1);
        }
    }
};

/// Six ways on the unseen task, coloured by the code in force. `P::note_place(world, picture)` appends where the agent
/// is.
template <class P>
std::vector<Figure> rollout_pictures(Chain<P>& chain) {
    using World = typename P::World;
    using Watcher = PathWatcher<P>;
    using Inner = rl::Internal<env::Batched<World>, typename P::Meta, Watcher, typename P::View>;
    constexpr int count = 6;
    const auto learner = chain.trained_policy();
    std::vector<GridPicture> pictures(count);
    rl::Collector<Inner, typename P::Policy> collector(Inner(env::Batched<World>(chain.unseen_world()), chain.base(),
                                                             chain.meta(), chain.acting(), Watcher{&pictures},
                                                             chain.view()));
    collector.collect(*learner.parameters, count, chain.stream(Chain<P>::evaluation).fork(306));
    std::vector<Figure> figures;
    for (int i = 0; i < count; ++i) {
        const World& world = collector.environment().environment().instance(i);
        auto& picture = pictures[static_cast<std::size_t>(i)];
        P::note_place(world, picture);
        picture.categories.push_back(-1);
        picture.rows = picture.columns = P::pinpad.size;
        for (int colour = 0; colour < P::pinpad.colours; ++colour)
            picture.cells.push_back(
                {world.layout().colours[static_cast<std::size_t>(colour)], colour, fmt::format("{}", colour)});
        for (const int wall : world.layout().walls) picture.walls.push_back(wall);
        const bool solved = collector.environment().returns()[static_cast<std::size_t>(i)] > 0;
        figures.push_back({grid_picture(picture),
                           fmt::format("{} after {} steps and {} codes, task {}", solved ? "Solved" : "Failed",
                                       world.steps(), collector.environment().decisions()[static_cast<std::size_t>(i)],
                                       env::to_string(world.task()))});
    }
    return figures;
}

}  // namespace midstream::examples
