/// \file
/// The page's section on internal and raw-action RL.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "common/report/figures.hpp"
#include "common/report/results.hpp"
#include "common/report/world_report.hpp"
#include "common/stages/internal_rl.hpp"

namespace midstream::examples {

/// The running mean of success over some batches, against episodes.
inline Series success_series(const Results& results, std::string label, int colour) {
    Series series{.label = std::move(label), .colour = colour};
    const auto &episodes = results.column("episodes"), &success = results.column("success");
    const std::size_t window = std::max<std::size_t>(1, success.size() / 60);
    for (std::size_t i = 0; i + window <= success.size(); i += window) {
        double sum = 0;
        for (std::size_t k = i; k < i + window; ++k) sum += success[k] / static_cast<double>(window);
        series.x.push_back(episodes[i + window - 1]);
        series.y.push_back(sum);
    }
    return series;
}

/// Adds the section's figures to the page.
template <class P>
void internal_rl_section(const Run<P>& run, const RlResults& r, const WorldReport& world, Page& page) {
    if (run.settings.rl_task != "unseen")
        page.paragraph(
            "What RL learned here is not the unseen task but the tasks for selection, of which nothing is reported: "
            "wherever this page speaks of internal and raw-action RL, it means those.");
    std::vector<Level> expert;
    if (world.expert_success < 1) expert.push_back({"expert", world.expert_success});
    page.figure(drawn(run.folder / "plot-rl", LinePlot{.x_label = "episodes",
                                                       .y_label = "success on the unseen task",
                                                       .series = {success_series(r.internal, "internal RL (codes)", 0),
                                                                  success_series(r.raw, "raw-action RL", 1)},
                                                       .y_low = 0,
                                                       .y_high = 1,
                                                       .levels = expert}),
                fmt::format("Success on the unseen task, sparse reward. The same algorithm acts on controller codes or "
                            "on the model's own actions. One run, seed {}.{}{}",
                            run.settings.seed,
                            view_episodes<P> > 0
                                ? fmt::format(" The first {} episodes teach internal RL's policy nothing but the scale "
                                              "of what it sees.",
                                              view_episodes<P>)
                                : std::string(),
                            run.given ? std::string()
                                      : fmt::format(" Not counted are the episodes in which supervised controllers and "
                                                    "who is told the subgoals were measured ({} each): no policy "
                                                    "learns from them.",
                                                    run.settings.steer.episodes)));
    if (!world.rollouts.empty()) page.figures(world.rollouts);
}

}  // namespace midstream::examples
