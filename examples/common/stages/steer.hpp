/// \file
/// The stage `steer`: supervised controllers, told the true subgoals, at every layer of the frozen base model.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/announce.hpp"
#include "common/files/tables.hpp"
#include "common/stages/pretrain.hpp"
#include "midstream/analysis/steered_success.hpp"
#include "midstream/control/supervised.hpp"

namespace midstream::examples {

/// One controller for each subgoal, at this layer.
template <class P, int Layer>
using SupervisedAt = control::Supervised<typename P::Base, Layer, P::subgoals, typename P::Meta::ControllerForm>;

template <class Controllers, class P>
AdamWLearner<Controllers> new_controllers_learner(const Run<P>& run) {
    return {.optimiser = {.beta2 = run.settings.discover.beta2}, .shards = run.settings.shards};
}

template <class Controllers, class P>
core::Description about_steering(const Run<P>& run) {
    core::Description about{"steer"};
    return about.set("settings", run.settings.steer)
        .set("controllers", std::type_identity<Controllers>{})
        .set("learner", new_controllers_learner<Controllers>(run))
        .set("rate", run.rate(run.settings.steer))
        .set("episodes", about_episodes(run, Data::clean))
        .set("base", about_pretraining(run));
}
/// The same of the tables of all layers.
template <class P>
core::Description about_steering_tables(const Run<P>& run) {
    core::Description about{"steer"};
    if (run.has_selection()) about.set("selection", typename P::World(*P::selection_tasks()));
    return about.set("settings", run.settings.steer)
        .set("temperature", run.settings.steer.temperature)
        .set("evaluation", run.settings.steer.episodes)
        .set("gain", run.settings.gain)
        .set("form", std::type_identity<typename P::Meta::ControllerForm>{})
        .set("world", run.unseen_world())
        .set("episodes", about_episodes(run, Data::clean))
        .set("base", about_pretraining(run));
}

/// The unseen transitions' columns come last, each named "from>to".
template <class P>
std::vector<std::string> steer_columns() {
    std::vector<std::string> columns{"layer", "action_nll", "success", "selection"};
    for (const auto& [from, to] : P::unseen_transitions()) columns.push_back(fmt::format("{}>{}", from, to));
    return columns;
}
/// What was not measured is NaN.
template <class P>
std::vector<double> steer_row(int layer, double nll, const analysis::SteeredSuccess& unseen, double selection) {
    std::vector<double> row{static_cast<double>(layer), nll, unseen.success(), selection};
    for (const auto& [from, to] : P::unseen_transitions()) row.push_back(unseen.transition(from, to).share());
    return row;
}

/// Trains the controllers of one layer and returns its row of the table; adds rows to the table of gains.
template <int Layer, class P>
std::vector<double> steer_at(Run<P>& run, std::vector<std::vector<double>>& gains) {
    using Controllers = SupervisedAt<P, Layer>;
    const auto& o = run.settings.steer;
    const auto& base = base_model(run);
    auto learner = new_controllers_learner<Controllers>(run);
    Controllers::initialise(*learner.parameters, run.stream(Stream::steering).fork(Layer));
    const std::string name = fmt::format("steer-{}", Layer);
    Stage<AdamWLearner<Controllers>> stage(run.folder, name, core::text(about_steering<Controllers>(run)), learner,
                                           o.steps, {"action_nll"}, run.settings.checkpoint_seconds);
    with_source(run, Data::clean, [&](const auto& source) {
        train::supervise<Controllers>(run.parallel, base, learner, source, {.steps = o.steps, .batch = o.batch},
                                      run.rate(o), run.stream(Stream::steering).fork(100 + Layer),
                                      report_action_loss(stage, o.steps));
    });

    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    const auto losses = io::read_csv(run.folder / (name + ".csv")).column("action_nll");
    const auto success = [&](const typename P::World& world, double gain, std::uint64_t draw) {
        return analysis::steered_success<Controllers>(
            run.parallel, typename Run<P>::Batch(world), base, *learner.parameters, o.episodes,
            run.stream(Stream::evaluation).fork(draw + Layer),
            {.temperature = static_cast<float>(o.temperature), .gain = static_cast<float>(gain)});
    };
    const auto on_selection = [&](double gain) {
        return run.has_selection() ? success(typename P::World(*P::selection_tasks()), gain, 400).success() : unknown;
    };
    if (run.has_selection())
        for (const double gain : {1.0, 1.5, 2.0, 3.0, 4.0})
            gains.push_back({static_cast<double>(Layer), gain, on_selection(gain)});
    // Who deleted the table of a finished stage has lost its loss.
    return steer_row<P>(Layer, losses.empty() ? unknown : losses.back(),
                        success(run.unseen_world(), run.settings.gain, 200), on_selection(run.settings.gain));
}

/// Supervised controllers at every layer, each evaluated on the unseen task, and on the tasks for selection, of which
/// nothing is reported: by those a layer and a gain are to be chosen. The base model left to itself for comparison.
template <class P>
void steer(Run<P>& run) {
    once(run.folder, "steer", core::text(about_steering_tables(run)), {"steer", "steer-base", "steer-gains"}, [&] {
        std::vector<std::vector<double>> rows, gains;
        const auto& base = base_model(run);
        [&]<int... Layer>(std::integer_sequence<int, Layer...>) { (rows.push_back(steer_at<Layer>(run, gains)), ...); }
        (std::make_integer_sequence<int, P::Base::depth>{});
        const auto& o = run.settings.steer;
        const auto alone = analysis::base_success<typename P::Base>(
            run.parallel, typename Run<P>::Batch(run.unseen_world()), base, P::subgoals, o.episodes,
            run.stream(Stream::evaluation).fork(399), {.temperature = static_cast<float>(o.temperature)});
        analysis::ControllerFigures controllers{.alone = alone.success()};
        for (const auto& row : rows) controllers.success = std::fmax(controllers.success, row[2]);  // the best layer's
        announce("steer", analysis::degenerations(controllers));
        constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
        write_table(run.folder / "steer-base.csv", steer_columns<P>(), {steer_row<P>(-1, unknown, alone, unknown)});
        write_table(run.folder / "steer-gains.csv", {"layer", "gain", "selection"}, gains);
        write_table(run.folder / "steer.csv", steer_columns<P>(), rows);
    });
}

}  // namespace midstream::examples
