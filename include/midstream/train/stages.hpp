/// \file
/// The three supervised stages as loops: pretraining, supervised controllers, discovery (paper sections 2 and 7.2).
///
/// Each goes on from where its learner stands (`learner.steps()`), so that a run that was loaded from a checkpoint
/// continues to the bits of an unbroken one: every update draws from `random.fork(step)`. `source(count, random,
/// episodes)` fills a cleared batch, by recording an expert (recorder) or by drawing from a data set (sampler).
/// `report(step, sums)` is called after every update, and ends the stage by returning false.
#pragma once

#include "midstream/data/look_ahead.hpp"
#include "midstream/env/record.hpp"
#include "midstream/train/learner.hpp"
#include "midstream/train/objectives.hpp"
#include "midstream/train/schedule.hpp"

namespace midstream::train {

/// A source that records fresh successful episodes of an expert for every batch.
template <env::Environment World, env::ExpertFor<World> Expert>
auto recorder(World environment, Expert expert) {
    return [environment, expert](int count, core::Random random, auto& episodes) {
        env::record(environment, expert, count, random, episodes);
    };
}

/// Appends one episode of `from` to `to`.
template <class Episodes>
void append_episode(const Episodes& from, int episode, Episodes& to) {
    const auto first = from.offsets[static_cast<std::size_t>(episode)],
               last = from.offsets[static_cast<std::size_t>(episode) + 1];
    const auto append = [&](const auto& source, auto& target, int width) {
        target.insert(target.end(), source.begin() + static_cast<std::ptrdiff_t>(first) * width,
                      source.begin() + static_cast<std::ptrdiff_t>(last) * width);
    };
    append(from.observations, to.observations, Episodes::observation_width);
    append(from.actions, to.actions, Episodes::action_width);
    append(from.targets, to.targets, Episodes::target_width);
    append(from.subgoals, to.subgoals, 1);
    to.returns.push_back(from.returns[static_cast<std::size_t>(episode)]);
    if (!from.endings.empty()) {
        const auto ending = from.endings.begin() + static_cast<std::ptrdiff_t>(episode) * Episodes::observation_width;
        to.endings.insert(to.endings.end(), ending, ending + Episodes::observation_width);
    }
    to.offsets.push_back(to.offsets.back() + last - first);
}

/// A source that draws episodes, with replacement, from a data set that outlives it.
template <class Episodes>
auto sampler(const Episodes& dataset) {
    core::require(dataset.count() > 0, "a data set to draw from holds at least one episode");
    return [&dataset](int count, core::Random random, Episodes& episodes) {
        for (int i = 0; i < count; ++i) append_episode(dataset, random.below(dataset.count()), episodes);
    };
}

/// A source whose targets lie `steps` steps ahead (data::look_ahead).
template <class Source>
auto looking_ahead(Source source, int steps) {
    return [source, steps](int count, core::Random random, auto& episodes) {
        source(count, random, episodes);
        data::look_ahead(episodes, steps);
    };
}

/// The defaults are the paper's (Table A4), far beyond what a laptop does in a day.
struct PretrainOptions {
    std::int64_t steps = 256'000;
    int batch = 1024;      ///< episodes per update
    double lambda = 0.01;  ///< weight of the next observation's likelihood
};

namespace detail {
/// The loop that the stages share: `update(batches, weight, random, learning_rate)` on a fresh batch for every shard,
/// where what concerns a shard draws from random.fork(2 * shard + 1). The mean is over steps; the number of steps in a
/// batch is not known before it is drawn, so batches are drawn first.
template <class Episodes, class LearnerType, class Policy, class Source, class Rate, class Update, class Report>
void run_updates(const Policy& policy, LearnerType& learner, std::int64_t steps, int batch_size, const Source& source,
                 const Rate& learning_rate, core::Random random, Update&& update, Report&& report) {
    core::require_range(batch_size, learner.shards, 1 << 20, "batch");
    core::require_range(learner.shards, 1, LearnerType::max_shards, "shards");
    std::vector<Episodes> batches(static_cast<std::size_t>(learner.shards));
    while (learner.steps() < steps) {
        const std::int64_t step = learner.steps();
        const core::Random stream = random.fork(static_cast<std::uint64_t>(step));
        policy.for_each(learner.shards, [&](int shard) {
            auto& batch = batches[static_cast<std::size_t>(shard)];
            batch.clear();
            source(share(batch_size, shard, learner.shards), stream.fork(static_cast<std::uint64_t>(2 * shard)), batch);
        });
        int rows = 0;
        for (const auto& batch : batches) rows += batch.rows();
        const auto weight = 1.0f / static_cast<float>(rows);
        const LossSums sums = update(batches, weight, stream, learning_rate(step));
        if (!report(step + 1, sums)) return;
    }
}

/// The same for a loss whose shards do not meet: `loss(shard, batch, weight, random, gradient)`.
template <class Episodes, class LearnerType, class Policy, class Source, class Rate, class Loss, class Report>
void run_stage(const Policy& policy, LearnerType& learner, std::int64_t steps, int batch_size, const Source& source,
               const Rate& learning_rate, core::Random random, Loss&& loss, Report&& report) {
    run_updates<Episodes>(
        policy, learner, steps, batch_size, source, learning_rate, random,
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
template <class Model, class Policy, class LearnerType, class Source, Schedule Rate, class Report>
void pretrain(const Policy& policy, LearnerType& learner, const Source& source, const PretrainOptions& options,
              const Rate& learning_rate, core::Random random, Report&& report) {
    std::vector<typename Model::template Tape<float>> tapes(static_cast<std::size_t>(learner.shards));
    detail::run_stage<EpisodesOf<Model, float>>(
        policy, learner, options.steps, options.batch, source, learning_rate, random,
        [&](int shard, const auto& batch, float weight, core::Random, auto& gradient) {
            return pretraining_loss<Model, float>(*learner.parameters, batch, static_cast<float>(options.lambda),
                                                  weight, tapes[static_cast<std::size_t>(shard)], gradient);
        },
        report);
}

/// The defaults are the paper's (section 7.2).
struct SuperviseOptions {
    std::int64_t steps = 3200;
    int batch = 512;
};

/// Supervised controllers of a frozen model, one for each subgoal label of the episodes.
template <class Controllers, class Policy, class LearnerType, class Source, Schedule Rate, class Report>
void supervise(const Policy& policy, const typename Controllers::Base::template Parameters<float>& base,
               LearnerType& learner, const Source& source, const SuperviseOptions& options, const Rate& learning_rate,
               core::Random random, Report&& report) {
    const auto shards = static_cast<std::size_t>(learner.shards);
    std::vector<typename Controllers::Base::template Tape<float>> base_tapes(shards);
    std::vector<core::Buffer<float, Controllers::width>> e_write(shards);
    std::vector<typename Controllers::template Tape<float>> tapes(shards);
    detail::run_stage<EpisodesOf<typename Controllers::Base, float>>(
        policy, learner, options.steps, options.batch, source, learning_rate, random,
        [&](int shard, const auto& batch, float weight, core::Random, auto& gradient) {
            const auto s = static_cast<std::size_t>(shard);
            return supervised_loss<Controllers, float>(base, *learner.parameters, batch, weight, base_tapes[s],
                                                       e_write[s], tapes[s], gradient);
        },
        report);
}

/// The defaults are the paper's (Table A9).
struct DiscoverOptions {
    std::int64_t steps = 64'000;
    int batch = 512;
};

/// Stage 2: trains a metacontroller on a frozen model. `alpha` is a schedule; `pass_options(step)` gives the
/// metacontroller's options, so that switches and noise can follow schedules too. Where these ask for a signal, means
/// are normalised over the whole batch, in whatever number of shards, and the parameters' running moments follow.
template <class Meta, class Policy, class LearnerType, class Source, Schedule Alpha, class PassOptions, Schedule Rate,
          class Report>
void discover(const Policy& policy, const typename Meta::Base::template Parameters<float>& base, LearnerType& learner,
              const Source& source, const DiscoverOptions& options, const Alpha& alpha, const PassOptions& pass_options,
              const Rate& learning_rate, core::Random random, Report&& report) {
    using Proposal = typename Meta::Proposal;
    const auto shards = static_cast<std::size_t>(learner.shards);
    std::vector<DiscoveryTape<Meta, float>> tapes(shards);
    std::vector<typename Proposal::GradientSums> shard_sums(shards);
    detail::run_updates<EpisodesOf<typename Meta::Base, float>>(
        policy, learner, options.steps, options.batch, source, learning_rate, random,
        [&](const auto& batches, float weight, core::Random stream, double rate_now) {
            const std::int64_t step = learner.steps();
            const typename Meta::Options pass = pass_options(step);
            pass.validate();
            const auto alpha_now = static_cast<float>(alpha(step));
            learner.begin(policy);
            policy.for_each(learner.shards, [&](int shard) {
                const auto s = static_cast<std::size_t>(shard);
                propose_pass<Meta, float>(base, *learner.parameters, batches[s], pass, tapes[s]);
            });
            typename Proposal::Moments moments;
            for (const auto& tape : tapes) moments += Meta::moments(tape.meta);
            const LossSums sums = learner.add_gradients(policy, [&](int shard, auto& gradient) {
                const auto s = static_cast<std::size_t>(shard);
                steer_pass<Meta, float>(base, *learner.parameters, batches[s],
                                        stream.fork(static_cast<std::uint64_t>(2 * shard + 1)), moments, tapes[s]);
                return steered_loss<Meta, float>(base, *learner.parameters, batches[s], alpha_now, weight, tapes[s],
                                                 shard_sums[s], gradient);
            });
            typename Proposal::GradientSums proposal_sums;
            for (const auto& part : shard_sums) proposal_sums += part;
            learner.add_gradients(policy, [&](int shard, auto& gradient) {
                const auto s = static_cast<std::size_t>(shard);
                Meta::backward_from_proposals(*learner.parameters, batches[s].sequences(), tapes[s].e_read.view(),
                                              tapes[s].meta, proposal_sums, {}, gradient);
                return LossSums{};
            });
            learner.finish(policy, rate_now);
            if (pass.training) Meta::track(*learner.parameters, moments, step);
            return sums;
        },
        report);
}

}  // namespace midstream::train
