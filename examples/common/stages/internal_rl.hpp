/// \file
/// The stage `internal-rl`: a policy learns the unseen task, from a reward at its end alone, in the space of the frozen
/// metacontroller's codes. oracle.hpp measures what it can hope for, policy_gradient.hpp has the algorithm.
#pragma once

#include <type_traits>
#include <utility>

#include "common/stages/acting.hpp"
#include "common/stages/policy_gradient.hpp"
#include "common/stages/refine.hpp"
#include "midstream/rl/internal.hpp"
#include "midstream/rl/standard_view.hpp"

namespace midstream::examples {

/// Episodes of the unseen task that are played before internal RL begins, as part of it: what the policy's view is
/// measured in, where that is on a common scale.
template <class P>
inline constexpr int view_episodes = std::is_same_v<typename P::View, rl::Normaliser<P::Base::width>> ? 512 : 0;

template <class P>
core::Description about_internal_rl(const Run<P>& run) {
    auto about = about_policy_gradient("internal-rl", run.settings.internal);
    return about.set("constant_rates", run.settings.constant_rates)
        .set("advantages", Advantages(run.settings.internal).about())
        .set("acting", acting(run))
        .set("world", run.rl_world())
        .set("policy", std::type_identity<typename P::Policy>{})
        .set("view", std::type_identity<typename P::View>{})
        .set("learner", new_policy_learner<typename P::Policy>(run, run.settings.internal))
        .set("codes", about_codes(run));
}

/// How the policy sees the residual stream. What had to be measured is kept beside the policy, which means nothing
/// without it.
template <class P>
typename P::View policy_view(Run<P>& run) {
    typename P::View view{};
    if constexpr (view_episodes < P >> 0) {
        const auto path = run.folder / "internal-rl-view.safetensors";
        const auto description = core::text(about_internal_rl(run));
        const auto contents = [&](auto&& member) { member("view", view); };
        if (io::exists(path)) {
            io::load(path, description, contents);
        } else {
            view = rl::standard_view(RlBatch<P>(run.rl_world(), {.group = 1}), steered(run, acting(run)),
                                     view_episodes<P>, run.stream(Stream::internal_rl).fork(2));
            io::save(path, description, contents);
        }
    }
    return view;
}

/// The unseen task in codes: an environment whose actions these are. The watcher is called before every step.
template <class P, class Watcher = rl::NoWatcher>
auto internal_environment(Run<P>& run, Watcher watcher = {}) {
    using Inner = rl::Internal<RlBatch<P>, typename P::Meta, Watcher, typename P::View>;
    return Inner(rl_batch(run, run.settings.internal), steered(run, acting(run)), std::move(watcher), policy_view(run));
}

/// Trains the policy over codes, or goes on where an earlier run stopped.
template <class P>
void internal_rl(Run<P>& run) {
    using Policy = typename P::Policy;
    const auto& o = run.settings.internal;
    auto learner = new_policy_learner<Policy>(run, o);
    Policy::initialise(*learner.parameters, run.stream(Stream::internal_rl).fork(0));
    train_policy<Policy>(run, "internal-rl", core::text(about_internal_rl(run)), o, learner,
                         run.stream(Stream::internal_rl).fork(1), internal_environment(run), view_episodes<P>);
}

/// The policy once trained, for pictures.
template <class P>
AdamWLearner<typename P::Policy> trained_policy(const Run<P>& run) {
    using Learner = AdamWLearner<typename P::Policy>;
    auto learner = new_policy_learner<typename P::Policy>(run, run.settings.internal);
    Stage<Learner>::load_finished(run.folder, "internal-rl", core::text(about_internal_rl(run)), learner,
                                  updates(run.settings.internal));
    return learner;
}

}  // namespace midstream::examples
