/// \file
/// The page's section on supervised controllers, and how layer and gain are to be chosen by them.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/page/table.hpp"
#include "common/report/figures.hpp"
#include "common/report/results.hpp"
#include "common/stages/run.hpp"
#include "midstream/env/tasks.hpp"

namespace midstream::examples {

/// Success on the tasks for selection: a row for each layer, a column for each gain.
inline Table success_by_gain(const Results& gains) {
    Table table{.header = {"layer"}};
    const auto &layers = gains.column("layer"), &gain = gains.column("gain"), &success = gains.column("selection");
    for (std::size_t row = 0; row < layers.size(); ++row) {
        if (layers[row] == 0) table.header.push_back(fmt::format("gain {:g}", gain[row]));
        if (row == 0 || layers[row] != layers[row - 1]) table.rows.push_back({fmt::format("{:.0f}", layers[row])});
        table.rows.back().push_back(number(success[row], 2));
    }
    return table;
}

/// Adds the section to the page.
template <class P>
void controllers_section(const Run<P>& run, const RunResults& r, Page& page) {
    page.heading("2. Supervised controllers");
    std::vector<Bars> bars{{.label = "success on the unseen task", .values = r.steer.column("success")}};
    std::vector<std::string> layers;
    for (const double layer : r.steer.column("layer")) layers.push_back(fmt::format("{:.0f}", layer));
    for (std::size_t c = 0; c < r.steer.table.names.size(); ++c)
        if (r.steer.table.names[c].find('>') != std::string::npos)
            bars.push_back({.label = "transition " + r.steer.table.names[c], .values = r.steer.table.columns[c]});
    if (run.has_selection())
        bars.push_back({.label = "success on the tasks for selection", .values = r.steer.column("selection")});
    page.figure(drawn(run.folder / "plot-steer", BarChart{.x_label = "layer that the controllers write to",
                                                          .y_label = "success",
                                                          .categories = layers,
                                                          .bars = bars,
                                                          .y_high = 1}),
                "One linear controller for each true subgoal, switched by the true subgoal, on the task whose "
                "transitions pretraining never showed.");

    const auto selection = P::selection_tasks();
    if (!selection) {
        page.paragraph(
            "Gain, layer and rates of refinement were chosen by the unseen task itself, as it has every transition "
            "that pretraining lacks: its figures are those of the best of several settings.");
        return;
    }
    std::string tasks;
    for (const env::Task& task : selection->tasks()) tasks += (tasks.empty() ? "" : ", ") + env::to_string(task);
    page.paragraph(fmt::format(
        "Gain and layer are to be chosen by tasks of which nothing is reported: {}, which have an unseen transition "
        "that the unseen task lacks. By them layer {} is the best at the gain {:g} that this run acts with. The "
        "rates of refinement, and the preset's gain and layer at first, were found by the unseen task itself "
        "(docs/laptop-scale.md): its figures are those of the best of several settings.",
        tasks, r.best_layer(true), run.settings.gain));
    page.table(success_by_gain(r.gains), "Success on the tasks for selection.");
}

}  // namespace midstream::examples
