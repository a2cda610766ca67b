/// \file
/// Switch gates over time.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "common/page/colours.hpp"
#include "common/page/gnuplot.hpp"
#include "midstream/core/contract.hpp"

namespace midstream::examples {

/// A gate over the time steps of one episode, and the steps at which the true subgoal changes.
struct GateTrace {
    std::string label;
    std::vector<double> gates = {};  ///< beta_1, ..., beta_T, each in [0, 1]
    std::vector<int> changes = {};   ///< steps (from 0) at which another subgoal begins
};

/// Gates of several episodes, one strip each (Fig. 6).
struct GatePlot {
    std::vector<GateTrace> traces;
    std::string x_label = "time step";
    std::string gate_label = "switch gate (0 to 1)";
};

/// Draws gates over time, a strip for each episode, with a vertical line wherever the true subgoal changes; the CSV
/// has one line per step: episode,step,gate,change. Returns as line_plot.
inline std::string gate_plot(const std::filesystem::path& stem, const GatePlot& plot) {
    using detail::in_quotes;
    core::require(!plot.traces.empty(), [&] { return "figure " + stem.string() + " has no episodes"; });
    const std::string csv = in_quotes(detail::with_ending(stem, ".csv").string());
    const int count = static_cast<int>(plot.traces.size());
    constexpr double pitch = 1.3;  // strips are 1 high
    std::string numbers = "episode,step,gate,change\n", script = detail::style(stem, 90 + 58 * std::max(2, count)),
                ticks, strips;
    std::size_t line = 0, longest = 1;
    for (int e = 0; e < count; ++e) {
        const GateTrace& trace = plot.traces[static_cast<std::size_t>(e)];
        core::require(!trace.gates.empty(), [&] { return "episode " + trace.label + " has no gates"; });
        const double base = (count - 1 - e) * pitch;
        std::vector<bool> change(trace.gates.size(), false);
        for (const int step : trace.changes) {
            core::require_range(step, 0, static_cast<int>(trace.gates.size()) - 1,
                                "a subgoal change of episode " + trace.label);
            change[static_cast<std::size_t>(step)] = true;
            script += fmt::format(
                "set arrow from {0},{1} to {0},{2} nohead front linewidth 2 dashtype (4,2) linecolor '{3}'\n", step,
                base, base + 1.12, palette[1]);
        }
        for (std::size_t t = 0; t < trace.gates.size(); ++t)
            numbers +=
                fmt::format("{},{},{},{}\n", detail::csv_field(trace.label), t, trace.gates[t], change[t] ? 1 : 0);
        script += fmt::format("set arrow from 0,{0} to {1},{0} nohead back linewidth 1 linecolor '#c8c8c8'\n", base,
                              trace.gates.size());
        ticks += fmt::format("{}{} {}", e > 0 ? ", " : "", in_quotes(trace.label), base + 0.5);
        // A bar per step, from its beginning to its end, so that sharp and soft gates look as they are.
        strips += fmt::format(
            "{} skip 1 every ::{}::{} using ($2+0.5):({}):($2):($2+1):({}):({}+$3) with boxxyerror linecolor '{}' {}, "
            "\\\n",
            csv, line, line + trace.gates.size() - 1, base, base, base, palette[0],
            e == 0 ? "title " + in_quotes(plot.gate_label) : "notitle");
        line += trace.gates.size();
        longest = std::max(longest, trace.gates.size());
    }
    detail::write_text(detail::with_ending(stem, ".csv"), numbers);
    script += fmt::format(
        "set xlabel {}\nset xrange [0:{}]\nset yrange [-0.1:{}]\nset border 1\nunset grid\nset ytics scale 0 ({})\n",
        in_quotes(plot.x_label), longest, (count - 1) * pitch + 1.15, ticks);
    strips += fmt::format(
        "NaN with lines linetype 1 linewidth 2 dashtype (4,2) linecolor '{}' title 'true subgoal change'", palette[1]);
    return detail::draw(stem, script + "plot " + strips + "\n");
}

}  // namespace midstream::examples
