/// \file
/// The clipped surrogate of a policy on whole sequences of decisions, with its gradient (Eq. 10).
#pragma once

#include <limits>
#include <span>

#include "midstream/core/contract.hpp"
#include "midstream/core/parameters.hpp"
#include "midstream/core/sequences.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/rl/clipped_surrogate.hpp"

namespace midstream::rl {

/// Sums over decisions, added up over shards, minibatches and epochs.
struct SurrogateSums {
    double surrogate = 0;   ///< min(r A, clip(r, 1 - clip, 1 + clip) A)
    double clipped = 0;     ///< decisions whose ratio was clipped
    double divergence = 0;  ///< -log ratio: an estimate of KL(old to new)
    double decisions = 0;   ///< rows that were summed over

    /// Adds a decision.
    template <class T>
    void add(const ClippedSurrogate<T>& one, T log_ratio) {
        surrogate += one.value;
        clipped += one.clipped;
        divergence -= log_ratio;
        decisions += 1;
    }
    /// Adds the sums over other decisions.
    SurrogateSums& operator+=(const SurrogateSums& other) {
        surrogate += other.surrogate;
        clipped += other.clipped;
        divergence += other.divergence;
        decisions += other.decisions;
        return *this;
    }
};

/// What keeps a policy looking. One whose deviation has gone before its means have come to where they should be stays
/// there; one that is paid for entropy before anything has succeeded drifts apart instead. So the bonus may end at an
/// entropy: it then costs nothing as long as a policy is undecided, and holds it at that one afterwards.
struct EntropyBonus {
    double weight = 0;  ///< of a nat of a decision's distribution; the paper has no bonus
    double below = std::numeric_limits<double>::max();  ///< nats; decisions of as much or more are paid nothing

    static constexpr void describe(const auto& self, auto&& part) {
        part("weight", self.weight);
        part("below", self.below);
    }
    /// Throws core::Error unless the weight is in its range and the entropy finite.
    void validate() const {
        core::require_range(weight, 0.0, 1e3, "the weight of the entropy");
        constexpr double most = std::numeric_limits<double>::max();
        core::require_range(below, -most, most, "the entropy below which there is a bonus");
    }
};

/// sum over rows of min(r A, clip(r, 1 - clip, 1 + clip) A), with A the row's advantage and r the ratio of the *joint*
/// density of its action to that at the time of acting, plus the weight of the bonus times the entropy
/// of the row's distribution, where it is paid. Adds -weight times its gradient: optimisers descend. The sums are
/// without the entropy.
template <class Policy, class T, class Gradient>
SurrogateSums surrogate(const typename Policy::template Parameters<T>& parameters, core::Sequences sequences,
                        typename Policy::template ObservationRows<T> observations,
                        core::Rows<const typename Policy::Action::template Element<T>, Policy::Action::width> actions,
                        std::span<const T> old_log_probabilities, std::span<const T> advantages, T clip, T weight,
                        typename Policy::template Tape<T>& tape, Gradient&& gradient, const EntropyBonus& bonus = {}) {
    using Distribution = typename Policy::Distribution;
    Policy::forward(parameters, sequences, observations, tape);
    Policy::clear_gradients(tape);
    SurrogateSums sums;
    for (int row = 0; row < sequences.rows(); ++row) {
        const T advantage = advantages[static_cast<std::size_t>(row)];
        const T* distribution = tape.action.view().row(row);
        // What the slopes weigh depends on log p: they are taken along with it, and weighed afterwards.
        T slopes[Distribution::parameter_width] = {};
        const T log_ratio = Distribution::log_probability(distribution, actions.row(row), T(1),
                                                          core::trainable<Gradient> ? slopes : nullptr) -
                            old_log_probabilities[static_cast<std::size_t>(row)];
        const ClippedSurrogate<T> surrogate(log_ratio, advantage, clip);
        sums.add(surrogate, log_ratio);
        if (!surrogate.clipped && core::trainable<Gradient>)
            for (int i = 0; i < Distribution::parameter_width; ++i)
                tape.action_gradient.view().row(row)[i] -= weight * surrogate.ratio * advantage * slopes[i];
        if (bonus.weight > 0 && core::trainable<Gradient> && Distribution::entropy(distribution) < bonus.below)
            Distribution::entropy(distribution, -weight * static_cast<T>(bonus.weight),
                                  tape.action_gradient.view().row(row));
    }
    if constexpr (core::trainable<Gradient>) Policy::backward(parameters, sequences, observations, tape, gradient);
    return sums;
}

}  // namespace midstream::rl
