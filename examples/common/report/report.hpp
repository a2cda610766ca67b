/// \file
/// The stage `report`: a table and a page on what each stage reached against what it could reach.
#pragma once

#include <fmt/format.h>

#include "common/report/abstract_actions.hpp"
#include "common/report/base_model.hpp"
#include "common/report/beliefs.hpp"
#include "common/report/components.hpp"
#include "common/report/controllers.hpp"
#include "common/report/degenerations.hpp"
#include "common/report/internal_rl.hpp"
#include "common/report/summary.hpp"

namespace midstream::examples {

/// Builds page and terminal table from what the stages left in the run's folder.
template <class P>
void report(Run<P>& run, const WorldReport& world) {
    const RunResults results(run.folder);
    Page page(fmt::format("midstream: {} run, seed {}", P::name, run.settings.seed), world.world);
    const Table stages = results_table(results, world, P::subgoals, run.has_selection());
    print(stages);
    analysis::EventFigures events;
    if constexpr (finds_events<P>) events = event_figures(run);
    const auto degenerate =
        degenerations(results, P::subgoals, run.has_selection(), run.settings.internal.batch, events);
    for (const auto& text : degenerate) show(stdout, "looks degenerate: " + text + "\n");
    degenerations_section(degenerate, page);
    page.table(stages, "What each stage reached.");
    page.gates(gates(results, world, P::subgoals, run.has_selection()));

    const auto episodes = held_out_episodes(run, 6);
    base_model_section(run.folder, results, world, page);
    belief_figure(run, episodes, world, page);
    controllers_section(run, results, page);
    if constexpr (finds_events<P>) components_section(run, episodes, page);
    abstract_actions_section(run, episodes, results, world, page);
    page.heading("4. Internal RL");
    internal_rl_section(run, results, world, page);
    page.write(run.folder / "report.html");
    show(stdout, "\nThe page: " + (run.folder / "report.html").string() + "\n");
}

}  // namespace midstream::examples
