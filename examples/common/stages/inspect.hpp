/// \file
/// The stage `inspect`: codes that were in force when a subgoal was reached, injected in other episodes of the
/// pretraining tasks: at a step, and where a subgoal has just been reached that pretraining never followed by the
/// other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/files/tables.hpp"
#include "common/stages/acting.hpp"
#include "common/stages/refine.hpp"
#include "midstream/analysis/injection.hpp"

namespace midstream::examples {

template <class P>
core::Description about_inspection(const Run<P>& run) {
    core::Description about{"inspect"};
    return about.set("settings", run.settings.inspect).set("acting", acting(run)).set("codes", about_codes(run));
}

/// Collects such codes, injects them, and compares with the same episodes left alone.
template <class P>
void inspect(Run<P>& run) {
    once(run.folder, "inspect", core::text(about_inspection(run)), {"inspect"}, [&] {
        const auto actor = steered(run, acting(run));
        const auto& o = run.settings.inspect;
        const auto random = [&](int draw) {
            return run.stream(Stream::inspection).fork(static_cast<std::uint64_t>(draw));
        };
        const typename Run<P>::Batch world{run.pretraining_world()};
        const analysis::Goals goals{P::subgoals, typename P::ReachedSubgoal{}};
        const auto codes = analysis::reaching_codes(run.parallel, world, actor, goals, o.episodes, random(0));
        std::vector<std::vector<double>> rows;
        const auto measure = [&](int goal, analysis::InjectionMoment moment) {
            const auto& found = codes.by_goal[static_cast<std::size_t>(goal)];
            if (found.empty())
                return rows.push_back({static_cast<double>(moment.after), static_cast<double>(goal), 0, 0, 0, 0});
            const auto result = analysis::inject(run.parallel, world, actor, goals, found, {goal, moment, o.episodes},
                                                 random(1 + goal + P::subgoals * (1 + moment.after)));
            rows.push_back({static_cast<double>(moment.after), static_cast<double>(goal),
                            static_cast<double>(found.size()), static_cast<double>(result.injected.attempts),
                            result.injected.share(), result.left_alone.share()});
        };
        for (int goal = 0; goal < P::subgoals; ++goal) measure(goal, {.step = o.step});
        for (const auto& [from, to] : P::unseen_transitions()) measure(to, {.after = from});
        write_table(run.folder / "inspect.csv", {"after", "goal", "codes", "episodes", "injected", "left_alone"}, rows);
    });
}

}  // namespace midstream::examples
