/// \file
/// The stage `raw-rl`: the base model itself learns the unseen task, by the same algorithm on its own actions, for
/// comparison.
#pragma once

#include "common/stages/policy_gradient.hpp"
#include "common/stages/pretrain.hpp"

namespace midstream::examples {

template <class P>
core::Description about_raw_rl(const Run<P>& run) {
    auto about = about_policy_gradient("raw-rl", run.settings.raw);
    return about.set("constant_rates", run.settings.constant_rates)
        .set("advantages", Advantages(run.settings.raw).about())
        .set("world", run.rl_world())
        .set("base", about_pretraining(run))
        .set("learner", new_policy_learner<typename P::Base>(run, run.settings.raw));
}

/// Trains a copy of the base model on, or goes on where an earlier run stopped.
template <class P>
void raw_rl(Run<P>& run) {
    using Base = typename P::Base;
    auto learner = new_policy_learner<Base>(run, run.settings.raw);
    *learner.parameters = base_model(run);
    train_policy<Base>(run, "raw-rl", core::text(about_raw_rl(run)), run.settings.raw, learner,
                       run.stream(Stream::raw_rl).fork(1), rl_batch(run, run.settings.raw));
}

}  // namespace midstream::examples
