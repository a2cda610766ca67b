/// \file
/// The third part of the stage `discover`: what codes mean. The fixed-z test holds codes over whole episodes of the
/// pretraining tasks; the transplant takes codes from episodes into new layouts.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/announce.hpp"
#include "common/files/tables.hpp"
#include "common/stages/acting.hpp"
#include "common/stages/refine.hpp"
#include "midstream/analysis/first_reached.hpp"
#include "midstream/analysis/transplant.hpp"

namespace midstream::examples {

template <class P>
core::Description about_code_tests(const Run<P>& run) {
    core::Description about{"codes"};
    return about.set("settings", run.settings.codes)
        .set("gain", run.settings.gain)
        .set("transplanted", run.settings.discover.evaluation)
        .set("codes", about_codes(run));
}

/// Shares of episodes in which each goal is reached first, or none, by code. `outcome` is that of the fixed-z test.
template <class P>
void write_codes(const Run<P>& run, const auto& outcome) {
    const auto& o = run.settings.codes;
    std::vector<std::string> columns{"code"};
    for (int goal = 0; goal < P::goals; ++goal) columns.push_back(fmt::format("reached_{}", goal));
    columns.push_back("none");
    std::vector<std::vector<double>> rows;
    for (int k = 0; k < o.count; ++k) {
        std::vector<double> row{static_cast<double>(k)};
        for (int c = 0; c <= P::goals; ++c) row.push_back(static_cast<double>(outcome.count(k, c)) / o.episodes);
        rows.push_back(std::move(row));
    }
    write_table(run.folder / "codes.csv", columns, rows);
}

/// Both tests, which leave a table of codes and a row that sums up.
template <class P>
void test_codes(Run<P>& run) {
    once(run.folder, "codes", core::text(about_code_tests(run)), {"codes", "codes-summary"}, [&] {
        using Meta = typename P::Meta;
        const auto held = steered(run, rl::ActingOptions<Meta>{.gain = static_cast<float>(run.settings.gain)});
        const auto& o = run.settings.codes;
        const auto random = [&](std::uint64_t draw) { return run.stream(Stream::evaluation).fork(draw); };
        const typename Run<P>::Batch world{run.pretraining_world()};

        const auto drawn = analysis::prior_codes<Meta::code>(o.count, random(300));
        const auto outcome =
            analysis::fixed_codes(run.parallel, world, held, analysis::Goals{P::goals, typename P::Reached{}},
                                  drawn.view(), o.episodes, random(301));
        write_codes(run, outcome);

        const auto moved = analysis::transplant(
            run.parallel, world, held, analysis::Goals{P::subgoals, typename P::ReachedSubgoal{}},
            held_out_episodes(run, run.settings.discover.evaluation), random(302), pass_options(run));
        announce("discover", analysis::degenerations(analysis::CodeFigures{.transplant = moved.reached,
                                                                           .chance_transplant = moved.chance}));
        const auto summary = analysis::summarise(outcome);
        const auto chance = analysis::chance(outcome, random(305));
        write_table(
            run.folder / "codes-summary.csv",
            {"row", "mode_share", "decisive", "covered", "information", "transplant", "chance_mode_share",
             "chance_decisive", "chance_covered", "chance_information", "chance_transplant"},
            {{0, summary.mode_share, summary.decisive, static_cast<double>(summary.covered), summary.information,
              moved.reached, chance.mode_share, chance.decisive, chance.covered, chance.information, moved.chance}});
    });
}

}  // namespace midstream::examples
