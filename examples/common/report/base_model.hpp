/// \file
/// The page's section on the base model: pretraining and probes.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "common/report/figures.hpp"
#include "common/report/results.hpp"
#include "common/report/world_report.hpp"

namespace midstream::examples {

/// Adds the section to the page. `folder` is the run's.
inline void base_model_section(const std::filesystem::path& folder, const RunResults& r, const WorldReport& world,
                               Page& page) {
    page.heading("1. The base model");
    std::vector<Level> least;
    if (!core::is_nan(world.least_loss)) least.push_back({world.least_loss_name, world.least_loss});
    page.figure(drawn(folder / "plot-pretrain", LinePlot{.x_label = "episodes",
                                                         .y_label = "action loss (nats/step)",
                                                         .series = {{.label = "base model",
                                                                     .x = r.pretrain.column("episodes"),
                                                                     .y = r.pretrain.column("action_nll")}},
                                                         .y_low = world.loss_low,
                                                         .levels = least}),
                "Loss of the next action during pretraining. " + world.least_loss_caption);

    const auto& accuracy = r.probe.column("accuracy");
    std::vector<std::string> layers;
    for (std::size_t l = 0; l < accuracy.size(); ++l) layers.push_back(fmt::format("{}", l));
    page.figure(drawn(folder / "plot-probe", BarChart{.x_label = "layer of the residual stream",
                                                      .y_label = "accuracy",
                                                      .categories = layers,
                                                      .bars = {{.label = "linear probe", .values = accuracy}},
                                                      .y_high = 1}),
                "How well a linear probe reads the current subgoal from each layer, over all time steps." +
                    (core::is_nan(world.most_accuracy)
                         ? std::string()
                         : fmt::format(" The exact posterior's best guess is right {} of the time.",
                                       number(world.most_accuracy, 2))));
}

}  // namespace midstream::examples
