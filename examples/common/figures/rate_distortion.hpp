/// \file
/// Figure 7: rate against distortion of what discovery found, in a sweep over the weight of the rate.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/figures/sweep.hpp"
#include "common/page/page.hpp"
#include "common/page/scatter_plot.hpp"
#include "common/report/figures.hpp"
#include "midstream/analysis/degeneration.hpp"

namespace midstream::examples {

namespace detail {

inline constexpr double aligned_from = 0.8;  ///< precision and recall of switches that are called aligned

/// What discovery came to in a run.
struct Discovered {
    double rate, distortion;   ///< nats an episode, nats a step
    double precision, recall;  ///< within one step
    double chance_precision, chance_recall;
    bool stuck;

    bool aligned() const { return precision >= aligned_from && recall >= aligned_from; }
};

inline std::vector<Discovered> discovered(const Sweep& sweep, const Configuration& configuration) {
    std::vector<Discovered> result;
    for (const std::size_t run : configuration.runs) {
        const auto of = [&](std::string_view column) { return Results::at(sweep.results.column(column), run); };
        // How often gates open alone says whether they are stuck, not what precision is by chance.
        const analysis::SwitchFigures gates{.switches = of("discover-figures.switches"),
                                            .steps = of("discover-figures.steps"),
                                            .early_switches = of("discover-figures.early_switches"),
                                            .early_changes = of("discover-figures.early_changes")};
        const Discovered each{.rate = of("discover-figures.rate"),
                              .distortion = of("discover-figures.action_nll"),
                              .precision = of("discover.precision"),
                              .recall = of("discover.recall"),
                              .chance_precision = of("discover.chance_precision"),
                              .chance_recall = of("discover.chance_recall"),
                              .stuck = !analysis::degenerations(gates).empty()};
        if (!core::is_nan(each.rate)) result.push_back(each);
    }
    return result;
}

/// The median of a member.
inline double median_of(const std::vector<Discovered>& all, double Discovered::*member) {
    std::vector<double> values;
    for (const Discovered& each : all) values.push_back(each.*member);
    return median(values);
}
inline std::string median_pair(const std::vector<Discovered>& all, double Discovered::*first,
                               double Discovered::*second) {
    return number(median_of(all, first), 2) + " / " + number(median_of(all, second), 2);
}

}  // namespace detail

/// Adds the figure to the page; what is missing for it is an Error. `stem` is where the drawings go.
inline void rate_distortion(const Sweep& sweep, const std::filesystem::path& stem, Page& page) {
    static constexpr const char* weight = "discover.alpha";
    core::require(sweep.swept_over(weight), [&] { return sweep.folder.string() + " is not swept over " + weight; });
    ScatterPlot plot{.x_label = "rate (nats an episode)",
                     .y_label = "action loss (nats a step)",
                     .clouds = {},
                     .filled = "aligned",
                     .hollow = "not aligned",
                     .crossed = "gates stuck"};
    Table table{
        .header = {"runs", "seeds", "rate", "action loss", "precision / recall", "by chance", "aligned", "stuck"}};
    for (const std::string& variant : sweep.variants) {
        std::vector<std::vector<std::string>> rows;
        Cloud cloud{.label = variant.empty() ? "all runs" : variant};
        for (const Configuration& configuration : sweep.configurations) {
            if (configuration.variant != variant ||
                std::none_of(configuration.options.begin(), configuration.options.end(),
                             [](const auto& option) { return option.first == weight; }))
                continue;
            const auto found = detail::discovered(sweep, configuration);
            if (found.empty()) continue;
            for (const auto& each : found) {
                cloud.x.push_back(each.rate);
                cloud.y.push_back(each.distortion);
                cloud.filled.push_back(each.aligned());
                cloud.crossed.push_back(each.stuck);
            }
            cloud.path_x.push_back(detail::median_of(found, &detail::Discovered::rate));
            cloud.path_y.push_back(detail::median_of(found, &detail::Discovered::distortion));
            const auto share = [&](const auto& which) {
                return fmt::format("{} of {}", std::count_if(found.begin(), found.end(), which), found.size());
            };
            using D = detail::Discovered;
            rows.push_back({configuration.label("all"), fmt::format("{}", found.size()), number(cloud.path_x.back(), 2),
                            number(cloud.path_y.back()), detail::median_pair(found, &D::precision, &D::recall),
                            detail::median_pair(found, &D::chance_precision, &D::chance_recall),
                            share([](const D& each) { return each.aligned(); }),
                            share([](const D& each) { return each.stuck; })});
        }
        // Of a single weight nothing can be seen.
        if (cloud.path_x.size() < 2) continue;
        plot.clouds.push_back(std::move(cloud));
        table.rows.insert(table.rows.end(), rows.begin(), rows.end());
    }
    core::require(!plot.clouds.empty(), [&] {
        return fmt::format("{}: no variant has runs of more than one {}", sweep.results.path.string(), weight);
    });
    page.heading("Figure 7: rate and distortion");
    page.figure(
        drawn(stem, plot),
        fmt::format("What codes cost an episode, and how well the steered model then predicts the expert's actions, in "
                    "held-out episodes: a point for each run, by variant; a line joins the medians over seeds of "
                    "neighbouring weights of the rate ({}). Filled: switches are aligned, which is said of a precision "
                    "and a recall of {} or more against the true changes of subgoal, within one step; the table has "
                    "what as many switches at random steps come to. Crossed: gates are stuck, open, shut or open at "
                    "the start of episodes alone (docs/how-to/degenerate-runs.md has the bounds).",
                    weight, detail::aligned_from));
    constexpr double least = 0.01;
    for (Cloud& cloud : plot.clouds)
        for (auto* rates : {&cloud.x, &cloud.path_x})
            for (double& rate : *rates) rate = std::max(rate, least);
    plot.log_x = true;
    plot.x_label += ", on a logarithmic scale";
    page.figure(drawn(std::filesystem::path(stem.string() + "-log"), plot),
                fmt::format("The same. Rates below {} are drawn there.", least));
    page.table(table, "The same in numbers, medians over seeds.");
    page.paragraph(sweep.made_of());
}

}  // namespace midstream::examples
