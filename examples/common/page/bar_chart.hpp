/// \file
/// Groups of bars.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "common/page/colours.hpp"
#include "common/page/gnuplot.hpp"
#include "midstream/core/contract.hpp"

namespace midstream::examples {

/// The bars of one colour, one per category; `low` and `high`, if given, are drawn as error bars.
struct Bars {
    std::string label;
    std::vector<double> values = {};
    std::vector<double> low = {}, high = {};
};

/// Groups of bars side by side, one group per category.
struct BarChart {
    std::string x_label, y_label;
    std::vector<std::string> categories;
    std::vector<Bars> bars;
    double y_low = 0;
    double y_high = std::numeric_limits<double>::quiet_NaN();
};

/// Draws groups of bars; the CSV has one line per bar: category,bars,value,low,high. Returns as line_plot.
inline std::string bar_chart(const std::filesystem::path& stem, const BarChart& chart) {
    using detail::in_quotes;
    core::require(!chart.categories.empty() && !chart.bars.empty(),
                  [&] { return "figure " + stem.string() + " has no bars"; });
    const std::string csv = in_quotes(detail::with_ending(stem, ".csv").string());
    const auto groups = chart.categories.size();
    const double width = 0.8 / static_cast<double>(chart.bars.size());
    std::string numbers = "category,bars,value,low,high\n", boxes, errors;
    for (std::size_t b = 0; b < chart.bars.size(); ++b) {
        const Bars& bars = chart.bars[b];
        const bool error = !bars.low.empty();
        core::require(
            bars.values.size() == groups && (!error || (bars.low.size() == groups && bars.high.size() == groups)), [&] {
                return "bars " + bars.label + " have " + std::to_string(bars.values.size()) + " values, " +
                       std::to_string(bars.low.size()) + " low and " + std::to_string(bars.high.size()) +
                       " high; the categories are " + std::to_string(groups);
            });
        for (std::size_t c = 0; c < groups; ++c) {
            numbers += fmt::format("{},{},{},", detail::csv_field(chart.categories[c]), detail::csv_field(bars.label),
                                   bars.values[c]);
            numbers += error ? fmt::format("{},{}\n", bars.low[c], bars.high[c]) : std::string(",\n");
        }
        const std::string rows = fmt::format("{} skip 1 every ::{}::{}", csv, b * groups, (b + 1) * groups - 1);
        const double centre = (static_cast<double>(b) - (static_cast<double>(chart.bars.size()) - 1) / 2) * width;
        boxes += fmt::format("{} using ($0+({})):3:({}) with boxes linecolor '{}' title {}, \\\n", rows, centre,
                             0.92 * width, category_colour(static_cast<int>(b)), in_quotes(bars.label));
        if (error)
            errors += fmt::format(
                "{} using ($0+({})):4:(0):($5-$4) with vectors nohead linewidth 1.6 linecolor '#222222' notitle, \\\n",
                rows, centre);
    }
    detail::write_text(detail::with_ending(stem, ".csv"), numbers);

    std::string script = detail::style(stem), ticks;
    for (std::size_t c = 0; c < groups; ++c)
        ticks += fmt::format("{}{} {}", c > 0 ? ", " : "", in_quotes(chart.categories[c]), c);
    script += fmt::format(
        "set xlabel {}\nset ylabel {}\nset yrange {}\nset xrange [-0.6:{}]\nset xtics scale 0 ({})\nset errorbars "
        "small\n",
        in_quotes(chart.x_label), in_quotes(chart.y_label), detail::range(chart.y_low, chart.y_high),
        static_cast<double>(groups) - 0.4, ticks);
    if (chart.bars.size() == 1) script += "set key off\n";
    std::string all = boxes + errors;
    all.erase(all.rfind(", \\\n"));
    return detail::draw(stem, script + "plot " + all + "\n");
}

}  // namespace midstream::examples
