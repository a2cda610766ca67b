/// \file
/// Figure A2: success of supervised controllers by layer, for models that were pretrained in different ways.
#pragma once

#include <fmt/format.h>

#include <algorithm>
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

/// Adds the figure to the page, a drawing for each variant that was swept over options of pretraining; what is missing
/// for it is an Error. `stem` is where the drawings go.
inline void steering_by_layer(const Sweep& sweep, const std::filesystem::path& stem, Page& page) {
    static constexpr std::string_view prefix = "pretrain.";
    const auto pretraining = [](const auto& option) { return option.first.starts_with(prefix); };
    core::require(std::any_of(sweep.options.begin(), sweep.options.end(),
                              [](const std::string& option) { return option.starts_with(prefix); }),
                  [&] { return sweep.folder.string() + " is not swept over an option of pretraining"; });
    const Results rows = sweep.table("steer");
    const auto &run = rows.column("run"), &number_of_run = sweep.results.column("run");
    core::require(!run.empty(), [&] { return rows.path.string() + " has no rows: no run has come to 'steer'"; });
    const auto &layer = rows.column("layer"), &success = rows.column("success");
    std::vector<Figure> figures;
    Table table{.header = {"variant", "options", "seeds", "best layer", "success there", "processor time"}};
    for (const std::string& variant : sweep.variants) {
        LinePlot plot{.x_label = "layer", .y_label = "success", .series = {}, .y_low = 0, .y_high = 1};
        plot.width = 420;
        plot.height = 320;
        for (const Configuration& configuration : sweep.configurations) {
            if (configuration.variant != variant ||
                std::none_of(configuration.options.begin(), configuration.options.end(), pretraining))
                continue;
            std::map<double, std::vector<double>> by_layer;
            for (std::size_t row = 0; row < run.size(); ++row)
                for (const std::size_t each : configuration.runs)
                    if (number_of_run[each] == run[row]) by_layer[layer[row]].push_back(success[row]);
            if (by_layer.empty()) continue;
            const bool one = configuration.options.size() == 1;
            const auto& [name, value] = configuration.options.front();
            if (one) plot.key_title = name;
            Series series{.label = one ? value : configuration.options_text(), .points = true};
            series.mark = category_mark(static_cast<int>(plot.series.size()));
            for (const auto& [x, values] : by_layer) {
                series.x.push_back(x);
                series.y.push_back(median(values));
                series.low.push_back(quantile(values, 0.25));
                series.high.push_back(quantile(values, 0.75));
            }
            const auto best = std::max_element(series.y.begin(), series.y.end()) - series.y.begin();
            table.rows.push_back(
                {variant, configuration.options_text(), fmt::format("{}", by_layer.begin()->second.size()),
                 number(series.x[static_cast<std::size_t>(best)], 0), number(series.y[static_cast<std::size_t>(best)]),
                 Sweep::hours_text(sweep.hours(configuration))});
            plot.series.push_back(std::move(series));
        }
        if (plot.series.empty()) continue;
        const std::filesystem::path own = stem.string() + fmt::format("-{}", figures.size() + 1);
        figures.push_back({drawn(own, plot), variant.empty() ? "All runs" : variant});
    }
    core::require(!figures.empty(), [&] {
        return rows.path.string() + " has no rows of runs that were swept over an option of pretraining";
    });
    page.heading("Figure A2: supervised controllers by layer");
    for (std::size_t i = 0; i < figures.size(); i += 2)  // as two in a row are readable
        page.figures({figures.begin() + static_cast<std::ptrdiff_t>(i),
                      figures.begin() + static_cast<std::ptrdiff_t>(std::min(i + 2, figures.size()))});
    page.paragraph(
        "Success on the unseen task of supervised controllers, told the true subgoal, at each layer of models that "
        "were pretrained in different ways: the median over seeds, and in the shade from the lower to the upper "
        "quartile.");
    page.table(table, "The layer that is best by the median.");
    page.paragraph(sweep.made_of());
}

}  // namespace midstream::examples
