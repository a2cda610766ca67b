/// \file
/// The stage `discover`: the metacontroller learns, without labels, to steer the frozen base model by codes that it
/// switches between: the paper's abstract actions. refine.hpp trains its controllers on, codes.hpp tests its codes.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "common/announce.hpp"
#include "common/stages/components.hpp"
#include "midstream/analysis/alignment.hpp"
#include "midstream/analysis/degeneration.hpp"
#include "midstream/analysis/inferred.hpp"

namespace midstream::examples {

/// Its parameters are yet to be drawn.
template <class P>
AdamWLearner<typename P::Meta> new_meta_learner(const Run<P>& run) {
    const auto& o = run.settings.discover;
    return {.optimiser = {.beta2 = o.beta2, .weight_decay = o.weight_decay}, .shards = run.settings.shards};
}

template <class P>
core::Description about_discovery(const Run<P>& run) {
    core::Description about{"discover"};
    if constexpr (finds_events<P>) about.set("observer", about_components(run));
    return about.set("settings", run.settings.discover)
        .set("passes", P::pass_options(run.settings.discover))
        .set("metacontroller", std::type_identity<typename P::Meta>{})
        .set("initialisation", P::meta_initialisation)
        .set("learner", new_meta_learner(run))
        .set("rate", run.rate(run.settings.discover))
        .set("episodes", about_episodes(run, Data::clean))
        .set("base", about_pretraining(run));
}

/// How passes over whole episodes are made once discovery is done.
template <class P>
typename P::Meta::Options pass_options(Run<P>& run) {
    auto options = P::pass_options(run.settings.discover);
    options.observer = observer(run);
    return options;
}

/// The update at this share of all.
inline std::int64_t update_at(const Settings::Discover& o, double share) {
    return static_cast<std::int64_t>(share * static_cast<double>(o.steps));
}
/// The weight of the divergence over the updates.
inline train::Ramp alpha_ramp(const Settings::Discover& o) {
    return {o.alpha_start, o.alpha, update_at(o, o.alpha_from), update_at(o, o.alpha_until)};
}
/// The deviation of the codes' means, if their information is fixed.
inline train::Ramp signal_ramp(const Settings::Discover& o) {
    return {o.signal_start > 0 ? o.signal_start : o.signal, o.signal, update_at(o, o.signal_from),
            update_at(o, o.signal_until)};
}

/// What may be degenerate of a metacontroller in these episodes.
struct DiscoveryFigures {
    analysis::SwitchFigures switches;
    analysis::CodeFigures codes;

    analysis::Degenerations degenerations() const {
        auto result = analysis::degenerations(switches);
        for (auto& each : analysis::degenerations(codes)) result.push_back(std::move(each));
        return result;
    }
};
/// The first of these episodes, and the action loss of the model alone in them, to compare with.
template <class P>
struct Unsteered {
    static constexpr int most = 32;  ///< episodes
    int rows = 0;
    double action_nll = 0;  ///< nats a step

