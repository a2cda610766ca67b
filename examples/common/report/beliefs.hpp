/// \file
/// What of the subgoal can be read from the base model in single episodes, beside what can be known of it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "common/report/figures.hpp"
#include "common/report/world_report.hpp"
#include "common/stages/probe.hpp"

namespace midstream::examples {

/// Adds belief maps of the first `belief_episodes` of `episodes`, which are held_out_episodes: what the best layer's
/// probe reads, and beneath it the exact posterior where the world has one.
template <class P>
void belief_figure(Run<P>& run, const typename P::Episodes& episodes, const WorldReport& world, Page& page) {
    using Probes = analysis::Probes<typename P::Base, P::subgoals>;
    if (!has_probes(run)) {
        page.paragraph("Beliefs in single episodes are not shown: the folder has no probes of this base model.");
        return;
    }
    const auto probes = trained_probes(run);
    const auto best = std::max_element(probes.begin(), probes.end(),
                                       [](const auto& a, const auto& b) { return a.accuracy < b.accuracy; });
    const auto layer = static_cast<std::size_t>(best - probes.begin());
    typename Probes::template Tape<float> tape;
    Probes::forward(base_model(run), episodes, tape);
    BeliefMap map;
    for (int e = 0; e < std::min(belief_episodes, episodes.count()); ++e) {
        BeliefTrace trace{.label = fmt::format("episode {}", e + 1)};
        Belief read{.label = "probe"};
        const int first = episodes.sequences().first(e), length = episodes.sequences().length(e);
        for (int row = first; row < first + length; ++row) {
            const auto belief = best->read(tape.base.residual[layer].view().row(row));
            read.steps.emplace_back(belief.begin(), belief.end());
            trace.truth.push_back(episodes.subgoals[static_cast<std::size_t>(row)]);
        }
        trace.beliefs.push_back(std::move(read));
        if (!world.posteriors.empty()) trace.beliefs.push_back(world.posteriors[static_cast<std::size_t>(e)]);
        map.traces.push_back(std::move(trace));
    }
    page.figure(
        drawn(run.folder / "plot-beliefs", map),
        fmt::format(
            "Which subgoal the expert is after, as the linear probe of layer {} reads it from the base model at "
            "every step of {} episodes that it was not trained on: the darker, the more probable. The true "
            "subgoal is framed; the model was never told it.{}",
            layer, map.traces.size(),
            world.posteriors.empty()
                ? ""
                : " Beneath it what can be known at best: the exact posterior of who knows the tasks and the "
                  "expert and has seen the same steps. Where that is undecided no reader can be sure."));
}

}  // namespace midstream::examples
