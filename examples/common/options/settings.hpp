/// \file
/// The run-time hyperparameters of a chain of stages.
#pragma once

#include <cstdint>
#include <string>

namespace midstream::examples {

/// What shapes a stage's checkpoint describes itself (midstream/core/describe.hpp); what only evaluates it is left out.
struct Settings {
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: as many as OpenMP has
    int shards = 4;   ///< part of the run: another number gives other bits
    std::string output;
    /// A trained agent whose base model and metacontroller are taken as they are; empty: they are trained.
    std::string from;
    double checkpoint_seconds = 20;
    double gain = 1;  ///< factor on controllers when acting
    /// What internal and raw-action RL learn: "unseen", the task that is reported, or "selection", tasks by which
    /// settings can be chosen of which nothing is reported.
    std::string rl_task = "unseen";
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
        int window = 12;      ///< train::FindEndedBeliefsOptions::window
        int changes = 8;      ///< train::FindEndedBeliefsOptions::changes

        static constexpr void describe(const auto& self, auto&& part) {
            part("episodes", self.episodes);
            part("share", self.share);
            part.leaves_out(self.window, self.changes);  // where they matter they are named by those options
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
        int forced_period = 0;    ///< if positive, gates open every so many steps; 1: forced switching (C.4.1)
        double boundary_weight = 0;       ///< CompILE's weight of its boundaries' divergence (Table A12)
        double boundary_temperature = 0;  ///< of the relaxed boundaries
        double segment_length = 0;        ///< rate of the prior on a segment's steps, a Poisson distribution without 0
        double weight_decay = 0.03;
        double beta2 = 0.99;  ///< also of the supervised controllers
        std::int64_t refine_steps =
            0;  ///< further updates, of the decoder's bank of controllers alone, codes and gates being fixed
        double refine_learning_rate = 0.03;
        int evaluation = 256;  ///< held-out episodes
        /// Is the base model trained as well (C.4.2), and from where on? "no", "pretrained" or "random".
        std::string co_train = "no";

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
            // The switch that is forced and the boundaries say so themselves; where the base model is trained as well,
            // about_discovery says so: checkpoints of frozen models are as they were before there was this.
            part.leaves_out(self.forced_period, self.boundary_weight, self.boundary_temperature, self.segment_length,
                            self.refine_steps, self.refine_learning_rate, self.evaluation, self.co_train);
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
        double entropy_weight = 0;           ///< per decision, at the beginning: it falls as the learning rate does
        double entropy_below = any_entropy;  ///< nats: decisions of as much entropy or more get no bonus
        static constexpr double any_entropy = 1000;
        double beta2 = 0.999;    ///< AdamW's; lower where most batches meet no success, in which it would forget how
                                 ///< large gradients are
        double temperature = 1;  ///< of the base model's own actions
        double threshold = 0;    ///< internal RL: the switch opens where its gate reaches this; 0: its own threshold
        /// How returns become advantages: "normalised", as in the paper, or "leave-one-out".
        std::string advantages = "normalised";
        int group = 1;  ///< if more, advantages are those within groups of so many episodes that begin in one world

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
            // Advantages and the bonus for entropy say what they are (stages/policy_gradient.hpp).
            part.leaves_out(self.advantages, self.group, self.entropy_below);
        }
    } internal{}, raw{};
};

/// Into how many pieces a batch of the linear probes is split.
inline constexpr int probe_shards = 4;

}  // namespace midstream::examples
