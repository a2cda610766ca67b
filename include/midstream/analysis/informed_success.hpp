/// \file
/// An oracle, and what internal RL can hope for: the success of somebody who knows the true subgoal and what code means
/// it, and who is asked whenever the discovered switch opens. Below this, codes and switch are to blame; between this
/// and what a policy reaches, the policy is.
#pragma once

#include <algorithm>
#include <vector>

#include "midstream/analysis/steered_success.hpp"
#include "midstream/analysis/transplant.hpp"
#include "midstream/rl/internal.hpp"
#include "midstream/rl/play.hpp"

namespace midstream::analysis {

/// The mean code of every subgoal's segments; zero where there are none. A row for each of 0 to subgoals - 1.
template <int Code>
core::Buffer<float, Code> mean_codes(const SegmentCodes<Code>& segments, int subgoals) {
    core::Buffer<float, Code> means;
    std::vector<int> counts(static_cast<std::size_t>(subgoals));
    auto rows = core::map(means.resize(subgoals));
    rows.setZero();
    for (std::size_t i = 0; i < segments.subgoals.size(); ++i) {
        const int subgoal = segments.subgoals[i];
        core::require_range(subgoal, 0, subgoals - 1, "the subgoal of a segment");
        rows.row(subgoal) += core::map(segments.codes.view()).row(static_cast<int>(i));
        ++counts[static_cast<std::size_t>(subgoal)];
    }
    for (int subgoal = 0; subgoal < subgoals; ++subgoal)
        rows.row(subgoal) /= static_cast<float>(std::max(1, counts[static_cast<std::size_t>(subgoal)]));
    return means;
}

/// What somebody informed came to.
struct InformedSuccess {
    SuccessRate episodes{};  ///< successes have a positive return
    double decisions = 0;    ///< codes asked for in an episode, mean
};

/// Plays `episodes` of rl::Internal with row g of `codes` as the code for subgoal g of the environment.
template <class Meta, core::Parallelism Policy, WithSubgoals E>
InformedSuccess informed_success(const Policy& policy, const env::Batched<E>& environment,
                                 const rl::Steered<Meta>& steered, core::In<float, Meta::code> codes, int episodes,
                                 core::Random random, const BatchOptions& batches = {}) {
    steered.acting.validate();
    batches.validate();
    core::require_range(episodes, 1, 1 << 24, "episodes");
    using Inner = rl::Internal<env::Batched<E>, Meta>;
    struct Worker {
        rl::Player<Inner> player;
        SuccessRate episodes{};
        std::int64_t decisions = 0;
    };
    auto workers = make_workers(batches, Worker{rl::Player(Inner(environment, steered))});
    for_batches(policy, batches, workers, episodes, [&](Worker& worker, int batch, int, int length) {
        const Inner& inner = worker.player.environment();
        const auto know = [&](std::span<const int> asked, auto, auto chosen) {
            for (int row = 0; row < chosen.count; ++row) {
                const int subgoal = inner.environment().instance(asked[row]).subgoal();
                core::require_range(subgoal, 0, codes.count - 1, "the subgoal of an environment");
                std::copy_n(codes.row(subgoal), Meta::code, chosen.row(row));
            }
        };
        worker.player.play(length, random.fork(static_cast<std::uint64_t>(batch)), know);
        for (int instance = 0; instance < length; ++instance) {
            worker.episodes += {1, inner.returns()[instance] > 0};
            worker.decisions += inner.decisions()[instance];
        }
    });
    InformedSuccess result;
    std::int64_t decisions = 0;
    for (const Worker& worker : workers) {
        result.episodes += worker.episodes;
        decisions += worker.decisions;
    }
    result.decisions = static_cast<double>(decisions) / episodes;
    return result;
}

}  // namespace midstream::analysis
