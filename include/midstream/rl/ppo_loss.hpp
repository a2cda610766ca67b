/// \file
/// The loss of proximal policy optimisation with a critic, and the options of rl::Ppo.
#pragma once

#include <algorithm>
#include <span>

#include "midstream/core/parameters.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/rl/clipped_surrogate.hpp"
#include "midstream/rl/gae.hpp"

namespace midstream::rl {

/// What one update takes and does. docs/ant.md has what an ant learned to walk by.
struct PpoOptions {
    int instances = 64;                  ///< environments side by side
    int steps = 64;                      ///< of each instance, for one update
    int epochs = 4;                      ///< passes over these steps
    int minibatches = 4;                 ///< gradient steps per pass
    GeneralisedAdvantages advantages{};  ///< from rewards and values to advantages
    float clip = 0.2f;                   ///< of the ratio of joint densities
    float value_weight = 0.5f;           ///< of half the squared error of the critic
    float entropy_weight = 0;            ///< of the entropy of the actions, per decision
    /// If positive, passes end once one of them finds the policy this far (in nats per decision) from that which acted.
    double divergence_limit = 0;
    float observation_limit = 10;  ///< normalised observations stay within +- this
    /// Updates after which all instances begin new episodes. There a run can be resumed to the same bits, without a
    /// word about the state of its environments.
    int era = 32;
    static constexpr void describe(const auto& self, auto&& part) {
        part("instances", self.instances);
        part("steps", self.steps);
        part("epochs", self.epochs);
        part("minibatches", self.minibatches);
        part("advantages", self.advantages);
        part("clip", self.clip);
        part("value_weight", self.value_weight);
        part("entropy_weight", self.entropy_weight);
        part("divergence_limit", self.divergence_limit);
        part("observation_limit", self.observation_limit);
        part("era", self.era);
    }
};

/// Sums over decisions, added up over shards, minibatches and epochs.
struct PpoSums {
    double surrogate = 0;      ///< min(r A, clip(r, 1 - clip, 1 + clip) A)
    double squared_error = 0;  ///< of the critic
    double entropy = 0;        ///< of the actions' distributions, nats
    double clipped = 0;        ///< decisions whose ratio was clipped
    double divergence = 0;     ///< ratio - 1 - log ratio: an estimate of KL(old to new) that is never negative
    double decisions = 0;      ///< rows that were summed over

    /// Adds the sums over other decisions.
    PpoSums& operator+=(const PpoSums& other) {
        surrogate += other.surrogate;
        squared_error += other.squared_error;
        entropy += other.entropy;
        clipped += other.clipped;
        divergence += other.divergence;
        decisions += other.decisions;
        return *this;
    }
};

/// Decisions to learn from: what was seen (normalised) and done, log p of it at the time, its advantage, and the return
/// by which the critic is corrected.
template <class Agent, class T>
struct PpoRows {
    core::Rows<const T, Agent::observation_width> observations;  ///< normalised
    /// As they were taken.
    core::Rows<const typename Agent::Action::template Element<T>, Agent::Action::width> actions;
    std::span<const T> log_probabilities,  ///< of the joint density, at the time of acting
        advantages,                        ///< A
        returns;                           ///< that the critic is drawn to
};

/// Adds weight times the gradient of the sum over rows of
///     -min(r A, clip(r, 1 - clip, 1 + clip) A) + value_weight (v - return)^2 / 2 - entropy_weight entropy,
/// with r the ratio of the *joint* density of an action to that at the time of acting.
template <class Agent, class T, class Gradient>
PpoSums ppo_loss(const typename Agent::template Parameters<T>& parameters, const PpoRows<Agent, T>& rows,
                 const PpoOptions& options, T weight, typename Agent::template Tape<T>& tape, Gradient&& gradient) {
    using Distribution = typename Agent::Distribution;
    constexpr bool trained = core::trainable<Gradient>;
    const T clip = static_cast<T>(options.clip), entropy_weight = static_cast<T>(options.entropy_weight);
    Agent::forward(parameters, rows.observations, tape);
    Agent::clear_gradients(tape);
    PpoSums sums;
    for (int row = 0; row < rows.observations.count; ++row) {
        const auto i = static_cast<std::size_t>(row);
        const T* distribution = tape.actor.distribution.view().row(row);
        T* slope = trained ? tape.actor.distribution_gradient.view().row(row) : nullptr;
        const auto* action = rows.actions.row(row);
        const T advantage = rows.advantages[i];
        // What the slopes of log p weigh depends on log p: they are taken along with it, and weighed afterwards.
        T slopes[Distribution::parameter_width] = {};
        const T log_p = Distribution::log_probability(distribution, action, T(1), trained ? slopes : nullptr);
        const T log_ratio = std::clamp(log_p - rows.log_probabilities[i], T(-20), T(20));
        const ClippedSurrogate<T> surrogate(log_ratio, advantage, clip);
        sums.surrogate += surrogate.value;
        sums.clipped += surrogate.clipped;
        sums.divergence += surrogate.ratio - 1 - log_ratio;
        sums.decisions += 1;
        if (trained && !surrogate.clipped)
            for (int k = 0; k < Distribution::parameter_width; ++k)
                slope[k] -= weight * surrogate.ratio * advantage * slopes[k];
        sums.entropy += Distribution::entropy(distribution, -weight * entropy_weight, slope);
        const T error = *tape.value.view().row(row) - rows.returns[i];
        sums.squared_error += error * error;
        *tape.value_gradient.view().row(row) = weight * static_cast<T>(options.value_weight) * error;
    }
    if constexpr (trained) Agent::backward(parameters, rows.observations, tape, gradient);
    return sums;
}

}  // namespace midstream::rl
