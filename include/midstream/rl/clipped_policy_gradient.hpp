/// \file
/// Policy optimisation from whole-episode returns: PPO's clipped surrogate without a critic (Eq. 10; C.5.1). One
/// implementation for internal RL, whose actions are controller codes, and raw-action RL, whose actions are the
/// environment's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "midstream/rl/advantages.hpp"
#include "midstream/rl/collect.hpp"
#include "midstream/rl/surrogate.hpp"
#include "midstream/train/learner.hpp"

namespace midstream::rl {

/// How much is collected, and how often it is learned from; the defaults take one gradient step on each batch.
struct ClippedPolicyGradientOptions {
    int batch = 1024;     ///< episodes collected per update of the data
    int epochs = 1;       ///< passes over a batch
    int minibatches = 1;  ///< gradient steps per pass
    float clip = 0.2f;    ///< of the ratio of joint densities
    static constexpr void describe(const auto& self, auto&& part) {
        part("batch", self.batch);
        part("epochs", self.epochs);
        part("minibatches", self.minibatches);
        part("clip", self.clip);
    }
};

/// What one collected batch and the updates on it came to.
struct ClippedPolicyGradientReport {
    double mean_return = 0;  ///< of the episodes
    double success = 0;      ///< share of episodes with a positive return
    double decisions = 0;    ///< per episode
    double length = 0;       ///< primitive steps per episode
    SurrogateSums sums;      ///< of all updates on the batch; zero where there was none
};

/// Tells in a sentence what does not fit together in a ClippedPolicyGradient.
template <class B, class Policy, class LearnerType, class Advantage>
constexpr bool check_policy_gradient() {
    constexpr bool is_batch = env::BatchEnvironment<B>;
    static_assert(is_batch,
                  "rl::ClippedPolicyGradient's first argument is a batch of environments: env::Batched<World> or "
                  "rl::Internal<...>, not World");
    constexpr bool is_policy = model::SequenceModel<Policy>;
    static_assert(is_policy,
                  "rl::ClippedPolicyGradient's second argument is a policy, a model of sequences: "
                  "model::Autoregressive<B::Observation, B::Action, ...>");
    constexpr bool learns = !is_policy || train::LearnerOf<LearnerType, Policy>;
    static_assert(learns,
                  "rl::ClippedPolicyGradient's third argument is the policy's learner: "
                  "train::Learner<Policy::Parameters<float>, Optimiser>");
    constexpr bool has_rule = !is_batch || AdvantageRule<Advantage, typename B::Observation>;
    static_assert(has_rule,
                  "rl::ClippedPolicyGradient's advantages are a function of a batch of returns, rule(std::span<const "
                  "float> returns, std::span<float> advantages) const, as rl::BatchNormalised, or of its decisions, "
                  "rule(const auto& parallel, std::span<const rl::Decisions<Observation>> shards)");
    constexpr bool fits = check_policy<B, Policy>();
    return is_batch && is_policy && learns && has_rule && fits;
}

/// The algorithm: collect, normalise, update. Keeps one environment and collector per shard of the learner.
template <class B, class Policy, class LearnerType, class Advantage = BatchNormalised,
          bool = check_policy_gradient<B, Policy, LearnerType, Advantage>()>
class ClippedPolicyGradient {
public:
    /// Copies the environment for every shard. The learner must outlive this. Throws if an option is out of its range,
    /// or groups are not those of the environment.
    ClippedPolicyGradient(const B& environment, LearnerType& learner, ClippedPolicyGradientOptions options = {},
                          Advantage advantage = {})
        : learner_(&learner), options_(options), group_(env::group_of(environment)), advantage_(std::move(advantage)) {
        core::require_range(learner.shards, 1, LearnerType::max_shards, "shards");
        core::require(options.batch >= learner.shards && options.batch <= 1 << 20, [&] {
            return "batch is " + std::to_string(options.batch) + ", valid is " + std::to_string(learner.shards) +
                   " (an episode for each shard) to " + std::to_string(1 << 20);
        });
        require_groups(advantage_, group_);
        core::require(options.batch % group_ == 0 && options.batch / group_ >= learner.shards, [&] {
            return "batch is " + std::to_string(options.batch) + ", valid are multiples of " + std::to_string(group_) +
                   ", as many episodes begin in the same world, from " + std::to_string(group_ * learner.shards) +
                   " on, a group for each shard";
        });
        core::require_range(options.epochs, 1, 1000, "epochs");
        core::require_range(options.minibatches, 1, episode_count(learner.shards - 1), "minibatches");
        core::require_range(options.clip, 0.0f, 1.0f, "clip");
        tapes_ = std::vector<typename Policy::template Tape<float>>(static_cast<std::size_t>(learner.shards));
        for (int shard = 0; shard < learner.shards; ++shard) collectors_.emplace_back(environment);
        returns_.resize(static_cast<std::size_t>(options.batch));
        advantages_.resize(ReturnAdvantage<Advantage> ? returns_.size() : 0);
        of_decisions_.resize(static_cast<std::size_t>(learner.shards));
        decisions_.resize(of_decisions_.size());
        lengths_.resize(static_cast<std::size_t>(options.batch));
        rows_.resize(static_cast<std::size_t>(learner.shards * options.minibatches));
    }

