/// \file
/// The second part of the stage `discover`: the controllers are trained on, alone and at a high rate, while codes and
/// gates stay what they are. They then carry over better to transitions that pretraining never showed
/// (docs/laptop-scale.md). After this the metacontroller is frozen as well.
#pragma once

#include <cstdint>
#include <memory>

#include "common/stages/discover.hpp"

namespace midstream::examples {

/// Its parameters are yet to be those that discovery left.
template <class P>
AdamWLearner<typename P::Meta> new_refine_learner(const Run<P>& run) {
    return {.optimiser = {.beta2 = run.settings.discover.beta2,
                          .weight_decay = 0,
                          .rates = {.prefix = "bank", .others = 0}},  // the controllers alone
            .shards = run.settings.shards};
}

template <class P>
typename P::Meta::Options refine_options(const Run<P>& run) {
    auto options = P::pass_options(run.settings.discover);
    options.training = false;  // codes stay what they are
    return options;
}

inline train::WarmupLinearDecay refine_rate(const Settings::Discover& o) {
    return {o.refine_learning_rate, o.refine_steps / 50, o.refine_steps};
}

template <class P>
core::Description about_refinement(const Run<P>& run) {
    core::Description about{"refine"};
    return about.set("rate", refine_rate(run.settings.discover))
        .set("discovered", about_discovery(run))
        .set("passes", refine_options(run))
        .set("learner", new_refine_learner(run));
}

/// Does nothing where the settings ask for no such updates.
template <class P>
void refine(Run<P>& run) {
    using Meta = typename P::Meta;
    const auto& o = run.settings.discover;
    if (o.refine_steps == 0) return;
    auto learner = new_refine_learner(run);
    load_discovered(run, *learner.parameters);
    Stage<AdamWLearner<Meta>> stage(run.folder, "refine", core::text(about_refinement(run)), learner, o.refine_steps,
                                    {"action_nll"}, run.settings.checkpoint_seconds);
    auto options = refine_options(run);
    options.observer = observer(run);
    with_source(run, Data::clean, [&](const auto& source) {
        train::discover<Meta>(
            run.parallel, acting_base_model(run), learner, source, {.steps = o.refine_steps, .batch = o.batch},
            train::Constant{0.0}, [&](std::int64_t) { return options; }, refine_rate(o),
            run.stream(Stream::discovery).fork(2), report_action_loss(stage, o.refine_steps));
    });
}

/// What codes come from.
template <class P>
core::Description about_codes(const Run<P>& run) {
    if (run.given) return run.about_given();
    return run.settings.discover.refine_steps > 0 ? about_refinement(run) : about_discovery(run);
}

/// The metacontroller once discovered and refined, or as it was given: then without its encoder.
template <class P>
const typename P::Meta::template Parameters<float>& metacontroller(Run<P>& run) {
    if (run.given) return *run.given->agent.meta;
    auto& loaded = run.loaded.metacontroller;
    if (!loaded) {
        using Learner = AdamWLearner<typename P::Meta>;
        const auto& o = run.settings.discover;
        auto learner = std::make_unique<Learner>(new_refine_learner(run));
        if (o.refine_steps > 0)
            Stage<Learner>::load_finished(run.folder, "refine", core::text(about_refinement(run)), *learner,
                                          o.refine_steps);
        else
            load_discovered(run, *learner->parameters);
        loaded = std::move(learner);
    }
    return *loaded->parameters;
}

}  // namespace midstream::examples
