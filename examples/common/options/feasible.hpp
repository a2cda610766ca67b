/// \file
/// What settings must be to each other.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string>

#include "common/options/settings.hpp"
#include "midstream/core/contract.hpp"

namespace midstream::examples {

/// Throws an Error that names the option unless the settings can be carried out: each is in range, but rows of
/// episodes, of at most `horizon` steps, are counted in an int, and a batch has an episode for every shard.
inline void require_feasible(const Settings& s, int horizon) {
    const auto require_count = [](const std::string& option, std::int64_t count, std::int64_t each, const char* what) {
        const std::int64_t most = std::numeric_limits<int>::max() / each;
        core::require(count <= most, [&] {
            return fmt::format("--{} is {}, valid is up to {}, as there are {} {}", option, count, most, each, what);
        });
    };
    const auto require_episodes = [&](const std::string& option, std::int64_t count) {
        require_count(option, count, horizon, "steps in an episode");
    };
    require_episodes("record.episodes", s.record.episodes);
    require_episodes("record.clean-episodes", s.record.clean_episodes);
    require_episodes("discover.evaluation", s.discover.evaluation);
    require_count("codes.episodes", s.codes.episodes, s.codes.count, "codes");
    const auto require_batch = [&](const std::string& stage, int batch, int shards) {
        core::require(batch >= shards, [&] {
            return fmt::format("--{}.batch is {}, valid is at least the number of shards, {}", stage, batch, shards);
        });
        require_episodes(stage + ".batch", batch);
    };
    require_batch("pretrain", s.pretrain.batch, s.shards);
    require_batch("probe", s.probe.batch, probe_shards);
    require_batch("steer", s.steer.batch, s.shards);
    require_batch("discover", s.discover.batch, s.shards);
    const auto require_policy_gradient = [&](const std::string& stage, const Settings::PolicyGradient& o) {
        require_batch(stage, o.batch, s.shards);
        core::require(o.batch % o.group == 0 && o.batch / o.group >= s.shards, [&] {
            return fmt::format(
                "--{0}.group is {1} and --{0}.batch {2}, which is to be a multiple, with a group for each of the {3} "
                "shards",
                stage, o.group, o.batch, s.shards);
        });
        const int most = o.batch / o.group / s.shards * o.group;
        core::require(o.minibatches <= most, [&] {
            return fmt::format("--{}.minibatches is {}, valid is up to the episodes of a batch in a shard, {}", stage,
                               o.minibatches, most);
        });
    };
    require_policy_gradient("internal", s.internal);
    require_policy_gradient("raw", s.raw);
    core::require(s.inspect.step < horizon, [&] {
        return fmt::format("--inspect.step is {}, valid is up to {}, the last step of an episode", s.inspect.step,
                           horizon - 1);
    });
    const auto require_order = [](const std::string& option, double from, double until) {
        core::require(from <= until, [&] {
            return fmt::format("--{0}-from is {1} and --{0}-until {2}, which must not come before", option, from,
                               until);
        });
    };
    require_order("discover.alpha", s.discover.alpha_from, s.discover.alpha_until);
    require_order("discover.signal", s.discover.signal_from, s.discover.signal_until);
}

}  // namespace midstream::examples
