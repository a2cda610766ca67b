/// \file
/// Proximal policy optimisation with a critic (Schulman et al. 2017): stretches of fixed length from a fixed number of
/// instances, across the ends of episodes; generalised advantages; epochs of minibatches on the clipped surrogate. It
/// trains the expert that the paper takes for granted (C.1.1, Table A3); rl::ClippedPolicyGradient is what learns from
/// sparse rewards.
///
///     using Trainee = rl::PpoTrainee<rl::ActorCritic<World::Observation, World::Action>, train::AdamW>;
///     Trainee trainee{.learner = {.optimiser = {.weight_decay = 0}, .shards = 4}};
///     Agent::initialise(*trainee.learner.parameters, core::Random(1));
///     rl::Ppo<World, Trainee> ppo(World(...), trainee, {.instances = 64});
///     while (trainee.updates < 1000) ppo.update(core::OpenMP{}, 3e-4, core::Random(2));
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "midstream/env/environment.hpp"
#include "midstream/rl/actor_critic.hpp"
#include "midstream/rl/normaliser.hpp"
#include "midstream/rl/ppo_loss.hpp"
#include "midstream/rl/ppo_shard.hpp"
#include "midstream/train/learner.hpp"

namespace midstream::rl {

/// All that a run consists of where an era begins.
template <class AgentType, class OptimiserPolicy>
struct PpoTrainee {
    using Agent = AgentType;                                                                      ///< the actor-critic
    using Learner = train::Learner<typename Agent::template Parameters<float>, OptimiserPolicy>;  ///< of its parameters
    Learner learner{};                                  ///< parameters, optimiser and number of shards
    core::Moments<Agent::observation_width> moments{};  ///< of observations, by which they are normalised
    std::uint64_t updates = 0;                          ///< calls of Ppo::update so far

    static void visit(auto& self, auto&& member) {
        member("learner", self.learner);
        member("moments", self.moments);
        member("updates", self.updates);
    }
    /// Updates of rl::Ppo so far; each takes many steps of the learner.
    std::int64_t steps() const { return static_cast<std::int64_t>(updates); }
};

/// Tells in a sentence what does not fit together in a Ppo.
template <class E, class Trainee>
constexpr bool check_ppo() {
    constexpr bool is_environment = env::check_environment<E>();
    constexpr bool is_trainee = requires(Trainee & trainee) {
        typename Trainee::Agent::Acting;
        trainee.learner.parameters;
        trainee.moments;
        trainee.updates;
    };
    static_assert(is_trainee,
                  "rl::Ppo's second argument is what it trains: rl::PpoTrainee<rl::ActorCritic<World::Observation, "
                  "World::Action>, Optimiser>");
    constexpr bool reads = !is_environment || !is_trainee || requires {
        requires std::same_as<typename E::Observation, typename Trainee::Agent::Observation>;
    };
    static_assert(reads, "an agent needs to read the observations that its environment gives");
    constexpr bool acts = !is_environment || !is_trainee || requires {
        requires std::same_as<typename E::Action, typename Trainee::Agent::Action>;
    };
    static_assert(acts, "an agent needs to take the actions of its environment");
    return is_environment && is_trainee && reads && acts;
}

/// The algorithm, on instances of an Environment. An episode that ends for lack of time alone (env::HasTimeLimit) is
/// worth what the critic thinks of its last observation; any other end is worth nothing more. Update n draws from
/// `random.fork(n)`: all updates of a run take the same stream, and an era of a resumed run has the bits of an unbroken
/// one.
template <class E, class Trainee, bool = check_ppo<E, Trainee>()>
class Ppo {
public:
    using Agent = typename Trainee::Agent;                          ///< the actor-critic
    using Parameters = typename Agent::template Parameters<float>;  ///< in float

    /// The trainee must outlive this; its learner's number of shards is part of the run.
    Ppo(const E& prototype, Trainee& trainee, PpoOptions options = {}) : trainee_(&trainee), options_(options) {
        const int count = trainee.learner.shards;
        core::require_range(count, 1, Trainee::Learner::max_shards, "shards");
        core::require(options.instances >= count && options.instances <= 1 << 20, [&] {
            return "instances is " + std::to_string(options.instances) + ", valid is " + std::to_string(count) +
                   " (one for each shard) to " + std::to_string(1 << 20);
        });
        core::require_range(options.steps, 1, 1 << 20, "steps");
        // A shard has two rows for every step of its instances, and one more for each instance.
        constexpr std::int64_t most = std::numeric_limits<int>::max();
        core::require(std::int64_t{options.instances} * options.steps <= (most - options.instances) / 2, [&] {
            return "steps is " + std::to_string(options.steps) + ", valid for " + std::to_string(options.instances) +
                   " instances is 1 to " + std::to_string((most - options.instances) / 2 / options.instances);
        });
        core::require_range(options.epochs, 1, 1000, "epochs");
        core::require_range(options.minibatches, 1, options.instances / count * options.steps, "minibatches");
        core::require_range(options.clip, 0.0f, 1.0f, "clip");
        core::require_range(options.value_weight, 0.0f, 1e6f, "value_weight");
        core::require_range(options.entropy_weight, 0.0f, 1e3f, "entropy_weight");
        core::require_range(options.divergence_limit, 0.0, 1e6, "divergence_limit");
        core::require_range(options.observation_limit, 1e-3f, 1e6f, "observation_limit");
        core::require_range(options.era, 1, 1 << 30, "era");
        int first = 0;
        for (int shard = 0; shard < count; ++shard) {
            const int size = train::share(options.instances, shard, count);
            shards_.emplace_back(prototype, first, size, options.steps);
            first += size;
        }
    }

