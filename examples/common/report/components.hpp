/// \file
/// The page's section on what the encoder sees, where that is found in the residual stream.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "common/report/figures.hpp"
#include "common/report/results.hpp"
#include "common/stages/components.hpp"
#include "midstream/train/stream_ahead.hpp"

namespace midstream::examples {

/// Points (x, y) in two series: those with a kind from 0 on, and the others.
inline std::vector<Series> told_apart(const std::vector<double>& x, const std::vector<double>& y,
                                      const std::vector<double>& kind, const char* these, const char* others) {
    std::vector<Series> result{{.label = these, .points = true, .joined = false},
                               {.label = others, .points = true, .joined = false}};
    for (std::size_t i = 0; i < kind.size(); ++i) {
        Series& series = result[kind[i] >= 0 ? 0 : 1];
        series.x.push_back(x[i]);
        series.y.push_back(y[i]);
    }
    return result;
}

/// What the stage's tables say of events.
template <class P>
analysis::EventFigures event_figures(const Run<P>& run) {
    const auto largest = [&](const char* table, const char* column) {
        const Results results(run.folder / table);
        return Results::at(results.column(column), results.best_row(column));
    };
    analysis::EventFigures figures{.rise = largest("components.csv", "rise")};
    if constexpr (finds_beliefs<P>) figures.skewness = largest("beliefs.csv", "skewness");
    return figures;
}

/// Adds the components, which of them are events, and when these happen. `episodes` are some to show.
template <class P>
void components_section(Run<P>& run, const typename P::Episodes& episodes, Page& page) {
    using Observer = typename P::Meta::Observer;
    page.heading("Events of the residual stream");
    const Results table(run.folder / "components.csv");
    const auto &kurtosis = table.column("kurtosis"), &rise = table.column("rise"), &event = table.column("event");
    const auto events = told_apart(kurtosis, rise, event, "events", "other components");
    page.figure(
        drawn(run.folder / "plot-components",
              LinePlot{
                  .x_label = "kurtosis", .y_label = "rise of the action loss when it fires (nats)", .series = events}),
        fmt::format(
            "The {} independent components of layer {}, found by FastICA; kinds of events that shared one are told "
            "apart. {} No label was needed.",
            event.size(), Observer::layer,
            finds_beliefs<P>
                ? std::string("At the firing of the one that is marked the loss rises most: there the base "
                              "model may have to give up a belief.")
                : fmt::format("Those at whose firing the base model no longer knows what comes next are the {} "
                              "events that the encoder sees.",
                              events[0].x.size())));
    if constexpr (finds_beliefs<P>) {
        const Results changes(run.folder / "beliefs.csv");
        const auto &skewness = changes.column("skewness"), &rate = changes.column("rate"),
                   &belief = changes.column("belief");
        const auto beliefs = told_apart(rate, skewness, belief, "beliefs", "other changes");
        page.figure(
            drawn(
                run.folder / "plot-ended-beliefs",
                LinePlot{.x_label = "share of the events at which it ends", .y_label = "skewness", .series = beliefs}),
            fmt::format("How the stream changes there, from {0} steps before to {0} steps after: the {1} of {2} "
                        "components that lean to one side are beliefs, which end at once and altogether. The "
                        "encoder sees which.",
                        run.settings.components.window, beliefs[0].x.size(), belief.size()));
    }

    train::StreamAhead<typename P::Base, float> stream;
    const auto ahead = stream.rows(base_model(run), episodes, Observer::layer);
    GatePlot plot{.traces = {}, .gate_label = "event"};
    for (int e = 0; e < episodes.count(); ++e) {
        const int first = episodes.sequences().first(e), length = episodes.sequences().length(e);
        std::vector<double> happens{0};
        for (int row = 0; row < length; ++row) {
            typename Observer::Observation::template Element<float> seen[Observer::Observation::width];
            observer(run).observe(ahead.slice(first, length), row, seen);
            happens.push_back(Observer::event(seen) ? 1 : 0);
        }
        plot.traces.push_back(trace_of(episodes, e, std::move(happens)));
    }
    page.figure(drawn(run.folder / "plot-events", plot),
                "When events happen in six expert episodes, up to the observation that an episode ends on; dashed "
                "lines mark the steps at which the true subgoal changes, which no stage was told.");
}

}  // namespace midstream::examples
