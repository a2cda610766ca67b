/// \file
/// Points of several kinds, of which some are filled and some crossed.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "common/page/line_plot.hpp"

namespace midstream::examples {

/// Points of one kind: a colour and a shape.
struct Cloud {
    std::string label;
    std::vector<double> x = {}, y = {};
    std::vector<bool> filled = {};                 ///< or hollow
    std::vector<bool> crossed = {};                ///< with a cross upon them
    std::vector<double> path_x = {}, path_y = {};  ///< joined by a thin line
};

/// Clouds over common axes, of which x is not negative, and what it means that a point is filled, hollow or crossed.
struct ScatterPlot {
    std::string x_label, y_label;
    std::vector<Cloud> clouds;
    std::string filled, hollow, crossed;
    bool log_x = false;
};

/// Draws points; the CSV has one line per point: cloud,x,y,filled,crossed, those of paths apart. Returns as line_plot.
inline std::string scatter_plot(const std::filesystem::path& stem, const ScatterPlot& plot) {
    using detail::in_quotes;
    const std::string csv = in_quotes(detail::with_ending(stem, ".csv").string());
    std::string numbers = "cloud,x,y,filled,crossed\n", paths, points, key;
    std::size_t line = 0;
    const auto rows = [&](std::size_t count) {
        const std::size_t first = line;
        line += count;
        return fmt::format("{} skip 1 every ::{}::{}", csv, first, line - 1);
    };
    for (std::size_t c = 0; c < plot.clouds.size(); ++c) {
        const Cloud& cloud = plot.clouds[c];
        core::require(cloud.x.size() == cloud.y.size() && cloud.filled.size() == cloud.x.size() &&
                          cloud.crossed.size() == cloud.x.size() && cloud.path_x.size() == cloud.path_y.size(),
                      [&] {
                          return fmt::format("points {} have {} x, {} y, {} filled, {} crossed; they must be as many",
                                             cloud.label, cloud.x.size(), cloud.y.size(), cloud.filled.size(),
                                             cloud.crossed.size());
                      });
        if (cloud.x.empty()) continue;
        for (std::size_t i = 0; i < cloud.x.size(); ++i)
            numbers += fmt::format("{},{},{},{:d},{:d}\n", detail::csv_field(cloud.label), cloud.x[i], cloud.y[i],
                                   static_cast<bool>(cloud.filled[i]), static_cast<bool>(cloud.crossed[i]));
        const auto colour = category_colour(static_cast<int>(c));
        const int mark = static_cast<int>(category_mark(static_cast<int>(c)));
        const std::string these = rows(cloud.x.size());
        points += fmt::format(
            "{0} using 2:($4==1?$3:1/0) with points pointtype {1} pointsize 0.9 linecolor '{2}' notitle, \\\n"
            "{0} using 2:($4==0?$3:1/0) with points pointtype {3} pointsize 0.9 linewidth 1.6 linecolor '{2}' "
            "notitle, \\\n"
            "{0} using 2:($5==1?$3:1/0) with points pointtype 2 pointsize 0.9 linewidth 1.3 linecolor '#222222' "
            "notitle, \\\n",
            these, mark, colour, mark - 1);
        key += fmt::format("keyentry with points pointtype {} pointsize 0.9 linecolor '{}' title {}, \\\n", mark,
                           colour, in_quotes(cloud.label));
        if (cloud.path_x.empty()) continue;
        for (std::size_t i = 0; i < cloud.path_x.size(); ++i)
            numbers += fmt::format("{},{},{},,\n", detail::csv_field(cloud.label + ", path"), cloud.path_x[i],
                                   cloud.path_y[i]);
        paths += fmt::format("{} using 2:3 with lines linetype 1 linewidth 1 linecolor '{}' notitle, \\\n",
                             rows(cloud.path_x.size()), colour);
    }
    core::require(!points.empty(), [&] { return "figure " + stem.string() + " has no points"; });
    detail::write_text(detail::with_ending(stem, ".csv"), numbers);
    const auto meaning = [&](const std::string& text, const std::string& how) {
        if (!text.empty())
            key += fmt::format("keyentry with points {} linecolor '#444444' title {}, \\\n", how, in_quotes(text));
    };
    meaning(plot.filled, "pointtype 7 pointsize 0.9");
    meaning(plot.hollow, "pointtype 6 pointsize 0.9 linewidth 1.6");
    meaning(plot.crossed, "pointtype 2 pointsize 0.9 linewidth 1.3");
    std::string script = detail::style(stem, 400);
    script += fmt::format("set xlabel {}\nset ylabel {}\nset offsets {}, graph 0.03, graph 0.05, graph 0.05\n",
                          in_quotes(plot.x_label), in_quotes(plot.y_label), plot.log_x ? "graph 0.03" : "0");
    double low = std::numeric_limits<double>::infinity(), high = 0;
    for (const Cloud& cloud : plot.clouds)
        for (const double x : cloud.x) low = std::min(low, x), high = std::max(high, x);
    if (plot.log_x) script += detail::log_ticks(low, high);
    script += plot.log_x ? "set logscale x\nset format x '%g'\nset autoscale x noextend\n" : "set xrange [0:*]\n";
    std::string all = paths + points + key;
    all.erase(all.rfind(", \\\n"));
    return detail::draw(stem, script + "plot " + all + "\n");
}

}  // namespace midstream::examples