    Unsteered(const typename P::Base::template Parameters<float>& base, const typename P::Episodes& episodes) {
        typename P::Episodes some;
        for (int i = 0; i < std::min(most, episodes.count()); ++i) train::append_episode(episodes, i, some);
        typename P::Base::template Tape<float> tape;
        rows = some.rows();
        action_nll = train::pretraining_loss<typename P::Base, float>(base, some, 0, 0, tape, core::Frozen{}).action /
                     std::max(1, rows);
    }
};
/// `inferred` is of these episodes, the first of which are those of `unsteered`.
template <class P, class Inferred>
DiscoveryFigures discovery_figures_of(const Inferred& inferred, const typename P::Episodes& episodes,
                                      const Unsteered<P>& unsteered) {
    double steered = 0;
    for (int row = 0; row < unsteered.rows; ++row) steered += inferred.action_nll.view().data[row];
    return {analysis::switch_figures(inferred.gates.view().flat(), episodes.sequences(), episodes.subgoals),
            {.divergence = inferred.sums.divergence / std::max(1.0, inferred.sums.episodes),
             .steered = steered / std::max(1, unsteered.rows),
             .unsteered = unsteered.action_nll}};
}

/// Trains the metacontroller, or goes on where an earlier run stopped. Its table says how well switches meet the true
/// changes of subgoal, of which training knows nothing.
template <class P>
void discover(Run<P>& run) {
    using Meta = typename P::Meta;
    const auto& o = run.settings.discover;
    const auto& base = base_model(run);
    auto learner = new_meta_learner(run);
    P::meta_initialisation.template initialise<Meta>(*learner.parameters, run.stream(Stream::discovery).fork(0));
    Stage<AdamWLearner<Meta>> stage(
        run.folder, "discover", core::text(about_discovery(run)), learner, o.steps,
        {"action_nll", "divergence", "switches", "precision", "recall", "eval_nll", "chance_precision", "chance_recall",
         "offset", "precision_0", "recall_0", "chance_precision_0", "chance_recall_0"},
        run.settings.checkpoint_seconds);

    const auto final_options = pass_options(run);
    const auto options_at = [&, signal = signal_ramp(o)](std::int64_t step) {
        auto options = final_options;
        options.signal = signal(step);
        return options;
    };
    const auto held_out = held_out_episodes(run, o.evaluation);
    const Unsteered<P> unsteered(base, held_out);
    // While weights still move, gates and codes may be anything.
    const std::int64_t settled = update_at(o, std::max({0.25, o.alpha_until, o.signal_until}));
    Announcer announcer("discover");
    train::LossSums& recent = stage.window();
    const std::int64_t every = std::max<std::int64_t>(1, o.steps / 60);
    const auto report = [&](std::int64_t step, const train::LossSums& sums) {
        recent += sums;
        if (step % every == 0) {
            const auto inferred = analysis::infer(run.parallel, rl::Steered<Meta>(base, *learner.parameters), held_out,
                                                  run.stream(Stream::evaluation).fork(1), final_options);
            // Within a step, and to the step.
            const auto gates = inferred.gates.view();
            const auto match = analysis::alignment(gates, held_out.sequences(), held_out.subgoals);
            const auto exact = analysis::alignment(gates, held_out.sequences(), held_out.subgoals, {.tolerance = 0});
            stage.record({recent.action / recent.steps, recent.divergence / recent.steps, match.switches,
                          match.precision, match.recall, inferred.sums.action / inferred.sums.steps,
                          match.chance_precision, match.chance_recall, match.offset, exact.precision, exact.recall,
                          exact.chance_precision, exact.chance_recall});
            if (step >= settled) {
                auto figures = discovery_figures_of<P>(inferred, held_out, unsteered);
                figures.switches.precision = match.precision;
                figures.switches.chance_precision = match.chance_precision;
                announcer.look(figures.degenerations());
            }
        }
        stage.tick([&] {
            return fmt::format("NLL {:.3f} KL {:.2f} gate {:.2f}", sums.action / sums.steps,
                               sums.divergence / sums.steps, sums.gates / sums.steps);
        });
        return true;
    };
    with_source(run, Data::clean, [&](const auto& source) {
        train::discover<Meta>(run.parallel, base, learner, source, {.steps = o.steps, .batch = o.batch}, alpha_ramp(o),
                              options_at, run.rate(o), run.stream(Stream::discovery).fork(1), report);
    });
    core::Description about{"discover-figures"};
    about.set("episodes", o.evaluation).set("discovered", about_discovery(run));
    once(run.folder, "discover-figures", core::text(about), {"discover-figures"}, [&] {
        const auto inferred = analysis::infer(run.parallel, rl::Steered<Meta>(base, *learner.parameters), held_out,
                                              run.stream(Stream::evaluation).fork(1), final_options);
        const auto figures = discovery_figures_of<P>(inferred, held_out, unsteered);
        write_table(run.folder / "discover-figures.csv",
                    {"row", "switches", "steps", "early_switches", "early_changes", "divergence", "steered_nll",
                     "unsteered_nll"},
                    {{0, figures.switches.switches, figures.switches.steps, figures.switches.early_switches,
                      figures.switches.early_changes, figures.codes.divergence, figures.codes.steered,
                      figures.codes.unsteered}});
    });
}

}  // namespace midstream::examples
