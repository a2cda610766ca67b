/// \file
/// What a stage measured at each layer of models that were pretrained in different ways: drawings and a table of a
/// sweep's runs, for the figures that show it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/figures/sweep.hpp"
#include "common/page/page.hpp"
#include "common/report/figures.hpp"

namespace midstream::examples {

/// A measure by layer, and which runs are drawn.
struct ByLayer {
    const char* stage;   ///< its table has the columns "layer" and `column`
    const char* column;  ///< the measure; the axis is named by it
    const char* swept;   ///< options that begin with this tell models apart
    const char* wanted;  ///< those in words: "an option of pretraining"
    double y_low = std::numeric_limits<double>::quiet_NaN();
    double y_high = std::numeric_limits<double>::quiet_NaN();
    int width = 420, height = 320;  ///< of a drawing; these stand side by side
};

/// A drawing for each variant that was swept over such options, a line for each of its configurations, and which layer
/// is best by the median.
struct DrawnByLayer {
    std::vector<Figure> figures;
    Table table;
};

/// Draws them; what is missing for that is an Error. `stem` is where the drawings go.
inline DrawnByLayer draw_by_layer(const Sweep& sweep, const ByLayer& what, const std::filesystem::path& stem) {
    core::require(std::any_of(sweep.options.begin(), sweep.options.end(),
                              [&](const std::string& option) { return option.starts_with(what.swept); }),
                  [&] { return fmt::format("{} is not swept over {}", sweep.folder.string(), what.wanted); });
    const Results rows = sweep.table(what.stage);
    const auto &run = rows.column("run"), &number_of_run = sweep.results.column("run");
    core::require(!run.empty(), [&] {
        return fmt::format("{} has no rows: no run has come to '{}'", rows.path.string(), what.stage);
    });
    const auto &layer = rows.column("layer"), &value = rows.column(what.column);
    DrawnByLayer result{.figures = {},
                        .table = {.header = {"variant", "options", "seeds", "best layer",
                                             std::string(what.column) + " there", "processor time"}}};
    for (const std::string& variant : sweep.variants) {
        LinePlot plot{
            .x_label = "layer", .y_label = what.column, .series = {}, .y_low = what.y_low, .y_high = what.y_high};
        plot.width = what.width;
        plot.height = what.height;
        for (const Configuration& configuration : sweep.configurations) {
            if (configuration.variant != variant ||
                std::none_of(configuration.options.begin(), configuration.options.end(),
                             [&](const auto& option) { return option.first.starts_with(what.swept); }))
                continue;
            std::map<double, std::vector<double>> by_layer;
            for (std::size_t row = 0; row < run.size(); ++row)
                for (const std::size_t each : configuration.runs)
                    if (number_of_run[each] == run[row]) by_layer[layer[row]].push_back(value[row]);
            if (by_layer.empty()) continue;
            const bool one = configuration.options.size() == 1;
            const auto& [name, setting] = configuration.options.front();
            if (one) plot.key_title = name;
            Series series{.label = one ? setting : configuration.options_text(), .points = true};
            series.mark = category_mark(static_cast<int>(plot.series.size()));
            for (const auto& [x, values] : by_layer) {
                series.x.push_back(x);
                series.y.push_back(median(values));
                series.low.push_back(quantile(values, 0.25));
                series.high.push_back(quantile(values, 0.75));
            }
            const auto best = std::max_element(series.y.begin(), series.y.end()) - series.y.begin();
            result.table.rows.push_back(
                {variant, configuration.options_text(), fmt::format("{}", by_layer.begin()->second.size()),
                 number(series.x[static_cast<std::size_t>(best)], 0), number(series.y[static_cast<std::size_t>(best)]),
                 Sweep::hours_text(sweep.hours(configuration))});
            plot.series.push_back(std::move(series));
        }
        if (plot.series.empty()) continue;
        const std::filesystem::path own = stem.string() + fmt::format("-{}", result.figures.size() + 1);
        result.figures.push_back({drawn(own, plot), variant.empty() ? "All runs" : variant});
    }
    core::require(!result.figures.empty(), [&] {
        return fmt::format("{} has no rows of runs that were swept over {}", rows.path.string(), what.wanted);
    });
    return result;
}

}  // namespace midstream::examples
