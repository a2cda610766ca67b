/// \file
/// What looks degenerate of a run, by the tables that its stages left.
#pragma once

#include <string>
#include <vector>

#include "common/announce.hpp"
#include "common/page/page.hpp"
#include "common/report/results.hpp"

namespace midstream::examples {

/// Of all stages in their order. `subgoals` is their number, `batch` the episodes of internal RL's batches, `events`
/// what the stage components found, where there is one.
inline std::vector<std::string> degenerations(const RunResults& r, int subgoals, bool has_selection, int batch,
                                              const analysis::EventFigures& events = {}) {
    std::vector<std::string> result;
    const auto add = [&](const auto& figures) {
        for (const auto& wrong : analysis::degenerations(figures)) result.push_back(sentence(wrong));
    };
    const auto& accuracy = r.probe.column("accuracy");
    add(analysis::BeliefFigures{.accuracy = Results::at(accuracy, r.probe.best_row("accuracy")),
                                .observation = Results::at(accuracy, 0),
                                .chance = 1.0 / subgoals});
    add(analysis::ControllerFigures{.success = Results::at(r.steer.column("success"), r.best_layer(has_selection)),
                                    .alone = r.base_alone.last("success")});
    add(events);
    const auto& found = r.discover_figures;
    add(analysis::SwitchFigures{.switches = found.last("switches"),
                                .steps = found.last("steps"),
                                .early_switches = found.last("early_switches"),
                                .early_changes = found.last("early_changes"),
                                .precision = r.discover.last("precision"),
                                .chance_precision = r.discover.last("chance_precision")});
    add(analysis::CodeFigures{.divergence = found.last("divergence"),
                              .steered = found.last("steered_nll"),
                              .unsteered = found.last("unsteered_nll"),
                              .transplant = r.codes_summary.last("transplant"),
                              .chance_transplant = r.codes_summary.last("chance_transplant")});
    const auto& success = r.internal.column("success");
    double successes = 0;
    for (const double share : success) successes += share * batch;
    add(analysis::RewardFigures{.batches = static_cast<double>(success.size()),
                                .episodes = static_cast<double>(success.size()) * batch,
                                .successes = successes});
    return result;
}

/// Adds them to the page.
inline void degenerations_section(const std::vector<std::string>& found, Page& page) {
    if (found.empty()) {
        page.paragraph("Nothing of this run looks degenerate.");
        return;
    }
    page.warnings("What looks degenerate (docs/how-to/degenerate-runs.md has what helps):", found);
}

}  // namespace midstream::examples
