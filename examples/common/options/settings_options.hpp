/// \file
/// The settings as options with their valid ranges.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "common/options/options.hpp"
#include "common/options/settings.hpp"

namespace midstream::examples {

/// Declares every setting as an option, named as in "--discover.alpha"; values outside a range are refused with the
/// range.
inline void add_options(Options& options, Settings& s) {
    const auto add = [&]<class T>(const std::string& name, T& value, double low, double high, const std::string& help) {
        options.number(name, value, static_cast<T>(low), static_cast<T>(high), help);
    };
    options.number("seed", s.seed, std::uint64_t{0}, std::uint64_t{std::numeric_limits<std::int64_t>::max()},
                   "seed of all random streams");
    add("threads", s.threads, 0, 1024, "threads (0: all processors); does not change results");
    add("shards", s.shards, 1, 64, "pieces a batch is split into; changes results in the last bits");
    add("gain", s.gain, 0, 100, "factor on controllers when acting, supervised or discovered");
    options.choice(
        "rl-task", s.rl_task, {"unseen", "selection"},
        "what internal and raw-action RL learn: the unseen task, or those by which settings are to be chosen");
    add("checkpoint-seconds", s.checkpoint_seconds, 0.1, 1e6, "time between checkpoints");
    options.text("output", s.output, "folder of checkpoints, metrics and the page; left out: runs/PROGRAM-PRESET-SEED");
    options.text("from", s.from,
                 "file of a trained agent (stage agent): its base model and metacontroller are taken, not trained");
    const auto training = [&](const std::string& stage, auto& o) {
        add(stage + ".steps", o.steps, 1, 1e9, "updates");
        add(stage + ".batch", o.batch, 1, 1e5, "episodes per update");
        add(stage + ".learning-rate", o.learning_rate, 1e-8, 1, "peak learning rate");
    };
    add("record.episodes", s.record.episodes, 0, 1e8,
        "episodes in the data set for pretraining; 0: the expert plays anew for every batch");
    add("record.clean-episodes", s.record.clean_episodes, 0, 1e8, "likewise in the clean one, for all other stages");
    add("record.clean-noise", s.record.clean_noise, 0, 1, "noise of that expert, if it is to have any");
    training("pretrain", s.pretrain);
    add("pretrain.lambda", s.pretrain.lambda, 0, 100, "weight of the next observation's likelihood");
    add("pretrain.ahead", s.pretrain.ahead, 1, 1e4, "steps ahead at which the predicted observation lies");
    add("pretrain.weight-decay", s.pretrain.weight_decay, 0, 10, "decoupled weight decay");
    add("pretrain.beta2", s.pretrain.beta2, 0, 0.99999, "AdamW's decay of the second moment");
    add("pretrain.expert-noise", s.pretrain.expert_noise, 0, 1,
        "of the expert: share of random moves, or deviation of torques");
    training("probe", s.probe);
    add("probe.evaluation", s.probe.evaluation, 1, 1e7, "held-out episodes");
    training("steer", s.steer);
    add("steer.temperature", s.steer.temperature, 0, 10, "of the base model's actions; 0 takes the most likely");
    add("steer.episodes", s.steer.episodes, 1, 1e7, "evaluation episodes");
    add("components.episodes", s.components.episodes, 1, 1e6,
        "episodes to find events of the residual stream in, where the encoder sees such");
    add("components.share", s.components.share, 0, 1,
        "of the largest rise of the action loss: components at which it rises by as much are events");
    add("components.window", s.components.window, 1, 1e6,
        "where events are beliefs that end: steps before and after, over which the stream is averaged");
    add("components.changes", s.components.changes, 1, 1e6,
        "where events are beliefs that end: components of how the stream changes there");
    training("discover", s.discover);
    add("discover.alpha", s.discover.alpha, 0, 100, "weight of the codes' divergence");
    add("discover.alpha-start", s.discover.alpha_start, 0, 100, "alpha at the beginning");
    add("discover.alpha-from", s.discover.alpha_from, 0, 1, "share of the updates at which alpha begins to move");
    add("discover.alpha-until", s.discover.alpha_until, 0, 1, "share of the updates at which alpha has its value");
    add("discover.signal", s.discover.signal, 0, 0.999,
        "deviation of the codes' means, if their information is to be fixed; 0: alpha settles it, as in the paper");
    add("discover.signal-start", s.discover.signal_start, 0, 0.999, "signal at the beginning; 0: as at the end");
    add("discover.signal-from", s.discover.signal_from, 0, 1, "share of the updates at which signal begins to move");
    add("discover.signal-until", s.discover.signal_until, 0, 1, "share of the updates at which signal has its value");
    add("discover.forced-period", s.discover.forced_period, 0, 1e6,
        "if positive, switches are forced to open every so many steps; 1: forced switching, the paper's ablation");
    add("discover.boundary-weight", s.discover.boundary_weight, 0, 1e6,
        "CompILE: weight of the divergence of segments' boundaries, as alpha is of the codes'; 0 without it");
    add("discover.boundary-temperature", s.discover.boundary_temperature, 0, 1e3,
        "CompILE: of the relaxed boundaries; 0 without it");
    add("discover.segment-length", s.discover.segment_length, 0, 500,
        "CompILE: about the steps of a segment, the rate of the prior on its length; 0 without it");
    add("discover.weight-decay", s.discover.weight_decay, 0, 10, "decoupled weight decay");
    add("discover.beta2", s.discover.beta2, 0, 0.99999, "AdamW's decay of the second moment");
    add("discover.evaluation", s.discover.evaluation, 1, 1e6,
        "held-out episodes: of switches, and to transplant codes from");
    options.choice("discover.co-train", s.discover.co_train, {"no", "pretrained", "random"},
                   "the base model is trained as well, from its pretrained or from random parameters");
    add("discover.refine-steps", s.discover.refine_steps, 0, 1e9,
        "further updates of the controllers alone, codes and gates being fixed");
    add("discover.refine-learning-rate", s.discover.refine_learning_rate, 1e-8, 1, "peak learning rate of those");
    add("codes.count", s.codes.count, 1, 1e6, "codes drawn for the fixed-z test");
    add("codes.episodes", s.codes.episodes, 1, 1e6, "episodes for each of them");
    add("inspect.episodes", s.inspect.episodes, 1, 1e7, "episodes to collect codes from, and to inject them in");
    add("inspect.step", s.inspect.step, 1, 1e5, "step at which a code is injected");
    const auto policy_gradient = [&](const std::string& stage, Settings::PolicyGradient& o) {
        add(stage + ".episodes", o.episodes, 1, 2e9, "episodes in all");
        add(stage + ".batch", o.batch, 1, 1e6, "episodes per collected batch");
        add(stage + ".epochs", o.epochs, 1, 1000, "passes over a batch");
        add(stage + ".minibatches", o.minibatches, 1, 1000, "gradient steps per pass");
        add(stage + ".learning-rate", o.learning_rate, 1e-8, 1, "learning rate");
        add(stage + ".beta2", o.beta2, 0, 0.99999, "AdamW's decay of the second moment");
        options.choice(stage + ".advantages", o.advantages, {"normalised", "leave-one-out"},
                       "returns normalised over the batch, or less the mean of the others");
        add(stage + ".group", o.group, 1, 1e5,
            "if more than 1, advantages within groups of so many episodes that begin in the same world");
        add(stage + ".clip", o.clip, 0.001, 1, "clipping of the density ratio");
        add(stage + ".entropy-weight", o.entropy_weight, 0, 1e3,
            "weight of the entropy of actions, per decision; falls as the learning rate does");
        add(stage + ".entropy-below", o.entropy_below, -1e3, 1e3,
            "nats: only decisions of less entropy are paid that weight");
    };
    policy_gradient("internal", s.internal);
    add("internal.temperature", s.internal.temperature, 0, 10, "of the base model's actions");
    add("internal.threshold", s.internal.threshold, 0, 1,
        "the switch opens where its gate reaches this; 0: where the switch itself says");
    policy_gradient("raw", s.raw);
}

}  // namespace midstream::examples
