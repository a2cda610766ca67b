/// \file
/// Episodes that ask for more foresight: targets that lie several steps ahead.
#pragma once

#include <algorithm>
#include <string>

#include "midstream/core/contract.hpp"
#include "midstream/data/episodes.hpp"

namespace midstream::data {

/// Puts in the place of every row's target, which is of the next observation, that of the observation `steps` steps on;
/// where the episode ends before, that of the one it ended on. 1 changes nothing, be there targets or not; more steps
/// throw where there are none.
///
/// Next observations follow from the last few whatever the agent is after. What it is after shows in where it will be
/// in a while, so that who has to tell has to find out (docs/ant.md).
template <class Observation, class Action, class Target, class T>
void look_ahead(Episodes<Observation, Action, Target, T>& episodes, int steps) {
    core::require(steps >= 1, "targets lie at least one step ahead");
    const auto row = [&](int i) { return episodes.targets.begin() + static_cast<std::ptrdiff_t>(i) * Target::width; };
    if (steps == 1) return;
    core::require(episodes.targets.size() == static_cast<std::size_t>(episodes.rows()) * Target::width, [&] {
        return "to look ahead takes targets: there are " + std::to_string(episodes.targets.size()) + " entries for " +
               std::to_string(episodes.rows()) + " rows of " + std::to_string(Target::width);
    });
    const core::Sequences sequences = episodes.sequences();
    for (int episode = 0; episode < sequences.count(); ++episode) {
        const int last = sequences.first(episode + 1) - 1;
        for (int i = sequences.first(episode); i < last; ++i)
            std::copy_n(row(i + std::min(steps - 1, last - i)), Target::width, row(i));
    }
}

}  // namespace midstream::data