    /// One batch of episodes and the updates on it. The batch draws from `random.fork(learner.steps())`: all updates of
    /// a run take the same stream, and one that is resumed has the bits of an unbroken one. The paper has no bonus for
    /// entropy.
    template <core::Parallelism Parallel>
    ClippedPolicyGradientReport update(const Parallel& parallel, double learning_rate, core::Random random,
                                       const EntropyBonus& bonus = {}) {
        bonus.validate();
        if (learner_->steps() == 0) train::require_initialised<float>(*learner_->parameters, "the policy");
        const std::array what{random.key,
                              random.counter,
                              static_cast<std::uint64_t>(learner_->steps()),
                              static_cast<std::uint64_t>(learner_->shards),
                              static_cast<std::uint64_t>(options_.batch),
                              static_cast<std::uint64_t>(options_.epochs),
                              static_cast<std::uint64_t>(options_.minibatches)};
        core::require_same(parallel, std::span<const std::uint64_t>(what),
                           "the random streams, updates so far, shards or batches of a policy's update");
        ClippedPolicyGradientReport report = collect(parallel, random.fork(learner_->steps()));
        give_advantages(parallel);
        for (int epoch = 0; epoch < options_.epochs; ++epoch)
            for (int minibatch = 0; minibatch < options_.minibatches; ++minibatch) {
                double rows = 0;
                for (int shard = 0; shard < learner_->shards; ++shard)
                    rows += rows_of(shard)[static_cast<std::size_t>(minibatch)];
                core::require(rows > 0, "a minibatch without a decision: the environment asked for none");
                const auto weight = static_cast<float>(1 / rows);
                report.sums += learner_->update(parallel, learning_rate, [&](int shard, auto& gradient) {
                    const auto& collector = collectors_[static_cast<std::size_t>(shard)];
                    const core::Sequences part = slice(collector, minibatch);
                    const auto& episodes = collector.episodes();
                    const int first = part.first(0), count = part.rows();
                    return surrogate<Policy, float>(
                        *learner_->parameters, part, episodes.observation_rows().slice(first, count),
                        episodes.action_rows().slice(first, count),
                        collector.log_probabilities().subspan(static_cast<std::size_t>(first),
                                                              static_cast<std::size_t>(count)),
                        std::span<const float>(of_decisions_[static_cast<std::size_t>(shard)])
                            .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                        options_.clip, weight, tapes_[static_cast<std::size_t>(shard)], gradient, bonus);
                });
            }
        return report;
    }

    /// Episodes of the policy without an update; the same stream gives the same episodes.
    template <core::Parallelism Parallel>
    ClippedPolicyGradientReport collect(const Parallel& parallel, core::Random random, float temperature = 1) {
        core::require(learner_->shards == static_cast<int>(collectors_.size()),
                      "the number of shards of a learner does not change within an rl::ClippedPolicyGradient");
        core::for_shards(parallel, learner_->shards, [&](int shard) {
            auto& collector = collectors_[static_cast<std::size_t>(shard)];
            collector.collect(*learner_->parameters, episode_count(shard),
                              random.fork(static_cast<std::uint64_t>(shard)), temperature);
            const auto& returns = collector.episodes().returns;
            const auto lengths = collector.lengths();
            std::copy(returns.begin(), returns.end(), returns_of(shard).begin());
            std::copy(lengths.begin(), lengths.end(), lengths_of(shard).begin());
            for (int minibatch = 0; minibatch < options_.minibatches; ++minibatch)
                rows_of(shard)[static_cast<std::size_t>(minibatch)] = slice(collector, minibatch).rows();
        });
        core::exchange(parallel, learner_->shards, [&](int shard) { return returns_of(shard); });
        core::exchange(parallel, learner_->shards, [&](int shard) { return lengths_of(shard); });
        core::exchange(parallel, learner_->shards, [&](int shard) { return rows_of(shard); });
        ClippedPolicyGradientReport report;
        for (const int rows : rows_) report.decisions += rows;
        for (const int length : lengths_) report.length += length;
        for (const float r : returns_) {
            report.mean_return += r;
            report.success += r > 0;
        }
        const auto count = static_cast<double>(returns_.size());
        report.mean_return /= count;
        report.success /= count;
        report.decisions /= count;
        report.length /= count;
        return report;
    }

