/// \file
/// What internal RL and raw-action RL share: one algorithm, on codes or on the model's own actions.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "common/announce.hpp"
#include "common/files/stage.hpp"
#include "common/files/tables.hpp"
#include "common/stages/run.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"

namespace midstream::examples {

/// How the returns of a batch become advantages: one of the library's rules of returns, chosen at run time, so that a
/// program does not compile its RL once for each.
struct Advantages {
    bool leave_one_out = false;
    int group = 1;  ///< if more than 1, within groups

    explicit Advantages(const Settings::PolicyGradient& o)
        : leave_one_out(o.advantages == "leave-one-out"), group(o.group) {}

    void operator()(std::span<const float> returns, std::span<float> advantages) const {
        with_rule([&](const auto& rule) { rule(returns, advantages); });
    }
    /// Of the rule that this is.
    core::Description about() const {
        core::Description description;
        with_rule([&](const auto& rule) { description = core::describe(rule); });
        return description;
    }

private:
    template <class Work>
    void with_rule(Work&& work) const {
        const auto in_groups = [&]<class Rule>(Rule rule) {
            if (group > 1)
                work(rl::Grouped<Rule>{.rule = rule, .group = group});
            else
                work(rule);
        };
        if (leave_one_out)
            in_groups(rl::LeaveOneOut{});
        else
            in_groups(rl::BatchNormalised{});
    }
};

/// Environments whose episodes begin in groups, or each in a world of its own.
template <class P>
using RlBatch = env::Batched<typename P::World, env::StreamPerGroup>;
template <class P>
RlBatch<P> rl_batch(const Run<P>& run, const Settings::PolicyGradient& o) {
    return RlBatch<P>(run.rl_world(), {.group = o.group});
}

/// A policy's learner; its parameters are yet to be drawn.
template <class Policy, class P>
AdamWLearner<Policy> new_policy_learner(const Run<P>& run, const Settings::PolicyGradient& o) {
    return {.optimiser = {.beta2 = o.beta2, .weight_decay = 0}, .shards = run.settings.shards};
}

/// Gradient steps in all.
inline std::int64_t updates(const Settings::PolicyGradient& o) {
    return static_cast<std::int64_t>((o.episodes + o.batch - 1) / o.batch) * o.epochs * o.minibatches;
}

/// Begins the description of a policy that is trained so. A bonus for entropy says where it ends, if it does.
inline core::Description about_policy_gradient(const char* stage, const Settings::PolicyGradient& o) {
    core::Description about{stage};
    about.set("settings", o);
    if (o.entropy_weight > 0 && o.entropy_below < o.any_entropy) about.set("entropy_below", o.entropy_below);
    return about;
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
        {.batch = o.batch, .epochs = o.epochs, .minibatches = o.minibatches, .clip = static_cast<float>(o.clip)},
        Advantages(o));
    Announcer announcer(name, 1);
    analysis::RewardFigures rewards{.successes = 0};  // of the beginning: not of a run that goes on
    while (!stage.finished()) {
        const std::int64_t batch = learner.steps() / per_batch;
        const double left =
            run.settings.constant_rates ? 1 : 1 - static_cast<double>(learner.steps()) / static_cast<double>(total);
        const auto report = algorithm.update(run.parallel, o.learning_rate * left, random,
                                             {.weight = o.entropy_weight * left, .below = o.entropy_below});
        stage.record({static_cast<double>(before + batch * o.batch), report.success, report.decisions, report.length,
                      report.sums.divergence / std::max(1.0, report.sums.decisions),
                      report.sums.clipped / std::max(1.0, report.sums.decisions)});
        if (batch == static_cast<std::int64_t>(rewards.batches)) {
            rewards.batches += 1;
            rewards.episodes += o.batch;
            rewards.successes += report.success * o.batch;
            announcer.look(analysis::degenerations(rewards));
        }
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
