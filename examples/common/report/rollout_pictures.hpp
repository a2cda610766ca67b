/// \file
/// Ways of the trained hierarchy on the unseen task, seen from above.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "common/page/grid_picture.hpp"
#include "common/page/page.hpp"
#include "common/stages/internal_rl.hpp"
#include "midstream/env/tasks.hpp"
#include "midstream/rl/collect.hpp"

namespace midstream::examples {

/// Notes where agents are and which code is in force, before every step.
template <class P>
struct PathWatcher {
    std::vector<GridPicture>* pictures;

    template <class Inner>
    void operator()(const Inner& inner, std::span<const int> running) const {
        for (const int i : running) {
            auto& picture = (*pictures)[static_cast<std::size_t>(i)];
            P::add_position(inner.environment().instance(i), picture);
            picture.categories.push_back(inner.decisions()[static_cast<std::size_t>(i)] - 1);
        }
    }
};

/// Six ways on the unseen task, coloured by the code in force. `P::add_position(world, picture)` appends where the
/// agent is.
template <class P>
std::vector<Figure> rollout_pictures(Run<P>& run) {
    constexpr int count = 6;
    const auto learner = trained_policy(run);
    std::vector<GridPicture> pictures(count);
    auto inner = internal_environment(run, PathWatcher<P>{&pictures});
    rl::Collector<decltype(inner), typename P::Policy> collector(std::move(inner));
    collector.collect(*learner.parameters, count, run.stream(Stream::evaluation).fork(306));
    std::vector<Figure> figures;
    for (int i = 0; i < count; ++i) {
        const auto& world = collector.environment().environment().instance(i);
        auto& picture = pictures[static_cast<std::size_t>(i)];
        P::add_position(world, picture);
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
