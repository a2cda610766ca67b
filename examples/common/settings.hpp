/// \file
/// The run-time hyperparameters of a chain of stages, as options with their valid ranges.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "common/options.hpp"

namespace midstream::examples {

/// What shapes a stage's checkpoint describes itself (midstream/core/describe.hpp); what only evaluates it is left out.
struct Settings {
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: as many as OpenMP has
    int shards = 4;   ///< part of the run: another number gives other bits
    std::string output;
    double checkpoint_seconds = 20;
    double gain = 1;  ///< factor on controllers when acting
    /// Learning rates stay constant, as in the paper, instead of falling to zero in the end; fixed by the preset.
    bool constant_rates = false;

    /// Data sets of the expert's episodes: D to pretrain on, D* (clean, as the paper has it) for all else. With none,
    /// experts are played anew for every batch.
    struct Record {
        int episodes = 0;
        int clean_episodes = 0;
        double clean_noise = 0;  ///< of the expert in D*; as Pretrain::expert_noise
    } record{};
    struct Pretrain {
        std::int64_t steps;
        int batch;
        double learning_rate;
        double lambda = 0.01;
        int ahead = 1;  ///< how many steps ahead the predicted observation lies
        double weight_decay = 0.03;
        double beta2 = 0.99;
        double expert_noise = 0;  ///< gridworld: share of random moves; ant: deviation of what is added to the torques

        static constexpr void describe(const auto& self, auto&& part) {
            part("steps", self.steps);
            part("batch", self.batch);
            part("learning_rate", self.learning_rate);
            part("lambda", self.lambda);
            part("ahead", self.ahead);
            part("weight_decay", self.weight_decay);
            part("beta2", self.beta2);
            part("expert_noise", self.expert_noise);
        }
    } pretrain{};
    struct Probe {
        std::int64_t steps = 600;
        int batch = 128;
        double learning_rate = 1e-2;
        int evaluation = 1000;  ///< held-out episodes

        static constexpr void describe(const auto& self, auto&& part) {
            part("steps", self.steps);
            part("batch", self.batch);
            part("learning_rate", self.learning_rate);
            part("evaluation", self.evaluation);
        }
    } probe{};
    struct Steer {
        std::int64_t steps;
        int batch = 128;
        double learning_rate;
        double temperature = 1;
        int episodes = 1000;

        static constexpr void describe(const auto& self, auto&& part) {
            part("steps", self.steps);
            part("batch", self.batch);
            part("learning_rate", self.learning_rate);
            part.leaves_out(self.temperature, self.episodes);
        }
    } steer{};
    /// The events of an observer that is found in the residual stream.
    struct Components {
        int episodes = 1500;  ///< to find them in
        double share = 0.5;   ///< train::FindEventsOptions::share

        static constexpr void describe(const auto& self, auto&& part) {
            part("episodes", self.episodes);
            part("share", self.share);
        }
    } components{};
    struct Discover {
        std::int64_t steps;
        int batch = 128;
        double learning_rate;
        double alpha;
        double alpha_start = 0;   ///< alpha begins here ...
        double alpha_from = 0;    ///< ... up to this share of the steps, then ramps to alpha ...
        double alpha_until = 0;   ///< ... reached at this share
        double signal = 0;        ///< if positive, proposals carry fixed information (Metacontroller::Options::signal)
        double signal_start = 0;  ///< unless 0, signal begins here, and moves ...
        double signal_from = 0;   ///< ... from this share of the steps ...
        double signal_until = 0;  ///< ... to this, at which it has its value
        double weight_decay = 0.03;
        double beta2 = 0.99;  ///< also of the supervised controllers
        std::int64_t refine_steps =
            0;  ///< further updates, of the decoder's bank of controllers alone, codes and gates being fixed
        double refine_learning_rate = 0.03;
        int evaluation = 256;  ///< held-out episodes

        static constexpr void describe(const auto& self, auto&& part) {
            part("steps", self.steps);
            part("batch", self.batch);
            part("learning_rate", self.learning_rate);
            part("alpha", self.alpha);
            part("alpha_start", self.alpha_start);
            part("alpha_from", self.alpha_from);
            part("alpha_until", self.alpha_until);
            part("signal", self.signal);
            part("signal_start", self.signal_start);
            part("signal_from", self.signal_from);
            part("signal_until", self.signal_until);
            part("weight_decay", self.weight_decay);
            part("beta2", self.beta2);
            part.leaves_out(self.refine_steps, self.refine_learning_rate, self.evaluation);
        }
    } discover{};
    /// The fixed-z test.
    struct Codes {
        int count = 256;
        int episodes = 64;  ///< for each code

        static constexpr void describe(const auto& self, auto&& part) {
            part("count", self.count);
            part("episodes", self.episodes);
        }
    } codes{};
    /// Codes that were in force when something was reached, injected in other episodes (analysis/injection.hpp).
    struct Inspect {
        int episodes = 1000;  ///< to collect codes from, and again for each bar
        int step = 4;         ///< at which a code is injected

