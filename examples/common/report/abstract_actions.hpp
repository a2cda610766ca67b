/// \file
/// The page's section on what discovery found: the switch, and what codes mean.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/page/table.hpp"
#include "common/report/figures.hpp"
#include "common/report/results.hpp"
#include "common/report/world_report.hpp"
#include "common/stages/acting.hpp"
#include "common/stages/refine.hpp"

namespace midstream::examples {

/// When the switch opens in some episodes.
template <class P>
void switch_figure(Run<P>& run, const typename P::Episodes& episodes, Page& page) {
    const auto inferred = analysis::infer(run.parallel, steered(run, acting(run)), episodes,
                                          run.stream(Stream::evaluation).fork(1), pass_options(run));
    GatePlot switches;
    for (int e = 0; e < episodes.count(); ++e) {
        const auto gates = inferred.gates.view().data + episodes.sequences().first(e);
        switches.traces.push_back(trace_of(episodes, e, {gates, gates + episodes.sequences().length(e)}));
    }
    page.figure(drawn(run.folder / "plot-gates", switches),
                "The switch gate over time in six expert episodes; dashed lines mark the steps at which the true "
                "subgoal changes, which no stage was told.");
}

/// How discovery went: its losses, and whether switches meet the changes of subgoal.
inline void discovery_figures(const std::filesystem::path& folder, const RunResults& r, const WorldReport& world,
                              Page& page) {
    const auto& updates = r.discover.column("step");
    std::vector<Level> base_level;
    if (const double loss = r.pretrain.last("action_nll"); !std::isnan(loss))
        base_level.push_back({"base model", loss});
    const LinePlot loss{.x_label = "update",
                        .y_label = "action loss (nats/step)",
                        .series = {{.label = "steered model", .x = updates, .y = r.discover.column("action_nll")}},
                        .y_low = world.loss_low,
                        .levels = base_level};
    const LinePlot divergence{.x_label = "update",
                              .y_label = "divergence (nats/step)",
                              .series = {{.label = "codes", .x = updates, .y = r.discover.column("divergence")}},
                              .y_low = 0};
    page.figures(
        {{drawn(folder / "plot-discover", loss), "Discovery: the loss of the next action once the model is steered."},
         {drawn(folder / "plot-divergence", divergence), "How far proposals are from the prior N(0, I)."}});
    LinePlot alignment{.x_label = "update", .y_label = "", .series = {}, .y_low = 0, .y_high = 1};
    for (const auto& [label, column] : {std::pair{"precision", "precision"},
                                        {"recall", "recall"},
                                        {"precision, to the step", "precision_0"},
                                        {"recall, to the step", "recall_0"},
                                        {"precision by chance", "chance_precision"},
                                        {"recall by chance", "chance_recall"}})
        alignment.series.push_back({.label = label, .x = updates, .y = r.discover.column(column)});
    page.figure(
        drawn(folder / "plot-alignment", alignment),
        "Agreement of the switches with the true changes of subgoal during discovery, within one step and to "
        "the step. By chance: what as many switches an episode at random steps come to. Gates are "
        "those of the expert's episodes, drawn as in training; that of an episode's first step, at which a code "
        "is always asked for, does not count.");
}

/// The fixed-z test and the transplant.
inline void codes_table(const RunResults& r, const Settings::Codes& settings, int goals, Page& page) {
    const auto& summary = r.codes_summary;
    page.paragraph(fmt::format(
        "The fixed-z test: codes drawn from N(0, I), each held over {} episodes; which goal is reached "
        "first. Over {} codes the most frequent goal of a code has a share of {}, "
        "codes and goals share {} nats, and a code taken from one episode reaches the same goal in a new "
        "layout {} of the time. With the same outcomes dealt to codes at random that is {}, {} nats and {}.",
        settings.episodes, settings.count, number(summary.last("mode_share"), 2),
        number(summary.last("information"), 2), number(summary.last("transplant"), 2),
        number(summary.last("chance_mode_share"), 2), number(summary.last("chance_information"), 2),
        number(summary.last("chance_transplant"), 2)));
    Table fixed{.header = {"code"}};
    for (int goal = 0; goal < goals; ++goal) fixed.header.push_back(fmt::format("goal {}", goal));
    fixed.header.push_back("none");
    const auto& columns = r.codes.table.columns;
    for (std::size_t k = 0; k < std::min<std::size_t>(12, columns[0].size()); ++k) {
        std::vector<std::string> row{fmt::format("{}", k + 1)};
        for (std::size_t c = 1; c < columns.size(); ++c) row.push_back(number(columns[c][k], 2));
        fixed.rows.push_back(std::move(row));
    }
    page.table(fixed, "The first of these codes: shares of episodes.");
}

/// What codes lead to that are put in force in other episodes. `step` is when.
inline void injection_figure(const std::filesystem::path& folder, const Results& inspect, int step, Page& page) {
    std::vector<std::string> where;
    Bars injected{.label = "code injected"}, left_alone{.label = "left alone"};
    for (std::size_t row = 0; row < inspect.column("goal").size(); ++row) {
        const double after = inspect.column("after")[row], goal = inspect.column("goal")[row];
        where.push_back(after < 0 ? fmt::format("goal {:.0f}", goal) : fmt::format("{:.0f} > {:.0f}", after, goal));
        for (auto* arm : {&injected, &left_alone}) {
            const double share = inspect.column(arm == &injected ? "injected" : "left_alone")[row],
                         count = std::max(1.0, inspect.column("episodes")[row]);
            const double error = std::sqrt(share * (1 - share) / count);
            arm->values.push_back(share);
            arm->low.push_back(share - error);
            arm->high.push_back(share + error);
        }
    }
    page.figure(drawn(folder / "plot-inspect", BarChart{.x_label = "what the code had led to before",
                                                        .y_label = "reached next",
                                                        .categories = where,
                                                        .bars = {injected, left_alone},
                                                        .y_high = 1}),
                fmt::format("Codes that were in force when a goal was reached, put in force in other episodes: after "
                            "step {}, and (a > b) where a has just been reached, which the expert never follows by b. "
                            "Share of episodes that reach the goal before any other, with standard errors; the same "
                            "episodes left alone draw a code from N(0, I) at every switch.",
                            step));
}

/// Adds the section to the page; `episodes` are some to show.
template <class P>
void abstract_actions_section(Run<P>& run, const typename P::Episodes& episodes, const RunResults& r,
                              const WorldReport& world, Page& page) {
    page.heading("3. Abstract actions, discovered");
    switch_figure(run, episodes, page);
    discovery_figures(run.folder, r, world, page);
    codes_table(r, run.settings.codes, P::goals, page);
    injection_figure(run.folder, r.inspect, run.settings.inspect.step, page);
}

}  // namespace midstream::examples
