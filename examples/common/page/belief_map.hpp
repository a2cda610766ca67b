/// \file
/// Beliefs about which of several alternatives holds, over time.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "common/page/colours.hpp"
#include "common/page/gnuplot.hpp"
#include "midstream/core/contract.hpp"

namespace midstream::examples {

/// What somebody believes at each step of an episode.
struct Belief {
    std::string label;                            ///< whose belief it is
    std::vector<std::vector<double>> steps = {};  ///< by step, then by alternative: its probability
};

/// An episode: what was true at each step, and beliefs about it.
struct BeliefTrace {
    std::string label;
    std::vector<int> truth = {};       ///< the alternative that holds at each step
    std::vector<Belief> beliefs = {};  ///< one beneath the other
};

/// Beliefs in several episodes, a strip for each belief (Fig. 3).
struct BeliefMap {
    std::vector<BeliefTrace> traces;
    std::string x_label = "time step";
    std::string alternative_label = "subgoal";
    std::string truth_label = "true subgoal";
    std::string scale_label = "probability";
};

/// Draws beliefs over time, a strip for each with a row for each alternative, darker where that is more probable; the
/// true one is framed. The CSV has one line per step and alternative: episode,belief,step,alternative,probability,true.
/// Returns as line_plot.
inline std::string belief_map(const std::filesystem::path& stem, const BeliefMap& map) {
    using detail::in_quotes;
    core::require(!map.traces.empty(), [&] { return "figure " + stem.string() + " has no episodes"; });
    const std::string csv = in_quotes(detail::with_ending(stem, ".csv").string());
    constexpr double title = 1.5, gap = 0.5, last_gap = 0.9;  // rows are 1 high
    std::string numbers = "episode,belief,step,alternative,probability,true\n", marks, ticks, strips;
    std::size_t line = 0, longest = 1;
    double top = 0;  // y goes down
    for (const BeliefTrace& trace : map.traces) {
        const std::size_t length = trace.truth.size();
        core::require(length > 0 && !trace.beliefs.empty(),
                      [&] { return trace.label + " has no steps or no beliefs"; });
        longest = std::max(longest, length);
        top += title;
        marks +=
            fmt::format("set label {} at 0,{} left front textcolor '#222222'\n", in_quotes(trace.label), top - 0.75);
        for (const Belief& belief : trace.beliefs) {
            core::require(belief.steps.size() == length, [&] {
                return fmt::format("the belief {} of {} has {} steps; the episode has {}", belief.label, trace.label,
                                   belief.steps.size(), length);
            });
            const std::size_t alternatives = belief.steps.front().size(), first = line;
            for (std::size_t t = 0; t < length; ++t) {
                core::require(belief.steps[t].size() == alternatives, [&] {
                    return fmt::format("the belief {} of {} has {} alternatives at step {}, and {} at step 0",
                                       belief.label, trace.label, belief.steps[t].size(), t, alternatives);
                });
                core::require_range(trace.truth[t], 0, static_cast<int>(alternatives) - 1,
                                    "what is true in " + trace.label);
                for (std::size_t a = 0; a < alternatives; ++a, ++line)
                    numbers += fmt::format("{},{},{},{},{:.4g},{}\n", detail::csv_field(trace.label),
                                           detail::csv_field(belief.label), t, a, belief.steps[t][a],
                                           static_cast<int>(a) == trace.truth[t] ? 1 : 0);
            }
            const double height = static_cast<double>(alternatives);
            // What is hardly believed is left white, which keeps drawings of long episodes small.
            strips += fmt::format(
                "{0} skip 1 every ::{1}::{2} using ($3+0.5):({3}+$4+0.5):3:($3+1):({3}+$4):({3}+$4+1):"
                "($5<0.01?NaN:$5) with boxxyerror linecolor palette notitle, \\\n",
                csv, first, line - 1, top);
            marks += fmt::format(
                "set object rectangle from 0,{} to {},{} front fillstyle empty border linecolor '#b0b0b0' linewidth 1\n"
                "set label {} at graph -0.05,first {} right textcolor '#333333' font ',12'\n",
                top, length, top + height, in_quotes(belief.label), top + height / 2);
            for (std::size_t a = 0; a < alternatives; ++a)
                ticks += fmt::format("{}'{}' {}", ticks.empty() ? "" : ", ", a, top + static_cast<double>(a) + 0.5);
            for (std::size_t t = 0, end; t < length; t = end) {
                for (end = t + 1; end < length && trace.truth[end] == trace.truth[t];) ++end;
                marks += fmt::format(
                    "set object rectangle from {},{} to {},{} front fillstyle empty border linecolor '{}' linewidth "
                    "2\n",
                    t, top + trace.truth[t], end, top + trace.truth[t] + 1, palette[1]);
            }
            top += height + gap;
        }
        top += last_gap - gap;
    }
    detail::write_text(detail::with_ending(stem, ".csv"), numbers);

    constexpr double row = 12, key = 34, axis = 52;  // what takes no part in the rows, in units of the drawing
    const double height = key + row * top + axis;
    std::string script = detail::style(stem, static_cast<int>(height));
    script += marks + fmt::format("set label {} at graph -0.008,first {} right textcolor '#333333' font ',9'\n",
                                  in_quotes(map.alternative_label), title - 0.75);
    script += fmt::format(
        "set xlabel {} offset 0,1.2\nset xtics offset 0,0.6\nset xrange [0:{}]\nset yrange [{}:0]\nset border 1\nunset "
        "grid\n"
        "set ytics scale 0 font ',9' offset 0.6,0 ({})\nset lmargin at screen 0.17\nset rmargin at screen 0.97\n"
        "set tmargin at screen {:.4f}\nset bmargin at screen {:.4f}\n"
        "set palette defined (0 '#ffffff', 0.5 '{}', 1 '#00263d')\nset cbrange [0:1]\n"
        "set colorbox horizontal user origin screen 0.77,{:.4f} size screen 0.2,{:.4f}\n"
        "set cbtics scale 0 font ',11' offset 0,0.7 (0, 0.5, 1)\nset label {} at screen 0.75,{:.4f} right\n"
        "set key at screen 0.16,{:.4f} left top\n",
        in_quotes(map.x_label), longest, top, ticks, 1 - key / height, axis / height, palette[0], 1 - 14 / height,
        10 / height, in_quotes(map.scale_label), 1 - 10 / height, 1 - 3 / height);
    strips += fmt::format("NaN with lines linetype 1 linewidth 2 linecolor '{}' title {}", palette[1],
                          in_quotes(map.truth_label));
    return detail::draw(stem, script + "plot " + strips + "\n");
}

}  // namespace midstream::examples
