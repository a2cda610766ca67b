/// \file
/// The stage `report` where base model and metacontroller were given: what was learned with them.
#pragma once

#include <fmt/format.h>

#include "common/report/abstract_actions.hpp"
#include "common/report/internal_rl.hpp"
#include "common/report/summary.hpp"

namespace midstream::examples {

/// Builds page and terminal table from what the stages left in the run's folder. Both say in the same place whose
/// weights the results rest on.
template <class P>
void report_given(Run<P>& run, const WorldReport& world) {
    const RlResults results(run.folder);
    Page page(fmt::format("midstream: {} run, seed {}, on given weights", P::name, run.settings.seed), world.world);
    const std::string given =
        fmt::format("Base model, switch and controllers were not trained in this run. They are those of {}: {}.",
                    run.given->path, run.given->origin);
    const Table table{.header = {"stage", "result", "value", "by chance", "reference", "time"},
                      .rows = rl_rows(results, world)};
    print(table);
    show(stdout, given + "\n");
    page.paragraph(given +
                   " What was learned here, with these frozen, is the policy over codes, and for comparison the "
                   "model's own actions.");
    page.table(table, "What was learned on these weights.");
    page.gates(rl_gates(results, world));
    page.heading("Internal RL");
    internal_rl_section(run, results, world, page);
    page.heading("What codes lead to");
    injection_figure(run.folder, Results(run.folder / "inspect.csv"), run.settings.inspect.step, page);
    page.write(run.folder / "report.html");
    show(stdout, "\nThe page: " + (run.folder / "report.html").string() + "\n");
}

}  // namespace midstream::examples
