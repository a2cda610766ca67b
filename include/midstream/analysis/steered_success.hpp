/// \file
/// How often supervised controllers, switched by the true subgoal, lead a model through a task, and through which
/// transitions between subgoals (C.3). The first gate for any base model: what its residual stream cannot
/// be made to do here no metacontroller can.
#pragma once

#include <vector>

#include "midstream/analysis/batches.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/rl/steered_rollout.hpp"

namespace midstream::analysis {

/// An environment whose true subgoal can be asked for.
template <class E>
concept WithSubgoals = env::Environment<E> && env::HasSubgoal<E>;

/// Successes among attempts.
struct SuccessRate {
    int attempts = 0;   ///< how often it was tried
    int successes = 0;  ///< of these

    /// The share of successes; 0 without attempts.
    double share() const { return attempts > 0 ? static_cast<double>(successes) / attempts : 0.0; }
    /// Adds other attempts.
    SuccessRate& operator+=(const SuccessRate& other) {
        attempts += other.attempts;
        successes += other.successes;
        return *this;
    }
    friend bool operator==(const SuccessRate&, const SuccessRate&) = default;
};

/// What acting came to.
struct SteeredSuccess {
    SuccessRate episodes{};                  ///< successes have a positive return
    double mean_length = 0;                  ///< steps per episode
    int subgoals = 0;                        ///< of the environment
    std::vector<SuccessRate> transitions{};  ///< (subgoals + 1) x subgoals, row 0 for the beginning of an episode

    /// The share of episodes with a positive return.
    double success() const { return episodes.share(); }
    /// From subgoal `from`, or -1 for the beginning, to subgoal `to`: attempted when `to` becomes the subgoal, achieved
    /// when it is reached. Subgoals that follow themselves are one.
    SuccessRate& transition(int from, int to) { return transitions[(from + 1) * subgoals + to]; }
    /// The same, to be read alone.
    const SuccessRate& transition(int from, int to) const { return transitions[(from + 1) * subgoals + to]; }
};

namespace detail {
/// Acts with `steer(subgoal, row of layer Layer)` changing the residual stream of every instance at every step.
template <class Base, int Layer, core::Parallelism Policy, WithSubgoals E, class Steer>
SteeredSuccess success_of(const Policy& policy, const env::Batched<E>& environment,
                          const typename Base::template Parameters<float>& base, int subgoals, int episodes,
                          core::Random random, const RolloutOptions& options, const Steer& steer) {
    options.validate();
    core::require_range(episodes, 1, 1 << 24, "episodes");
    core::require_range(subgoals, 1, 1 << 15, "subgoals");
    using Rollout = rl::SteeredRollout<env::Batched<E>, Base, Layer, Layer>;
    struct Attempt {
        int from, to;
    };
    struct Worker {
        Rollout rollout;
        SteeredSuccess sums;
        std::vector<Attempt> attempts{};
        std::vector<int> live{};
        double steps = 0;
    };
    SteeredSuccess result{.subgoals = subgoals, .transitions = std::vector<SuccessRate>((subgoals + 1) * subgoals)};
    auto workers = make_workers(options.batches, Worker{Rollout(environment, base, options.temperature), result});
    for_batches(policy, options.batches, workers, episodes, [&](Worker& worker, int batch, int, int length) {
        Rollout& rollout = worker.rollout;
        SteeredSuccess& sums = worker.sums;
        auto& attempts = worker.attempts;
        const auto& instances = rollout.environment();
        const auto begin = [&](int instance, int from) {
            const int to = instances.instance(instance).subgoal();
            core::require_range(to, 0, subgoals - 1, "the subgoal of an environment");
            attempts[instance] = {from, to};
            ++sums.transition(from, to).attempts;
        };
        rollout.reset(length, random.fork(batch));
        attempts.resize(length);
        for (int instance = 0; instance < length; ++instance) begin(instance, -1);
        while (!rollout.running().empty()) {
            worker.live.assign(rollout.running().begin(), rollout.running().end());
            rollout.advance([&](std::span<const int> running, core::Rows<float, Base::width> rows) {
                for (int row = 0; row < rows.count; ++row) steer(attempts[running[row]].to, rows.row(row));
            });
            const auto running = rollout.running();
            std::size_t next = 0;
            for (const int instance : worker.live) {
                const bool ended = next == running.size() || running[next] != instance;
                if (!ended) ++next;
                const auto [from, to] = attempts[instance];
                const bool changed = instances.instance(instance).subgoal() != to;
                if (changed || (ended && instances.returns()[instance] > 0)) ++sums.transition(from, to).successes;
                if (changed && !ended) begin(instance, to);
            }
        }
        for (int instance = 0; instance < length; ++instance) {
            sums.episodes += {1, instances.returns()[instance] > 0};
            worker.steps += instances.lengths()[instance];
        }
    });
    for (const Worker& worker : workers) {
        result.episodes += worker.sums.episodes;
        result.mean_length += worker.steps;  // whole numbers up to here: any order gives the same bits
        for (std::size_t i = 0; i < result.transitions.size(); ++i) result.transitions[i] += worker.sums.transitions[i];
    }
    result.mean_length /= episodes;
    return result;
}
}  // namespace detail

/// Plays `episodes` with e^ = e + gain * U_g e, g the true subgoal of the moment. `Controllers` is a
/// control::Supervised, trained on the environment's subgoals.
template <class Controllers, core::Parallelism Policy, WithSubgoals E>
SteeredSuccess steered_success(const Policy& policy, const env::Batched<E>& environment,
                               const typename Controllers::Base::template Parameters<float>& base,
                               const typename Controllers::template Parameters<float>& controllers, int episodes,
                               core::Random random, const RolloutOptions& options = {}) {
    using Bank = typename Controllers::Bank;
    std::vector<typename Bank::template Controller<float>> combined(Controllers::subgoals);
    for (int subgoal = 0; subgoal < Controllers::subgoals; ++subgoal) {
        float coefficients[Controllers::subgoals] = {};
        coefficients[subgoal] = 1;
        Bank::combine(controllers, coefficients, combined[subgoal]);
    }
    return detail::success_of<typename Controllers::Base, Controllers::write>(
        policy, environment, base, Controllers::subgoals, episodes, random, options,
        [&](int subgoal, float* e) { Bank::steer(combined[subgoal], e, options.gain); });
}

/// The same for the model left to itself, in an environment of `subgoals` subgoals.
template <class Base, core::Parallelism Policy, WithSubgoals E>
SteeredSuccess base_success(const Policy& policy, const env::Batched<E>& environment,
                            const typename Base::template Parameters<float>& base, int subgoals, int episodes,
                            core::Random random, const RolloutOptions& options = {}) {
    return detail::success_of<Base, 0>(policy, environment, base, subgoals, episodes, random, options,
                                       [](int, float*) {});
}

}  // namespace midstream::analysis