        static constexpr void describe(const auto& self, auto&& part) {
            part("episodes", self.episodes);
            part("step", self.step);
        }
    } inspect{};
    struct PolicyGradient {
        int episodes;
        int batch = 1024;
        int epochs = 4;
        int minibatches = 1;
        double learning_rate;
        double clip = 0.2;
        double entropy_weight = 0;  ///< per decision, at the beginning: it falls as the learning rate does
        double beta2 = 0.999;       ///< AdamW's; lower where most batches meet no success, in which it would forget how
                                    ///< large gradients are
        double temperature = 1;     ///< of the base model's own actions
        double threshold = 0;       ///< internal RL: the switch opens where its gate reaches this; 0: its own threshold

        static constexpr void describe(const auto& self, auto&& part) {
            part("episodes", self.episodes);
            part("batch", self.batch);
            part("epochs", self.epochs);
            part("minibatches", self.minibatches);
            part("learning_rate", self.learning_rate);
            part("clip", self.clip);
            part("entropy_weight", self.entropy_weight);
            part("beta2", self.beta2);
            part("temperature", self.temperature);
            part("threshold", self.threshold);
        }
    } internal{}, raw{};
};

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
    add("checkpoint-seconds", s.checkpoint_seconds, 0.1, 1e6, "time between checkpoints");
    options.text("output", s.output, "folder of checkpoints, metrics and the page; left out: runs/PROGRAM-PRESET-SEED");
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
    add("discover.weight-decay", s.discover.weight_decay, 0, 10, "decoupled weight decay");
    add("discover.beta2", s.discover.beta2, 0, 0.99999, "AdamW's decay of the second moment");
    add("discover.evaluation", s.discover.evaluation, 1, 1e6,
        "held-out episodes: of switches, and to transplant codes from");
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
        add(stage + ".clip", o.clip, 0.001, 1, "clipping of the density ratio");
        add(stage + ".entropy-weight", o.entropy_weight, 0, 1e3,
            "weight of the entropy of actions, per decision; falls as the learning rate does");
    };
    policy_gradient("internal", s.internal);
    add("internal.temperature", s.internal.temperature, 0, 10, "of the base model's actions");
    add("internal.threshold", s.internal.threshold, 0, 1,
        "the switch opens where its gate reaches this; 0: where the switch itself says");
    policy_gradient("raw", s.raw);
}

/// Into how many pieces a batch of the linear probes is split.
inline constexpr int probe_shards = 4;

/// Throws an Error that names the option unless the settings can be carried out: each is in range, but rows of
/// episodes, of at most `horizon` steps, are counted in an int, and a batch has an episode for every shard.
inline void require_feasible(const Settings& s, int horizon) {
    const auto require_count = [](const std::string& option, std::int64_t count, std::int64_t each, const char* what) {
        const std::int64_t most = std::numeric_limits<int>::max() / each;
        core::require(count <= most, [&] {
            return fmt::format("--{} is {}, valid is up to {}, as there are {} {}", option, count, most, each, what);
        });
    };
    const auto require_episodes = [&](const std::string& option, std::int64_t count) {
        require_count(option, count, horizon, "steps in an episode");
    };
    require_episodes("record.episodes", s.record.episodes);
    require_episodes("record.clean-episodes", s.record.clean_episodes);
    require_episodes("discover.evaluation", s.discover.evaluation);
    require_count("codes.episodes", s.codes.episodes, s.codes.count, "codes");
    const auto require_batch = [&](const std::string& stage, int batch, int shards) {
        core::require(batch >= shards, [&] {
            return fmt::format("--{}.batch is {}, valid is at least the number of shards, {}", stage, batch, shards);
        });
        require_episodes(stage + ".batch", batch);
    };
    require_batch("pretrain", s.pretrain.batch, s.shards);
    require_batch("probe", s.probe.batch, probe_shards);
    require_batch("steer", s.steer.batch, s.shards);
    require_batch("discover", s.discover.batch, s.shards);
    const auto require_policy_gradient = [&](const std::string& stage, const Settings::PolicyGradient& o) {
        require_batch(stage, o.batch, s.shards);
        const int most = o.batch / s.shards;
        core::require(o.minibatches <= most, [&] {
            return fmt::format("--{}.minibatches is {}, valid is up to the episodes of a batch in a shard, {}", stage,
                               o.minibatches, most);
        });
    };
    require_policy_gradient("internal", s.internal);
    require_policy_gradient("raw", s.raw);
    core::require(s.inspect.step < horizon, [&] {
        return fmt::format("--inspect.step is {}, valid is up to {}, the last step of an episode", s.inspect.step,
                           horizon - 1);
    });
    const auto require_order = [](const std::string& option, double from, double until) {
        core::require(from <= until, [&] {
            return fmt::format("--{0}-from is {1} and --{0}-until {2}, which must not come before", option, from,
                               until);
        });
    };
    require_order("discover.alpha", s.discover.alpha_from, s.discover.alpha_until);
    require_order("discover.signal", s.discover.signal_from, s.discover.signal_until);
}

}  // namespace midstream::examples
