/// \file
/// The stage `record`: the expert's episodes as data sets, D and D*.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/progress.hpp"
#include "common/stages/episodes.hpp"
#include "midstream/env/record.hpp"

namespace midstream::examples {

/// Records one of them, unless that was done before or the settings ask for none.
template <class P>
void record(Run<P>& run, Data data) {
    const int count = recorded_episodes(run.settings, data), shards = run.settings.shards;
    const auto path = data_set_path(run, data);
    if (count == 0 || io::exists(path)) return;
    Progress progress(path.stem().string(), count, "episodes");
    typename P::Episodes all;
    const auto world = run.pretraining_world();
    const core::Random random = run.stream(Stream::recording).fork(static_cast<std::uint64_t>(data));
    constexpr int piece = 32;  // episodes at a time of each shard
    std::vector<typename P::Episodes> parts(static_cast<std::size_t>(shards));
    for (int first = 0; first < count; first += piece * shards) {
        run.parallel.for_each(shards, [&](int shard) {
            const int begin = first + piece * shard;
            auto& part = parts[static_cast<std::size_t>(shard)];
            part.clear();
            env::record(world, expert(run, data), std::clamp(count - begin, 0, piece),
                        random.fork(static_cast<std::uint64_t>(begin)), part);
        });
        for (const auto& part : parts)
            for (int i = 0; i < part.count(); ++i) train::append_episode(part, i, all);
        progress.update(all.count(), [&] {
            return fmt::format("{:.1f} steps an episode", static_cast<double>(all.rows()) / all.count());
        });
    }
    data::save(path, all, core::text(about_data_set(run, data)));
}

/// Records both.
template <class P>
void record(Run<P>& run) {
    record(run, Data::noisy);
    record(run, Data::clean);
}

}  // namespace midstream::examples
