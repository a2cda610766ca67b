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

/// Adds the components, which of them are events, and when these happen. `episodes` are some to show.
template <class P>
void components_section(Run<P>& run, const typename P::Episodes& episodes, Page& page) {
    using Observer = typename P::Meta::Observer;
    page.heading("Events of the residual stream");
    const Results table(run.folder / "components.csv");
    const auto &kurtosis = table.column("kurtosis"), &rise = table.column("rise"), &event = table.column("event");
    Series events{.label = "events", .points = true, .joined = false},
        others{.label = "other components", .points = true, .joined = false};
    for (std::size_t i = 0; i < event.size(); ++i) {
        Series& series = event[i] >= 0 ? events : others;
        series.x.push_back(kurtosis[i]);
        series.y.push_back(rise[i]);
    }
    page.figure(
        drawn(run.folder / "plot-components", LinePlot{.x_label = "kurtosis",
                                                       .y_label = "rise of the action loss when it fires (nats)",
                                                       .series = {events, others}}),
        fmt::format("The {} independent components of layer {}, found by FastICA. {} No label was needed.",
                    event.size(), Observer::layer,
                    finds_beliefs<P>
                        ? std::string("At the firing of the one that is marked the loss rises most: there the base "
                                      "model may have to give up a belief.")
                        : fmt::format("Those at whose firing the base model no longer knows what comes next are the {} "
                                      "events that the encoder sees.",
                                      events.x.size())));
    if constexpr (finds_beliefs<P>) {
        const Results changes(run.folder / "beliefs.csv");
        const auto &skewness = changes.column("skewness"), &rate = changes.column("rate"),
                   &belief = changes.column("belief");
        Series beliefs{.label = "beliefs", .points = true, .joined = false},
            rest{.label = "other changes", .points = true, .joined = false};
        for (std::size_t i = 0; i < belief.size(); ++i) {
            Series& series = belief[i] >= 0 ? beliefs : rest;
            series.x.push_back(rate[i]);
            series.y.push_back(skewness[i]);
        }
        page.figure(
            drawn(run.folder / "plot-beliefs", LinePlot{.x_label = "share of the events at which it ends",
                                                        .y_label = "skewness",
                                                        .series = {beliefs, rest}}),
            fmt::format("How the stream changes there, from {0} steps before to {0} steps after: the {1} of {2} "
                        "components that lean to one side are beliefs, which end at once and altogether. The "
                        "encoder sees which.",
                        run.settings.components.window, beliefs.x.size(), belief.size()));
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
