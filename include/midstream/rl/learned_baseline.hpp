/// \file
/// Advantages by a learned critic: what a decision led to, less what a model of what was seen had expected.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include "midstream/core/moments.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/rl/advantages.hpp"
#include "midstream/train/learner.hpp"

namespace midstream::rl {

/// How a learned baseline learns, and what becomes of its advantages.
struct LearnedBaselineOptions {
    double learning_rate = 1e-3;  ///< of the critic
    int passes = 4;               ///< gradient steps of the critic on every batch
    double epsilon = 1e-3;        ///< added to the standard deviation that advantages are divided by
    static constexpr void describe(const auto& self, auto&& part) {
        part("learning_rate", self.learning_rate);
        part("passes", self.passes);
        part("epsilon", self.epsilon);
    }
};

/// Half the squared error of a critic's predictions: sum over rows of (v - reward to go)^2 / 2, where v is the mean of
/// what the critic predicts. Adds weight times its gradient.
template <class Critic, class T, class Gradient>
double critic_error(const typename Critic::template Parameters<T>& parameters, core::Sequences sequences,
                    typename Critic::template ObservationRows<T> observations, std::span<const T> rewards_to_go,
                    T weight, typename Critic::template Tape<T>& tape, Gradient&& gradient) {
    Critic::forward(parameters, sequences, observations, tape);
    Critic::clear_gradients(tape);
    double sum = 0;
    for (int row = 0; row < sequences.rows(); ++row) {
        const T error = tape.action.view().row(row)[0] - rewards_to_go[static_cast<std::size_t>(row)];
        sum += 0.5 * static_cast<double>(error) * static_cast<double>(error);
        tape.action_gradient.view().row(row)[0] = weight * error;
    }
    if constexpr (core::trainable<Gradient>) Critic::backward(parameters, sequences, observations, tape, gradient);
    return sum;
}

/// A rule of decisions: A_t = (G_t - v(o_1:t)) / (std + epsilon), where G_t is the reward to go, v the critic's
/// prediction before it saw the batch, and std the standard deviation of G - v over all decisions of the batch. Then
/// the critic learns from the batch. `Critic` is any model of sequences that reads the observations of the policy, in
/// internal RL residual streams at switches, and "acts" by one number: the mean of that is v.
template <class Critic, class LearnerType>
class LearnedBaseline {
    static_assert(
        std::same_as<typename Critic::Action, data::Continuous<1>>,
        "a critic predicts one number: model::Autoregressive<B::Observation, data::Continuous<1>, a stack of blocks>");
    static_assert(train::LearnerOf<LearnerType, Critic>,
                  "rl::LearnedBaseline's second argument is the critic's learner: "
                  "train::Learner<Critic::Parameters<float>, Optimiser>");

public:
    /// The learner, of as many shards as the policy's, must outlive this; with it a run's state is complete.
    explicit LearnedBaseline(LearnerType& learner, LearnedBaselineOptions options = {})
        : learner_(&learner), options_(options) {
        core::require_range(options.learning_rate, 0.0, 1e3, "the learning rate of the critic");
        core::require_range(options.passes, 1, 1000, "the critic's passes");
        core::require_range(options.epsilon, 0.0, 1e3, "epsilon");
    }

    /// Writes advantages, then learns.
    template <core::Parallelism Parallel>
    void operator()(const Parallel& parallel, std::span<const Decisions<typename Critic::Observation>> shards) {
        const int count = static_cast<int>(shards.size());
        core::require(learner_->shards == count, "a critic's learner has as many shards as the policy's");
        if (learner_->steps() == 0) train::require_initialised<float>(*learner_->parameters, "the critic");
        if (static_cast<int>(tapes_.size()) < count) tapes_.resize(shards.size());
        const auto moments = subtract(parallel, shards);
        const auto scale = static_cast<float>(1 / (std::sqrt(moments.variance(0)) + options_.epsilon));
        core::for_shards(parallel, count, [&](int shard) {
            for (float& advantage : shards[static_cast<std::size_t>(shard)].advantages) advantage *= scale;
        });
        error_ =
            (moments.square.values[0] / std::max(1.0, moments.count)) + moments.mean.values[0] * moments.mean.values[0];
        const auto weight = static_cast<float>(1 / std::max(1.0, moments.count));
        for (int pass = 0; pass < options_.passes; ++pass)
            learner_->update(parallel, options_.learning_rate, [&](int shard, auto& gradient) {
                const auto& seen = shards[static_cast<std::size_t>(shard)];
                return critic_error<Critic, float>(*learner_->parameters, seen.sequences, seen.observations,
                                                   seen.rewards_to_go, weight, tapes_[static_cast<std::size_t>(shard)],
                                                   gradient);
            });
    }

    /// Mean squared difference of rewards to go and predictions in the last batch, before it was learned from.
    double error() const { return error_; }

private:
    /// G - v in place of advantages, without a scale; their moments over the batch.
    template <core::Parallelism Parallel, class Shards>
    core::Moments<1> subtract(const Parallel& parallel, const Shards& shards) {
        std::array<core::Moments<1>, LearnerType::max_shards> moments{};
        const int count = static_cast<int>(shards.size());
        core::for_shards(parallel, count, [&](int shard) {
            const auto at = static_cast<std::size_t>(shard);
            const auto& seen = shards[at];
            auto& tape = tapes_[at];
            Critic::forward(*learner_->parameters, seen.sequences, seen.observations, tape);
            for (int row = 0; row < seen.sequences.rows(); ++row) {
                const auto r = static_cast<std::size_t>(row);
                seen.advantages[r] = seen.rewards_to_go[r] - tape.action.view().row(row)[0];
                moments[at].add(&seen.advantages[r]);
            }
        });
        core::exchange(parallel, count,
                       [&](int shard) { return std::span(&moments[static_cast<std::size_t>(shard)], 1); });
        for (int shard = 1; shard < count; ++shard) moments[0] += moments[static_cast<std::size_t>(shard)];
        return moments[0];
    }

    LearnerType* learner_;
    LearnedBaselineOptions options_;
    std::vector<typename Critic::template Tape<float>> tapes_;
    double error_ = 0;
};

}  // namespace midstream::rl
