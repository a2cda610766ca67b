/// \file
/// What internal RL and raw-action RL share: one algorithm, on codes or on the model's own actions.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "common/files/stage.hpp"
#include "common/files/tables.hpp"
#include "common/stages/run.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"

namespace midstream::examples {

/// How the returns of a batch become advantages.
using Advantages = rl::BatchNormalised;

/// A policy's learner; its parameters are yet to be drawn.
template <class Policy, class P>
AdamWLearner<Policy> new_policy_learner(const Run<P>& run, const Settings::PolicyGradient& o) {
    return {.optimiser = {.beta2 = o.beta2, .weight_decay = 0}, .shards = run.settings.shards};
}

/// Gradient steps in all.
inline std::int64_t updates(const Settings::PolicyGradient& o) {
    return static_cast<std::int64_t>((o.episodes + o.batch - 1) / o.batch) * o.epochs * o.minibatches;
}

/// Trains a policy in an environment, then measures its modes in a batch of episodes. The table counts every episode of
/// the task that was played before a row's batch, the `before` ones that preceded training included.
template <class Policy, class P, class Environment>
void train_policy(Run<P>& run, const std::string& name, const std::string& description,
                  const Settings::PolicyGradient& o, AdamWLearner<Policy>& learner, core::Random random,
                  const Environment& environment, int before = 0) {
    using Learner = AdamWLearner<Policy>;
    const std::int64_t total = updates(o);
    const int per_batch = o.epochs * o.minibatches;
    Stage<Learner> stage(run.folder, name, description, learner, total,
                         {"episodes", "success", "decisions", "length", "divergence", "clipped"},
                         run.settings.checkpoint_seconds, "episodes", static_cast<double>(o.batch) / per_batch);
    rl::ClippedPolicyGradient<Environment, Policy, Learner, Advantages> algorithm(
        environment, learner,
        {.batch = o.batch, .epochs = o.epochs, .minibatches = o.minibatches, .clip = static_cast<float>(o.clip)});
    while (!stage.finished()) {
        const std::int64_t batch = learner.steps() / per_batch;
        const double left =
            run.settings.constant_rates ? 1 : 1 - static_cast<double>(learner.steps()) / static_cast<double>(total);
        const auto report =
            algorithm.update(run.parallel, o.learning_rate * left, random, static_cast<float>(o.entropy_weight * left));
        stage.record({static_cast<double>(before + batch * o.batch), report.success, report.decisions, report.length,
                      report.sums.divergence / std::max(1.0, report.sums.decisions),
                      report.sums.clipped / std::max(1.0, report.sums.decisions)});
        stage.tick([&] { return fmt::format("success {:.3f}, {:.1f} decisions", report.success, report.decisions); });
    }
    const std::string table = name + "-modes";
    once(run.folder, table, description, {table.c_str()}, [&] {
        const auto modes = algorithm.collect(run.parallel, random.fork(~std::uint64_t{0}), 0);
        write_table(run.folder / (table + ".csv"), {"row", "success", "decisions", "length"},
                    {{0, modes.success, modes.decisions, modes.length}});
    });
}

}  // namespace midstream::examples
