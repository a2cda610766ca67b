/// \file
/// The stage `discover`: the metacontroller learns, without labels, to steer the frozen base model by codes that it
/// switches between: the paper's abstract actions. refine.hpp trains its controllers on, codes.hpp tests its codes.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "common/stages/components.hpp"
#include "midstream/analysis/alignment.hpp"
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
}

}  // namespace midstream::examples
