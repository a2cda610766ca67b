/// \file
/// The three supervised stages as loops: pretraining, supervised controllers, discovery (C.1, C.3 and C.4).
///
/// Each goes on from where its learner stands (`learner.steps()`), so that a run that was loaded from a checkpoint
/// continues to the bits of an unbroken one: every update draws from `random.fork(step)`. `source(count, random,
/// episodes)` fills a cleared batch, by recording an expert (recorder) or by drawing from a data set (sampler).
/// `report(step, sums)` is called after every update, and ends the stage by returning false.
///
/// Every batch is checked as it enters: a source that gives fewer episodes than it was asked for or none, indices
/// outside their spaces, numbers that are not finite and labels without a controller are Errors that name them.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "midstream/train/learner.hpp"
#include "midstream/train/objectives.hpp"
#include "midstream/train/schedule.hpp"
#include "midstream/train/sources.hpp"
#include "midstream/train/stage_check.hpp"

namespace midstream::train {

/// The defaults are the paper's (Table A4), far beyond what a laptop does in a day.
struct PretrainOptions {
    std::int64_t steps = 256'000;  ///< updates in all, those that the learner has done already included
    int batch = 1024;              ///< episodes per update
    double lambda = 0.01;          ///< weight of the next observation's likelihood
    static constexpr void describe(const auto& self, auto&& part) {
        part("steps", self.steps);
        part("batch", self.batch);
        part("lambda", self.lambda);
    }
};

namespace detail {
/// What a stage asks of its learner before the first update, and of a frozen model.
template <class LearnerType>
void require_trainable(const LearnerType& learner, std::string_view whose) {
    core::require_range(learner.shards, 1, LearnerType::max_shards, "shards");
    if (learner.steps() == 0) require_initialised<float>(*learner.parameters, whose);
}
template <class Policy, class P>
void require_trained(const Policy& policy, const P& base) {
    require_initialised<float>(base, "the frozen model");
    core::require_same(policy, core::flat<float>(base), "the frozen model's parameters");
    core::require(first_bad<float>(base).empty(),
                  [&] { return "the frozen model's parameters \"" + first_bad<float>(base) + "\" are not finite"; });
}

/// Of several processes all do the same: `what` is the stage's random stream, its steps and its batch.
template <class Policy, class LearnerType>
void require_same_stage(const Policy& policy, const LearnerType& learner, const std::array<std::uint64_t, 4>& what) {
    core::require_same(policy, std::span<const std::uint64_t>(what), "the stage's random streams, steps or batches");
    const std::array run{learner.steps(), static_cast<std::int64_t>(learner.shards)};
    core::require_same(policy, std::span<const std::int64_t>(run), "the learner's updates so far, or its shards,");
    core::require_same(policy, core::flat<float>(std::as_const(*learner.parameters)), "the learner's parameters");
}

/// The loop that the stages share: `update(batches, weight, random, learning_rate)` on a fresh batch for every shard,
/// of episodes that Model reads, where what concerns a shard draws from random.fork(2 * shard + 1). The mean is over
/// steps; the number of steps in a batch is not known before it is drawn, so batches are drawn first.
template <class Model, class LearnerType, class Policy, class Source, class Rate, class Update, class Report>
void run_updates(const Policy& policy, LearnerType& learner, std::int64_t steps, int batch_size, const Source& source,
                 const data::Demands& demands, const Rate& learning_rate, core::Random random, Update&& update,
                 Report&& report) {
    const int shards = learner.shards;
    core::require_range(shards, 1, LearnerType::max_shards, "shards");
    core::require(batch_size >= shards && batch_size <= 1 << 20, [&] {
        return "batch is " + std::to_string(batch_size) + ", valid is " + std::to_string(shards) +
               " (an episode for each shard) to " + std::to_string(1 << 20);
    });
    core::require(steps >= 0, "the number of steps of a stage is not negative");
    require_same_stage(
        policy, learner,
        {random.key, random.counter, static_cast<std::uint64_t>(steps), static_cast<std::uint64_t>(batch_size)});
    std::vector<EpisodesOf<Model, float>> batches(static_cast<std::size_t>(shards));
    std::vector<std::int64_t> rows(static_cast<std::size_t>(shards));
    while (learner.steps() < steps) {
        core::require(learner.shards == shards, "the number of shards does not change within a stage");
        const std::int64_t step = learner.steps();
        const core::Random stream = random.fork(static_cast<std::uint64_t>(step));
        core::for_shards(policy, shards, [&](int shard) {
            auto& batch = batches[static_cast<std::size_t>(shard)];
            batch.clear();
            draw(source, share(batch_size, shard, shards), stream.fork(static_cast<std::uint64_t>(2 * shard)), batch,
                 demands);
            rows[static_cast<std::size_t>(shard)] = batch.rows();
        });
        core::exchange(policy, shards, [&](int shard) { return std::span(&rows[static_cast<std::size_t>(shard)], 1); });
        const auto weight = 1.0f / static_cast<float>(std::accumulate(rows.begin(), rows.end(), std::int64_t{0}));
        const LossSums sums = update(batches, weight, stream, learning_rate(step));
        if (core::any(policy, !report(step + 1, sums))) return;
    }
}

/// The same for a loss whose shards do not meet: `loss(shard, batch, weight, random, gradient)`.
template <class Model, class LearnerType, class Policy, class Source, class Rate, class Loss, class Report>
void run_stage(const Policy& policy, LearnerType& learner, std::int64_t steps, int batch_size, const Source& source,
               const data::Demands& demands, const Rate& learning_rate, core::Random random, Loss&& loss,
               Report&& report) {
    run_updates<Model>(
        policy, learner, steps, batch_size, source, demands, learning_rate, random,
        [&](const auto& batches, float weight, core::Random stream, double rate_now) {
            return learner.update(policy, rate_now, [&](int shard, auto& gradient) {
                return loss(shard, batches[static_cast<std::size_t>(shard)], weight,
                            stream.fork(static_cast<std::uint64_t>(2 * shard + 1)), gradient);
            });
        },
        report);
}
}  // namespace detail

/// Stage 1: trains a sequence model on the behaviour of agents.
template <class Model, class Policy, class LearnerType, class Source, class Rate, class Report>
void pretrain(const Policy& policy, LearnerType& learner, const Source& source, const PretrainOptions& options,
              const Rate& learning_rate, core::Random random, Report&& report) {
    constexpr bool is_model = model::SequenceModel<Model>;
    static_assert(is_model, "train::pretrain<Model> trains a model of sequences: model::Autoregressive<...>");
    if constexpr (is_model)
        if constexpr (check_stage<Model, Model, Policy, LearnerType, Source, Rate, Report>()) {
            detail::require_trainable(learner, "the model");
            core::require(core::is_finite(options.lambda) && options.lambda >= 0, [&] {
                return "lambda is " + core::to_text(options.lambda) + ", valid are finite numbers from 0 on";
            });
            std::vector<typename Model::template Tape<float>> tapes(static_cast<std::size_t>(learner.shards));
            detail::run_stage<Model>(
                policy, learner, options.steps, options.batch, source, {.targets = Model::predicts_observations},
                learning_rate, random,
                [&](int shard, const auto& batch, float weight, core::Random, auto& gradient) {
                    return pretraining_loss<Model, float>(*learner.parameters, batch,
                                                          static_cast<float>(options.lambda), weight,
                                                          tapes[static_cast<std::size_t>(shard)], gradient);
                },
                report);
        }
}

/// The defaults are the paper's for the gridworld (Table A7).
struct SuperviseOptions {
    std::int64_t steps = 3200;  ///< updates in all, those that the learner has done already included
    int batch = 512;            ///< episodes per update
    static constexpr void describe(const auto& self, auto&& part) {
        part("steps", self.steps);
        part("batch", self.batch);
    }
};

/// Supervised controllers of a frozen model, one for each subgoal label of the episodes.
template <class Controllers, class Policy, class BaseParameters, class LearnerType, class Source, class Rate,
          class Report>
void supervise(const Policy& policy, const BaseParameters& base, LearnerType& learner, const Source& source,
               const SuperviseOptions& options, const Rate& learning_rate, core::Random random, Report&& report) {
    constexpr bool are_controllers = TrainedOnBase<Controllers> && requires { Controllers::subgoals; };
    static_assert(are_controllers, "train::supervise<Controllers> trains a control::Supervised<...>");
    if constexpr (are_controllers)
        if constexpr (check_base<BaseParameters, Controllers>() &&
                      check_stage<Controllers, typename Controllers::Base, Policy, LearnerType, Source, Rate,
                                  Report>()) {
            detail::require_trainable(learner, "the controllers");
            detail::require_trained(policy, base);
            const auto shards = static_cast<std::size_t>(learner.shards);
            std::vector<typename Controllers::Base::template Tape<float>> base_tapes(shards);
            std::vector<core::Buffer<float, Controllers::width>> e_write(shards);
            std::vector<typename Controllers::template Tape<float>> tapes(shards);
            detail::run_stage<typename Controllers::Base>(
                policy, learner, options.steps, options.batch, source, {.subgoals = Controllers::subgoals},
                learning_rate, random,
                [&](int shard, const auto& batch, float weight, core::Random, auto& gradient) {
                    const auto s = static_cast<std::size_t>(shard);
                    return supervised_loss<Controllers, float>(base, *learner.parameters, batch, weight, base_tapes[s],
                                                               e_write[s], tapes[s], gradient);
                },
                report);
        }
}

/// The defaults are the paper's (Table A9).
struct DiscoverOptions {
    std::int64_t steps = 64'000;  ///< updates in all, those that the learner has done already included
    int batch = 512;              ///< episodes per update
    static constexpr void describe(const auto& self, auto&& part) {
        part("steps", self.steps);
        part("batch", self.batch);
    }
};

namespace detail {
/// Where discovery finds what it trains, and their gradients: a metacontroller on a model that stays as it is.
template <class BaseParameters, class LearnerType>
struct FrozenBase {
    const BaseParameters* model;
    LearnerType* learner;
    const BaseParameters& base() const { return *model; }
    auto& meta() const { return *learner->parameters; }
    static auto& meta_part(auto& gradient) { return gradient; }
    static core::Frozen base_part(auto&) { return {}; }
};

/// Discovery with `parts` as FrozenBase is, or as a stage that trains the model as well has them.
template <class Meta, class Policy, class LearnerType, class Source, class Alpha, class PassOptions, class Rate,
          class Report, class Parts>
void run_discovery(const Policy& policy, LearnerType& learner, const Source& source, const DiscoverOptions& options,
                   const Alpha& alpha, const PassOptions& pass_options, const Rate& learning_rate, core::Random random,
                   Report&& report, const Parts& parts) {
    using Proposal = typename Meta::Proposal;
    const auto shards = static_cast<std::size_t>(learner.shards);
    std::vector<DiscoveryTape<Meta, float>> tapes(shards);
    std::vector<typename Proposal::Moments> shard_moments(shards);
    std::vector<typename Proposal::GradientSums> shard_sums(shards);
    // What all shards came to, added up in their order.
    const auto total = [&](auto& of_shards) {
        core::exchange(policy, learner.shards,
                       [&](int shard) { return std::span(&of_shards[static_cast<std::size_t>(shard)], 1); });
        std::remove_cvref_t<decltype(of_shards[0])> sum;
        for (const auto& part : of_shards) sum += part;
        return sum;
    };
    run_updates<typename Meta::Base>(
        policy, learner, options.steps, options.batch, source,
        {.endings = control::ObservesStream<typename Meta::Observer>}, learning_rate, random,
        [&](const auto& batches, float weight, core::Random stream, double rate_now) {
            const std::int64_t step = learner.steps();
            const typename Meta::Options pass = pass_options(step);
            pass.validate();
            const auto alpha_now = static_cast<float>(alpha(step));
            core::require(core::is_finite(alpha_now), "alpha, the weight of the divergence, is not finite");
            learner.begin(policy);
            core::for_shards(policy, learner.shards, [&](int shard) {
                const auto s = static_cast<std::size_t>(shard);
                propose_pass<Meta, float>(parts.base(), parts.meta(), batches[s], pass, tapes[s]);
                shard_moments[s] = Meta::moments(tapes[s].meta);
            });
            const typename Proposal::Moments moments = total(shard_moments);
            const LossSums sums = learner.add_gradients(policy, [&](int shard, auto& gradient) {
                const auto s = static_cast<std::size_t>(shard);
                steer_pass<Meta, float>(parts.base(), parts.meta(), batches[s],
                                        stream.fork(static_cast<std::uint64_t>(2 * shard + 1)), moments, tapes[s]);
                return steered_loss<Meta, float>(parts.base(), parts.meta(), batches[s], alpha_now, weight, tapes[s],
                                                 shard_sums[s], parts.meta_part(gradient), parts.base_part(gradient));
            });
            const typename Proposal::GradientSums proposal_sums = total(shard_sums);
            learner.add_gradients(policy, [&](int shard, auto& gradient) {
                const auto s = static_cast<std::size_t>(shard);
                first_pass_gradient<Meta, float>(parts.base(), parts.meta(), batches[s], tapes[s], proposal_sums,
                                                 parts.meta_part(gradient), parts.base_part(gradient));
                return LossSums{};
            });
            learner.finish(policy, rate_now);
            if (pass.training) Meta::track(parts.meta(), moments);
            return sums;
        },
        report);
}

/// Is it a control::Metacontroller, or a type to stand in its place?
template <class Meta>
inline constexpr bool is_meta = TrainedOnBase<Meta>&& requires {
    typename Meta::Options;
    typename Meta::Proposal;
};
}  // namespace detail

/// Stage 2: trains a metacontroller on a frozen model. `alpha` is a schedule; `pass_options(step)` gives the
/// metacontroller's options, so that switches and noise can follow schedules too. Where these ask for a signal, means
/// are normalised over the whole batch, in whatever number of shards, and the parameters' running moments follow.
template <class Meta, class Policy, class BaseParameters, class LearnerType, class Source, class Alpha,
          class PassOptions, class Rate, class Report>
void discover(const Policy& policy, const BaseParameters& base, LearnerType& learner, const Source& source,
              const DiscoverOptions& options, const Alpha& alpha, const PassOptions& pass_options,
              const Rate& learning_rate, core::Random random, Report&& report) {
    constexpr bool is_meta = detail::is_meta<Meta>;
    static_assert(is_meta, "train::discover<Meta> trains a control::Metacontroller<...>");
    static_assert(
        Schedule<Alpha>,
        "alpha is a schedule, which gives a number for every step: train::Constant{0.1}, not 0.1 (train/schedule.hpp)");
    if constexpr (is_meta && Schedule<Alpha>)
        if constexpr (check_base<BaseParameters, Meta>() && check_pass_options<PassOptions, Meta>() &&
                      check_stage<Meta, typename Meta::Base, Policy, LearnerType, Source, Rate, Report>()) {
            detail::require_trainable(learner, "the metacontroller");
            detail::require_trained(policy, base);
            detail::run_discovery<Meta>(policy, learner, source, options, alpha, pass_options, learning_rate, random,
                                        report, detail::FrozenBase<BaseParameters, LearnerType>{&base, &learner});
        }
}

}  // namespace midstream::train