    /// The rule, with what it has learned, if it learns.
    const Advantage& advantage() const { return advantage_; }
    /// What a shard collected last; of several processes, in that to which the shard belongs.
    const Collector<B, Policy>& collector(int shard) const { return collectors_[static_cast<std::size_t>(shard)]; }

private:
    /// Consecutive episodes of one shard.
    core::Sequences slice(const Collector<B, Policy>& collector, int minibatch) const {
        const std::int64_t count = collector.episodes().count();
        const int first = static_cast<int>(count * minibatch / options_.minibatches),
                  last = static_cast<int>(count * (minibatch + 1) / options_.minibatches);
        return {std::span<const int>(collector.episodes().offsets)
                    .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first) + 1)};
    }
    /// Groups are not split over shards.
    int episode_count(int shard) const {
        return group_ * train::share(options_.batch / group_, shard, learner_->shards);
    }
    int first_episode(int shard) const {
        int first = 0;
        for (int s = 0; s < shard; ++s) first += episode_count(s);
        return first;
    }

    /// Fills of_decisions_ as the rule has it.
    template <core::Parallelism Parallel>
    void give_advantages(const Parallel& parallel) {
        if constexpr (ReturnAdvantage<Advantage>) advantage_(returns_, advantages_);
        core::for_shards(parallel, learner_->shards, [&](int shard) {
            const auto at = static_cast<std::size_t>(shard);
            const auto& collector = collectors_[at];
            const auto& episodes = collector.episodes();
            of_decisions_[at].resize(static_cast<std::size_t>(episodes.rows()));
            decisions_[at] = {episodes.sequences(), episodes.observation_rows(), collector.rewards_to_go(),
                              of_decisions_[at]};
            if constexpr (ReturnAdvantage<Advantage>)
                for (int i = 0; i < episodes.count(); ++i)
                    std::fill(of_decisions_[at].begin() + episodes.offsets[static_cast<std::size_t>(i)],
                              of_decisions_[at].begin() + episodes.offsets[static_cast<std::size_t>(i) + 1],
                              advantages_[static_cast<std::size_t>(first_episode(shard) + i)]);
        });
        if constexpr (!ReturnAdvantage<Advantage>)
            advantage_(parallel, std::span<const Decisions<typename B::Observation>>(decisions_));
    }

    // Of a shard: what its episodes returned, how long they were, the rows of its minibatches.
    std::span<float> returns_of(int shard) { return episodes_of(returns_, shard); }
    std::span<int> lengths_of(int shard) { return episodes_of(lengths_, shard); }
    std::span<int> rows_of(int shard) {
        const auto count = static_cast<std::size_t>(options_.minibatches);
        return std::span(rows_).subspan(static_cast<std::size_t>(shard) * count, count);
    }
    template <class T>
    std::span<T> episodes_of(std::vector<T>& all, int shard) {
        return std::span(all).subspan(static_cast<std::size_t>(first_episode(shard)),
                                      static_cast<std::size_t>(episode_count(shard)));
    }

    LearnerType* learner_;
    ClippedPolicyGradientOptions options_;
    int group_;  // consecutive episodes that begin in the same world
    Advantage advantage_;
    std::vector<Collector<B, Policy>> collectors_;
    std::vector<typename Policy::template Tape<float>> tapes_;
    std::vector<float> returns_, advantages_;                    // an entry for each episode of the batch
    std::vector<int> lengths_;                                   // likewise
    std::vector<int> rows_;                                      // for each shard, an entry for each minibatch
    std::vector<std::vector<float>> of_decisions_;               // for each shard, an advantage for each decision
    std::vector<Decisions<typename B::Observation>> decisions_;  // likewise all of it
};

/// What does not fit together: check_policy_gradient has said why.
template <class B, class Policy, class LearnerType, class Advantage>
class ClippedPolicyGradient<B, Policy, LearnerType, Advantage, false> {
public:
    /// Takes any arguments, so that the sentence is all there is to read.
    ClippedPolicyGradient(const auto&...) {}
    /// Likewise; does nothing.
    ClippedPolicyGradientReport update(const auto&...) { return {}; }
    /// Likewise; does nothing.
    ClippedPolicyGradientReport collect(const auto&...) { return {}; }
};

}  // namespace midstream::rl