    /// Acts, and learns from it at this learning rate.
    template <core::Parallelism Parallel>
    PpoReport update(const Parallel& parallel, double learning_rate, core::Random random) {
        core::require(trainee_->learner.shards == static_cast<int>(shards_.size()),
                      "the number of shards of a learner does not change within an rl::Ppo");
        if (trainee_->learner.steps() == 0)
            train::require_initialised<float>(*trainee_->learner.parameters, "the agent");
        core::require_same(parallel,
                           std::span<const std::uint64_t>(std::array{random.key, random.counter, trainee_->updates}),
                           "the random streams or the updates so far of PPO");
        PpoReport report = collect(parallel, random);
        const core::Random stream = random.fork(trainee_->updates);
        normalise_advantages();
        for (int epoch = 0; epoch < options_.epochs; ++epoch) {
            report.sums = {};
            report.epochs = epoch + 1;
            parallel.for_each(static_cast<int>(shards_.size()), [&](int s) {
                Shard& shard = shards_[static_cast<std::size_t>(s)];
                core::Random choices = stream.fork(static_cast<std::uint64_t>(options_.instances + s))
                                           .fork(static_cast<std::uint64_t>(epoch));
                std::iota(shard.order.begin(), shard.order.end(), 0);
                for (int i = shard.rows() - 1; i > 0; --i)
                    std::swap(shard.order[static_cast<std::size_t>(i)],
                              shard.order[static_cast<std::size_t>(choices.below(i + 1))]);
            });
            for (int minibatch = 0; minibatch < options_.minibatches; ++minibatch) {
                int rows = 0;
                for (const Shard& shard : shards_) rows += last(shard, minibatch) - first(shard, minibatch);
                const auto weight = 1.0f / static_cast<float>(rows);
                report.sums += trainee_->learner.update(parallel, learning_rate, [&](int s, auto& gradient) {
                    Shard& shard = shards_[static_cast<std::size_t>(s)];
                    const PpoRows<Agent, float> part = shard.gather(first(shard, minibatch), last(shard, minibatch));
                    return ppo_loss<Agent, float>(*trainee_->learner.parameters, part, options_, weight, shard.tape,
                                                  gradient);
                });
            }
            if (options_.divergence_limit > 0 &&
                report.sums.divergence > options_.divergence_limit * report.sums.decisions)
                break;
        }
        merge_moments();
        ++trainee_->updates;
        return report;
    }

private:
    static constexpr int observation_width = Agent::observation_width;
    using Shard = PpoShard<E, Agent>;

    int first(const Shard& shard, int minibatch) const {
        return static_cast<int>(static_cast<std::int64_t>(shard.rows()) * minibatch / options_.minibatches);
    }
    int last(const Shard& shard, int minibatch) const { return first(shard, minibatch + 1); }

    template <core::Parallelism Parallel>
    PpoReport collect(const Parallel& parallel, core::Random random) {
        const bool begin_era = trainee_->updates % static_cast<std::uint64_t>(options_.era) == 0;
        core::require(begin_era || begun_, [&] {
            return "a run of PPO goes on where an era of " + std::to_string(options_.era) +
                   " updates begins, not after update " + std::to_string(trainee_->updates);
        });
        begun_ = true;
        const auto normaliser = Normaliser<observation_width>::of(trainee_->moments, options_.observation_limit);
        const core::Random stream = random.fork(trainee_->updates);
        parallel.for_each(static_cast<int>(shards_.size()), [&](int s) {
            shards_[static_cast<std::size_t>(s)].play(*trainee_->learner.parameters, normaliser, options_, stream,
                                                      begin_era);
        });
        PpoReport report;
        double rows = 0, mean = 0, square = 0, error = 0;
        for (const Shard& shard : shards_) {
            report.reward += shard.report.reward;
            report.episodes += shard.report.episodes;
            report.mean_return += shard.report.mean_return;
            report.success += shard.report.success;
            report.truncated += shard.report.truncated;
            report.length += shard.report.length;
            rows += shard.rows();
            for (const float value : shard.returns) mean += value;
        }
        mean /= rows;
        for (const Shard& shard : shards_)
            for (std::size_t r = 0; r < shard.returns.size(); ++r) {
                square += (shard.returns[r] - mean) * (shard.returns[r] - mean);
                error += shard.advantages[r] * shard.advantages[r];
            }
        report.reward /= rows;
        report.explained = square > 0 ? 1 - error / square : 0;
        for (double* sum : {&report.mean_return, &report.success, &report.truncated, &report.length})
            *sum /= std::max(report.episodes, 1.0);
        return report;
    }

    /// To mean 0 and variance 1 over all that was collected.
    void normalise_advantages() {
        double rows = 0, mean = 0, square = 0;
        for (const Shard& shard : shards_)
            for (const float a : shard.advantages) mean += a, ++rows;
        mean /= rows;
        for (const Shard& shard : shards_)
            for (const float a : shard.advantages) square += (a - mean) * (a - mean);
        const double scale = 1 / (std::sqrt(square / rows) + 1e-8);
        for (Shard& shard : shards_)
            for (float& a : shard.advantages) a = static_cast<float>((a - mean) * scale);
    }

    void merge_moments() {
        for (const Shard& shard : shards_) trainee_->moments += shard.moments;
    }

    Trainee* trainee_;
    PpoOptions options_;
    std::vector<Shard> shards_;
    bool begun_ = false;
};

/// What does not fit together: check_ppo has said why.
template <class E, class Trainee>
class Ppo<E, Trainee, false> {
public:
    /// Takes any arguments, so that the sentence is all there is to read.
    Ppo(const auto&...) {}
    /// Likewise; does nothing.
    PpoReport update(const auto&...) { return {}; }
};

}  // namespace midstream::rl
