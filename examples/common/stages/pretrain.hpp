/// \file
/// The stage `pretrain`: a sequence model learns to predict the expert's actions and what it observes next.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "common/files/stage.hpp"
#include "common/stages/episodes.hpp"

namespace midstream::examples {

/// Its parameters are yet to be drawn.
template <class P>
BaseLearner<P> new_base_learner(const Run<P>& run) {
    return {.optimiser = P::base_optimiser(run.settings.pretrain), .shards = run.settings.shards};
}

/// What a base model is at a glance; all of it stands elsewhere as well.
template <class P>
std::string base_summary(const Run<P>& run) {
    const auto& o = run.settings.pretrain;
    constexpr auto world = P::World::world;
    return fmt::format("{} x {} with {} colours; seed {}; pretrain steps {} batch {} learning rate {}", world.size,
                       world.size, world.colours, run.settings.seed, o.steps, o.batch, o.learning_rate);
}

template <class P>
core::Description about_pretraining(const Run<P>& run) {
    if (run.given) return run.about_given();
    core::Description about{"pretrain"};
    return about.set("seed", run.settings.seed)
        .set("settings", run.settings.pretrain)
        .set("episodes", about_episodes(run, Data::noisy))
        .set("model", std::type_identity<typename P::Base>{})
        .set("initialisation", P::initialisation)
        .set("learner", new_base_learner(run))
        .set("rate", run.rate(run.settings.pretrain))
        .set("summary", base_summary(run));
}

/// Trains the base model, or goes on where an earlier run stopped.
template <class P>
void pretrain(Run<P>& run) {
    const auto& o = run.settings.pretrain;
    auto learner = new_base_learner(run);
    P::initialisation.template initialise<typename P::Base>(*learner.parameters,
                                                            run.stream(Stream::pretraining).fork(0));
    Stage<BaseLearner<P>> stage(run.folder, "pretrain", core::text(about_pretraining(run)), learner, o.steps,
                                {"episodes", "action_nll", "target_nll"}, run.settings.checkpoint_seconds);
    if (stage.finished()) return;
    train::LossSums& recent = stage.window();
    const std::int64_t every = std::max<std::int64_t>(1, o.steps / 200);
    const auto report = [&](std::int64_t step, const train::LossSums& sums) {
        recent += sums;
        const double nll = recent.action / recent.steps;
        if (step % every == 0)
            stage.record({static_cast<double>(step * o.batch), nll,
                          recent.target / std::max(1.0, recent.steps - recent.episodes)});
        stage.tick([&] { return fmt::format("action NLL {:.3f}", nll); });
        return true;
    };
    with_source(run, Data::noisy, [&](const auto& source) {
        train::pretrain<typename P::Base>(run.parallel, learner, train::looking_ahead(source, o.ahead),
                                          {.steps = o.steps, .batch = o.batch, .lambda = o.lambda}, run.rate(o),
                                          run.stream(Stream::pretraining).fork(1), report);
    });
    forget(run, Data::noisy);
}

/// The base model once pretrained, or as it was given, frozen from here on.
template <class P>
const typename P::Base::template Parameters<float>& base_model(Run<P>& run) {
    if (run.given) return *run.given->agent.base;
    auto& loaded = run.loaded.base_model;
    if (!loaded) {
        auto learner = std::make_unique<BaseLearner<P>>(new_base_learner(run));
        Stage<BaseLearner<P>>::load_finished(run.folder, "pretrain", core::text(about_pretraining(run)), *learner,
                                             run.settings.pretrain.steps);
        loaded = std::move(learner);
    }
    return *loaded->parameters;
}

}  // namespace midstream::examples
