/// \file
/// Curves over a common x axis.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "common/page/colours.hpp"
#include "common/page/gnuplot.hpp"
#include "midstream/core/contract.hpp"

namespace midstream::examples {

/// How a point is marked, as gnuplot counts; one less is the same, hollow.
enum class Mark { square = 5, disc = 7, triangle = 9, down = 11, diamond = 13, pentagon = 15 };

/// Marks that tell categories apart where colours are not seen.
inline Mark category_mark(int category) {
    constexpr std::array marks{Mark::disc, Mark::square, Mark::triangle, Mark::diamond, Mark::down, Mark::pentagon};
    return marks[static_cast<std::size_t>(category) % marks.size()];
}

/// A curve. `low` and `high`, if given, bound a shaded band around it (quartiles over seeds, say).
struct Series {
    std::string label;
    std::vector<double> x = {}, y = {};
    std::vector<double> low = {}, high = {};
    bool points = false;  ///< mark the points: few, far apart
    bool joined = true;   ///< draw lines from point to point
    bool dashed = false;  ///< a reference or baseline
    int colour = -1;      ///< index into the palette; -1: by position
    Mark mark = Mark::disc;
    /// Of curves that may lie upon each other: a pattern of dashes for each number, so that those below are seen. 0:
    /// none.
    int dashes = 0;
};

/// A level to compare with, drawn as a thin dashed line with its name: "Bayes optimum" at 0.247, say.
struct Level {
    std::string label;
    double y;
};

/// Curves over a common x axis. A NaN bound leaves that end of the axis to gnuplot.
struct LinePlot {
    std::string x_label, y_label;
    std::vector<Series> series;
    bool log_x = false;
    double y_low = std::numeric_limits<double>::quiet_NaN();
    double y_high = std::numeric_limits<double>::quiet_NaN();
    std::vector<Level> levels = {};
    std::string key_title = {};     ///< what labels are values of
    int width = 640, height = 360;  ///< smaller ones have larger letters where they stand side by side
};

namespace detail {

/// The smallest of 1, 2, 5, 10, 20, 50, ... that is not below `value`.
inline double nice_step(double value) {
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= value * (1 - 1e-9)) return factor * power;
    return 10 * power;
}

inline const char* dash_pattern(int number) {
    constexpr std::array patterns{"solid", "(9,4)", "(4,4)", "(11,3,2,3)", "(2,3)"};
    return patterns[static_cast<std::size_t>(number) % patterns.size()];
}

/// 20k rather than 20000, 1.5M rather than 1.5e+06.
inline std::string tick_label(double x) {
    return x < 1e3 ? fmt::format("{:g}", x) : x < 1e6 ? fmt::format("{:g}k", x / 1e3) : fmt::format("{:g}M", x / 1e6);
}

/// Ticks for a logarithmic x axis that spans so little that those of gnuplot, at powers of ten, would be few.
inline std::string log_ticks(double low, double high) {
    if (!(low > 0) || high / low >= 100) return {};
    const auto factors = high / low < 10 ? std::vector{1.0, 1.5, 2.0, 3.0, 5.0, 7.0} : std::vector{1.0, 2.0, 5.0};
    std::string ticks;
    for (double power = std::pow(10.0, std::floor(std::log10(low))); power <= high; power *= 10)
        for (const double factor : factors)
            if (const double x = factor * power; x >= low && x <= high)
                ticks += fmt::format("{}'{}' {}", ticks.empty() ? "" : ", ", tick_label(x), x);
    return ticks.empty() ? ticks : "set xtics (" + ticks + ")\n";
}

/// Ticks for a x axis; numbers from ten thousand on have short labels.
inline std::string x_axis(const LinePlot& plot) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Series& series : plot.series)
        for (const double x : series.x) low = std::min(low, x), high = std::max(high, x);
    if (plot.log_x) {
        core::require(low > 0, [&] {
            return "a logarithmic x axis needs positive values, the smallest is " + std::to_string(low);
        });
        return fmt::format("set logscale x\nset format x '{}'\nset xrange [{}:{}]\n", low >= 1 ? "%.0s%c" : "%g", low,
                           high) +
               log_ticks(low, high);
    }
    if (!(high > low)) return {};
    std::string axis = fmt::format("set xrange [{}:{}]\n", low, high);
    const auto whole = [](double x) { return x == std::floor(x); };
    const bool all_whole = std::all_of(plot.series.begin(), plot.series.end(), [&](const Series& series) {
        return std::all_of(series.x.begin(), series.x.end(), whole);
    });
    if (all_whole && high - low <= 12) return axis + "set xtics 1\n";
    if (high < 10'000 || low < 0) return axis;
    const double step = nice_step((high - low) / 6);
    std::string ticks;
    for (double x = std::ceil(low / step) * step; x <= high * (1 + 1e-9); x += step)
        ticks += fmt::format("{}'{}' {}", ticks.empty() ? "" : ", ", tick_label(x), x);
    return axis + "set xtics (" + ticks + ")\n";
}

}  // namespace detail

