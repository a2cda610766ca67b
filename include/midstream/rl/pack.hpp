/// \file
/// From the order of time, in which instances act side by side, to that of episodes, one after the other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace midstream::rl {

/// Packs rows in the order of time, of which the i-th is the instance `instances[i]`'s, into the episodes of as many
/// instances as there are returns: observations, actions, returns. `rows[i]` is where the i-th row went. Memory is
/// reused.
template <class Episodes>
void pack(std::span<const int> instances,
          std::span<const typename decltype(Episodes::observations)::value_type> observations,
          std::span<const typename decltype(Episodes::actions)::value_type> actions, std::span<const float> returns,
          Episodes& episodes, std::vector<int>& rows) {
    episodes.clear();
    episodes.offsets.assign(returns.size() + 1, 0);
    for (const int instance : instances) ++episodes.offsets[static_cast<std::size_t>(instance) + 1];
    for (std::size_t i = 1; i < episodes.offsets.size(); ++i) episodes.offsets[i] += episodes.offsets[i - 1];
    episodes.observations.resize(observations.size());
    episodes.actions.resize(actions.size());
    rows.resize(instances.size());
    const std::size_t seen = observations.size() / std::max<std::size_t>(1, instances.size()),
                      done = actions.size() / std::max<std::size_t>(1, instances.size());
    for (std::size_t i = 0; i < instances.size(); ++i) {
        rows[i] = episodes.offsets[static_cast<std::size_t>(instances[i])]++;  // the next one
        const auto row = static_cast<std::size_t>(rows[i]);
        std::copy_n(observations.data() + i * seen, seen, episodes.observations.data() + row * seen);
        std::copy_n(actions.data() + i * done, done, episodes.actions.data() + row * done);
    }
    // Each episode's next row is now where the one after it begins.
    std::rotate(episodes.offsets.begin(), episodes.offsets.end() - 1, episodes.offsets.end());
    episodes.offsets.front() = 0;
    episodes.returns.assign(returns.begin(), returns.end());
}

}  // namespace midstream::rl
