/// \file
/// The hyperparameters by which the ant's expert is trained, as options with their valid ranges.
#pragma once

#include <cstdint>
#include <string>

#include "common/options/options.hpp"
#include "midstream/env/ant/guide.hpp"
#include "midstream/rl/ppo.hpp"

namespace midstream::examples::ant {

/// Training comes in two phases: first the ant learns to walk the way that the guide shows, then, with less noise and
/// at a price for failure, to arrive.
struct ExpertPhase {
    std::int64_t updates;
    double learning_rate;       ///< falls on a straight line ...
    double last_learning_rate;  ///< ... to this
    double deviation;           ///< of the torques at its beginning, at most
    env::AntRewardWeights reward_weights;
    float entropy_weight;
    double divergence_limit;

    static constexpr void describe(const auto& self, auto&& part) {
        part("updates", self.updates);
        part("learning_rate", self.learning_rate);
        part("last_learning_rate", self.last_learning_rate);
        part("deviation", self.deviation);
        part("reward_weights", self.reward_weights);
        part("entropy_weight", self.entropy_weight);
        part("divergence_limit", self.divergence_limit);
    }
};

/// Of both phases.
struct ExpertSettings {
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: as many as OpenMP has
    int shards = 2;   ///< part of the run: another number gives other bits
    std::string output = "runs/ant-expert";
    double checkpoint_seconds = 20;
    /// What the phases share.
    rl::PpoOptions ppo{.instances = 64, .steps = 32, .epochs = 6, .minibatches = 8, .era = 20};
    ExpertPhase walk{.updates = 2000,
                     .learning_rate = 5e-4,
                     .last_learning_rate = 1e-5,
                     .deviation = 0.5,
                     .reward_weights = {.progress = 0.05f, .effort = 0.002f},
                     .entropy_weight = 0.001f,
                     .divergence_limit = 0.015};
    ExpertPhase arrive{.updates = 1100,
                       .learning_rate = 1.5e-4,
                       .last_learning_rate = 1e-5,
                       .deviation = 0.15,
                       .reward_weights = {.progress = 0.05f, .effort = 0.002f, .failure = 6},
                       .entropy_weight = 0,
                       .divergence_limit = 0.015};
    int episodes = 600;  ///< of each evaluation
};

/// Declares what shapes the training as options, named as in "--expert.walk.updates". Seed, threads, output folder and
/// the time between checkpoints are the program's.
inline void add_expert_options(Options& options, ExpertSettings& s) {
    const auto add = [&]<class T>(const std::string& name, T& value, double low, double high, const std::string& help) {
        options.number("expert." + name, value, static_cast<T>(low), static_cast<T>(high), help);
    };
    add("shards", s.shards, 1, 64, "pieces that instances are split into; changes results in the last bits");
    add("instances", s.ppo.instances, 1, 1e5, "ants side by side");
    add("steps", s.ppo.steps, 1, 1e5, "steps of each ant for an update");
    add("epochs", s.ppo.epochs, 1, 1000, "passes over these steps, at most");
    add("minibatches", s.ppo.minibatches, 1, 1000, "gradient steps per pass");
    add("discount", s.ppo.advantages.discount, 0, 1, "discount of rewards");
    add("lambda", s.ppo.advantages.lambda, 0, 1, "decay of generalised advantages");
    add("clip", s.ppo.clip, 0.001, 1, "clipping of the density ratio");
    add("value-weight", s.ppo.value_weight, 0, 1e3, "weight of the critic's loss");
    add("observation-limit", s.ppo.observation_limit, 1, 1000, "largest normalised observation");
    add("era", s.ppo.era, 1, 1e6, "updates between which checkpoints may be made");
    add("episodes", s.episodes, 1, 1e7, "evaluation episodes");
    const auto add_phase = [&](const std::string& phase, ExpertPhase& p) {
        add(phase + ".updates", p.updates, 1, 1e9, "updates");
        add(phase + ".learning-rate", p.learning_rate, 1e-8, 1, "learning rate at first");
        add(phase + ".last-learning-rate", p.last_learning_rate, 0, 1, "learning rate in the end");
        add(phase + ".deviation", p.deviation, 0.01, 3, "standard deviation of the torques at first, at most");
        add(phase + ".progress", p.reward_weights.progress, 0, 1e3,
            "reward for a metre a second along the guide's way");
        add(phase + ".effort", p.reward_weights.effort, 0, 1e3, "taken off the reward for the torques' mean square");
        add(phase + ".failure", p.reward_weights.failure, 0, 1e3, "taken off the reward for failing");
        add(phase + ".entropy", p.entropy_weight, 0, 10, "weight of the entropy");
        add(phase + ".divergence-limit", p.divergence_limit, 0, 100,
            "nats at which the passes over a batch end; 0: never");
    };
    add_phase("walk", s.walk);
    add_phase("arrive", s.arrive);
}

}  // namespace midstream::examples::ant