/// Draws curves; the CSV has one line per point: series,x,y,low,high. Returns the <svg> element, for a page, or
/// nothing without gnuplot.
inline std::string line_plot(const std::filesystem::path& stem, const LinePlot& plot) {
    using detail::in_quotes;
    const std::string csv = in_quotes(detail::with_ending(stem, ".csv").string());
    std::string numbers = "series,x,y,low,high\n", bands, curves;
    std::size_t line = 0;
    for (std::size_t s = 0; s < plot.series.size(); ++s) {
        const Series& series = plot.series[s];
        const bool band = !series.low.empty();
        core::require(series.x.size() == series.y.size() &&
                          (!band || (series.low.size() == series.x.size() && series.high.size() == series.x.size())),
                      [&] {
                          return "series " + series.label + " has " + std::to_string(series.x.size()) + " x, " +
                                 std::to_string(series.y.size()) + " y, " + std::to_string(series.low.size()) +
                                 " low and " + std::to_string(series.high.size()) +
                                 " high values; they must be as many (no low and high: no band)";
                      });
        if (series.x.empty()) continue;
        for (std::size_t i = 0; i < series.x.size(); ++i) {
            numbers += fmt::format("{},{},{},", detail::csv_field(series.label), series.x[i], series.y[i]);
            numbers += band ? fmt::format("{},{}\n", series.low[i], series.high[i]) : std::string(",\n");
        }
        const auto colour = category_colour(series.colour >= 0 ? series.colour : static_cast<int>(s));
        const std::string rows = fmt::format("{} skip 1 every ::{}::{}", csv, line, line + series.x.size() - 1);
        line += series.x.size();
        if (band)
            bands += fmt::format(
                "{} using 2:4:5 with filledcurves linecolor '{}' fillstyle transparent solid 0.18 noborder notitle, "
                "\\\n",
                rows, colour);
        curves += fmt::format(
            "{} using 2:3 with {} linetype 1 linewidth {} dashtype {} linecolor '{}' {} title {}, \\\n", rows,
            !series.joined  ? "points"
            : series.points ? "linespoints"
                            : "lines",
            series.dashed ? 1.6 : 2.2, series.dashed ? "(8,5)" : detail::dash_pattern(series.dashes), colour,
            series.points ? fmt::format("pointtype {} pointsize 0.5", static_cast<int>(series.mark)) : "",
            in_quotes(series.label));
    }
    core::require(!curves.empty(), [&] { return "figure " + stem.string() + " has no points"; });
    detail::write_text(detail::with_ending(stem, ".csv"), numbers);

    std::string script = detail::style(stem, plot.height, plot.width);
    script += fmt::format("set xlabel {}\nset ylabel {}\nset yrange {}\n", in_quotes(plot.x_label),
                          in_quotes(plot.y_label), detail::range(plot.y_low, plot.y_high));
    script += detail::x_axis(plot);
    if (plot.series.size() == 1 && plot.levels.empty()) script += "set key off\n";
    // gnuplot takes the key of a narrow drawing for narrower than it is.
    if (plot.width < 640) script += "set key maxcols 2\n";
    if (!plot.key_title.empty()) script += fmt::format("set key title {} left\n", in_quotes(plot.key_title));
    std::string levels;
    for (const Level& level : plot.levels)
        levels +=
            fmt::format("{} with lines linetype 1 linewidth 1.3 dashtype (3,3) linecolor '#444444' title {}, \\\n",
                        level.y, in_quotes(level.label));
    std::string all = bands + levels + curves;
    all.erase(all.rfind(", \\\n"));
    return detail::draw(stem, script + "plot " + all + "\n");
}

}  // namespace midstream::examples
