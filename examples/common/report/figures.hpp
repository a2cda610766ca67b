/// \file
/// Plots of a page, which is better without a figure than not there.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/page/bar_chart.hpp"
#include "common/page/belief_map.hpp"
#include "common/page/gate_plot.hpp"
#include "common/page/line_plot.hpp"
#include "common/page/scatter_plot.hpp"
#include "common/show.hpp"

namespace midstream::examples {

namespace detail {
template <class Draw>
std::string drawn_or_nothing(Draw&& draw) {
    try {
        return draw();
    } catch (const std::exception& error) {
        show(stderr, std::string(error.what()) + "\n");
        return {};
    }
}
}  // namespace detail

/// The figure as an <svg> element; nothing, and a message, where it cannot be drawn, as from tables without rows.
inline std::string drawn(const std::filesystem::path& stem, const LinePlot& plot) {
    return detail::drawn_or_nothing([&] { return line_plot(stem, plot); });
}
inline std::string drawn(const std::filesystem::path& stem, const ScatterPlot& plot) {
    return detail::drawn_or_nothing([&] { return scatter_plot(stem, plot); });
}
inline std::string drawn(const std::filesystem::path& stem, const BarChart& chart) {
    return detail::drawn_or_nothing([&] { return bar_chart(stem, chart); });
}
inline std::string drawn(const std::filesystem::path& stem, const GatePlot& plot) {
    return detail::drawn_or_nothing([&] { return gate_plot(stem, plot); });
}
inline std::string drawn(const std::filesystem::path& stem, const BeliefMap& map) {
    return detail::drawn_or_nothing([&] { return belief_map(stem, map); });
}

/// Something that is 0 or 1, or between, at every step of an episode, beside the steps at which the true subgoal
/// changes. `values` begin with the episode's first step.
template <class Episodes>
GateTrace trace_of(const Episodes& episodes, int episode, std::vector<double> values) {
    GateTrace trace{.label = fmt::format("episode {}", episode + 1), .gates = std::move(values)};
    const int first = episodes.sequences().first(episode), length = episodes.sequences().length(episode);
    for (int row = first + 1; row < first + length; ++row)
        if (episodes.subgoals[static_cast<std::size_t>(row)] != episodes.subgoals[static_cast<std::size_t>(row) - 1])
            trace.changes.push_back(row - first);
    return trace;
}

}  // namespace midstream::examples
