/// \file
/// Figures 8 and A5: success by episodes, of every variant of a sweep.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/figures/sweep.hpp"
#include "common/page/page.hpp"
#include "common/report/figures.hpp"

namespace midstream::examples {

namespace detail {

/// Success by episodes in the runs of a configuration: the median, between quartiles. `table` has the rows of all runs.
inline Series success_curve(const Sweep& sweep, const Results& table, const Configuration& configuration) {
    std::map<double, std::vector<double>> by_episodes;
    const auto &run = table.column("run"), &episodes = table.column("episodes"), &success = table.column("success"),
               &number = sweep.results.column("run");
    for (std::size_t row = 0; row < run.size(); ++row)
        for (const std::size_t each : configuration.runs)
            if (number[each] == run[row]) by_episodes[episodes[row]].push_back(success[row]);
    Series series;
    for (const auto& [x, values] : by_episodes) {
        series.x.push_back(x);
        series.y.push_back(median(values));
        series.low.push_back(quantile(values, 0.25));
        series.high.push_back(quantile(values, 0.75));
    }
    return series;
}

/// Without what a logarithmic axis has no place for.
inline Series positive(const Series& series) {
    Series result = series;
    for (auto* values : {&result.x, &result.y, &result.low, &result.high}) values->clear();
    for (std::size_t i = 0; i < series.x.size(); ++i) {
        if (series.x[i] <= 0) continue;
        result.x.push_back(series.x[i]);
        result.y.push_back(series.y[i]);
        result.low.push_back(series.low[i]);
        result.high.push_back(series.high[i]);
    }
    return result;
}

}  // namespace detail

/// Adds the figure to the page; what is missing for it is an Error. `stem` is where the drawings go.
inline void learning_curves(const Sweep& sweep, const std::filesystem::path& stem, Page& page) {
    static constexpr std::array<std::pair<const char*, const char*>, 2> stages{
        {{"internal-rl", "internal RL"}, {"raw-rl", "raw-action RL"}}};
    std::vector<Series> curves;
    Table table{
        .header = {"variant", "options", "seeds", "lower quartile", "median", "upper quartile", "processor time"}};
    std::vector<std::string> without;
    for (const auto& configuration : sweep.configurations) {
        const bool alone = std::count_if(sweep.configurations.begin(), sweep.configurations.end(),
                                         [&](const auto& c) { return c.variant == configuration.variant; }) == 1;
        if (!configuration.best && !alone) continue;
        bool drawn = false;
        for (const auto& [stage, name] : stages) {
            if (!sweep.has_table(stage)) continue;
            const Results rows = sweep.table(stage);
            // Before any run has got there the table has the runs' columns alone.
            if (rows.column("run").empty()) continue;
            Series series = detail::success_curve(sweep, rows, configuration);
            if (series.x.empty()) continue;
            series.label = configuration.label(name);
            if (drawn) series.label += ", " + std::string(name);
            series.dashes = static_cast<int>(curves.size());
            curves.push_back(std::move(series));
            drawn = true;
        }
        if (!drawn) {
            without.push_back(configuration.label("the sweep"));
            continue;
        }
        table.rows.push_back({configuration.variant, configuration.options_text(), number(configuration.seeds, 0),
                              number(configuration.lower), number(configuration.middle), number(configuration.upper),
                              Sweep::hours_text(sweep.hours(configuration))});
    }
    core::require(!curves.empty(), [&] {
        return fmt::format("{} has no rows of internal-rl.csv or raw-rl.csv: name them in the file's 'curves'",
                           sweep.folder.string());
    });
    page.heading("Figures 8 and A5: success by episodes");
    LinePlot plot{.x_label = "episodes", .y_label = "success", .series = curves, .y_low = 0, .y_high = 1};
    plot.height += 22 * std::max(0, static_cast<int>(curves.size()) - 2);  // the legend may be one column
    page.figure(drawn(stem, plot),
                "Success in the episodes of each batch: the median over seeds, and in the shade from the lower to the "
                "upper quartile. Of a variant that was swept over options the configuration with the best median is "
                "drawn; they are named beside it.");
    for (Series& series : plot.series) series = detail::positive(series);
    // A logarithmic axis takes two batches after the first, which is at no episodes.
    if (std::any_of(plot.series.begin(), plot.series.end(), [](const Series& series) { return series.x.size() > 1; })) {
        plot.log_x = true;
        plot.x_label = "episodes, on a logarithmic scale";
        page.figure(drawn(std::filesystem::path(stem.string() + "-log"), plot), "The same from the second batch on.");
    }
    page.table(table, "What was drawn: quartiles over seeds of the mean success in the last tenth of the batches.");
    for (const std::string& each : without) page.paragraph("Not drawn, as no run of it has rows: " + each + ".");
    page.paragraph(sweep.made_of());
}

}  // namespace midstream::examples
