/// \file
/// Raw-action RL that reaches the policy over codes by the reparametrisation path (E.2), to be compared with internal
/// RL, which reaches the same policy by its own likelihood.
///
/// An episode under codes draws noise eps_k at its K decisions, z_k = mu_k + sigma_k eps_k, and an action a_t at each
/// of its T steps from the frozen model steered by the code in force, p(a_t | o_1:t, z). With A what the episode earned
/// beyond a baseline, the two estimates of the gradient of the expected return J in the policy's parameters are
///
///     internal RL, by the score:    A sum_k grad log pi(z_k | e at the decisions up to k)        codes are actions,
///     raw actions, by the path:     A sum_t grad log p(a_t | o_1:t, z(eps))                      codes are noise,
///
/// the latter through the heads, the blocks above the layer that is written, the controller's decoder and z = mu +
/// sigma eps. The first has K terms, the second T; that the first is the less noisy one is what the paper argues (E.2).
///
/// **In which sense both estimate the same gradient.** Given the noise, an episode's probability is that of its actions
/// times what the world adds, which depends on no parameter: where it is differentiable for nearly all noise and does
/// not jump, J = E_eps[sum over episodes of p(episode | eps) R] may be differentiated inside of the expectation, and
/// the path is unbiased, as the score is always. What does jump is the switch. In acting it opens where its gate
/// reaches a threshold, and the gate sees the code in force (f_switch(e_t, h_{t-1}, z_{t-1})): a small change of a code
/// may end it at another step. Here the moments at which switches opened are *held as they happened*: gates carry no
/// gradient. So the path estimates, without bias, the gradient of a system whose switch goes on seeing the codes as
/// they were, and leaves out what J gains by when codes end. Score and path agree in the mean if, given what is
/// observed, the switch does not depend on the code (fixed switches, one decision an episode), and otherwise differ by
/// that part. (The residual stream that switch and policy see is the unsteered one of the first pass, a function of
/// observations alone, so nothing else of an episode's decisions depends on codes.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "midstream/core/parameters.hpp"
#include "midstream/core/sequences.hpp"
#include "midstream/model/sequence_model.hpp"
#include "midstream/rl/acting.hpp"
#include "midstream/rl/surrogate.hpp"

namespace midstream::rl {

/// What lies between codes and the likelihood of actions, all of it frozen. It refers to parameters.
template <class Meta, class T>
struct CodesToActions {
    const typename Meta::Base::template Parameters<T>& base;        ///< the model that acts
    const typename Meta::Decoder::template Parameters<T>& decoder;  ///< from codes to controllers
    T temperature = 1;                                              ///< of actions, positive
    T gain = 1;                                                     ///< factor on U
};
/// Of what acts. Throws if it takes modes, which have no likelihood.
template <class Meta>
CodesToActions<Meta, float> codes_to_actions(const Steered<Meta>& steered) {
    core::require(steered.acting.temperature > 0, "actions at temperature 0 have no likelihood");
    return {steered.base, steered.meta.decoder, steered.acting.temperature, steered.acting.gain};
}

/// Episodes of a policy over codes, decision by decision and step by step.
template <class Policy, class Base, class T>
struct Paths {
    core::Sequences decisions;                                ///< an episode each
    typename Policy::template ObservationRows<T> seen;        ///< what the policy saw at each decision
    core::Rows<const T, Policy::Action::width> noise;         ///< eps of each decision
    core::Sequences steps;                                    ///< the same episodes
    typename Base::template ObservationRows<T> observations;  ///< o_t, a row for each step
    /// a_t, a row for each step.
    core::Rows<const typename Base::Action::template Element<T>, Base::Action::width> actions;
    std::span<const int> in_force;  ///< of each step, which of its episode's decisions; 0 is the first

    /// Consecutive episodes.
    Paths slice(int first, int count) const {
        const auto part = [&](core::Sequences all) {
            return core::Sequences{
                all.offsets.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count) + 1)};
        };
        const auto d = part(decisions), s = part(steps);
        const int decision = decisions.row(first), step = steps.row(first);
        return {d,
                seen.slice(decision, d.rows()),
                noise.slice(decision, d.rows()),
                s,
                observations.slice(step, s.rows()),
                actions.slice(step, s.rows()),
                in_force.subspan(static_cast<std::size_t>(step), static_cast<std::size_t>(s.rows()))};
    }
};

/// The way from a policy's parameters to the likelihood of actions, and back. `Policy` decides codes, `Meta` decodes
/// them, and its base model acts.
template <class Policy, class Meta>
struct Pathwise {
    using Base = typename Meta::Base;             ///< the frozen model
    using Decoder = typename Meta::Decoder;       ///< from codes to controllers
    using Codes = typename Policy::Distribution;  ///< of codes
    static constexpr int width = Meta::width;
    static constexpr int code = Meta::code;    ///< numbers of a code
    static constexpr int write = Meta::write;  ///< the base model's layer that controllers change
    static_assert(Policy::Action::width == code, "the policy's actions are the metacontroller's codes");
    /// Episodes that the way is gone on.
    template <class T>
    using Episodes = Paths<Policy, Base, T>;

    template <class T>
    struct Tape {
        typename Policy::template Tape<T> policy;
        core::Buffer<T, code> codes, codes_gradient;        ///< of each decision
        core::Buffer<T, code> in_force, in_force_gradient;  ///< the code of each step
        core::Buffer<T, width> written;                     ///< the layer that is written, before it is
        typename Decoder::template Tape<T> decoder;
        typename Base::template Tape<T> base;
        core::Buffer<T, 1> log_probabilities;  ///< log p(a_t | o_1:t, z) of each step
        core::Buffer<T, 1> weights;            ///< of these, for pathwise_surrogate
    };

    /// Codes from what the policy saw and the noise.
    template <class T>
    static void decide(const typename Policy::template Parameters<T>& policy, const Episodes<T>& episodes,
                       Tape<T>& tape) {
        Policy::forward(policy, episodes.decisions, episodes.seen, tape.policy);
        const auto codes = tape.codes.resize(episodes.decisions.rows());
        for (int row = 0; row < codes.count; ++row)
            Codes::from_noise(tape.policy.action.view().row(row), episodes.noise.row(row), codes.row(row));
    }
    /// The likelihoods of the actions under these codes.
    template <class T>
    static void act(const CodesToActions<Meta, T>& frozen, const Episodes<T>& episodes, Tape<T>& tape) {
        const int rows = episodes.steps.rows();
        const auto in_force = tape.in_force.resize(rows);
        for_steps(episodes, [&](int step, int decision) {
            std::copy_n(tape.codes.view().row(decision), code, in_force.row(step));
        });
        Base::embed(frozen.base, episodes.observations, tape.base);
        Base::blocks(frozen.base, episodes.steps, 0, write, tape.base);
        const auto steered = tape.base.residual[write].view();
        const auto written = tape.written.resize(rows);
        std::ranges::copy(steered.flat(), written.flat().begin());
        Decoder::forward(frozen.decoder, in_force, written, steered, tape.decoder);
        if (frozen.gain != 1)
            for (std::size_t i = 0; i < written.flat().size(); ++i)
                steered.data[i] = written.data[i] + frozen.gain * (steered.data[i] - written.data[i]);
        Base::blocks(frozen.base, episodes.steps, write, Base::depth, tape.base);
        Base::heads(frozen.base, tape.base);
        const auto log_probabilities = tape.log_probabilities.resize(rows);
        for (int row = 0; row < rows; ++row)
            log_probabilities.data[row] = Base::Distribution::log_probability_at(
                frozen.temperature, tape.base.action.view().row(row), episodes.actions.row(row));
    }
    /// After `act`: the gradient of sum_t weights_t log p(a_t) in the codes, in tape.codes_gradient.
    template <class T>
    static void backward_to_codes(const CodesToActions<Meta, T>& frozen, const Episodes<T>& episodes,
                                  std::type_identity_t<std::span<const T>> weights, Tape<T>& tape) {
        const int rows = episodes.steps.rows();
        Base::clear_gradients(tape.base);
        for (int row = 0; row < rows; ++row)
            Base::Distribution::log_probability_at(frozen.temperature, tape.base.action.view().row(row),
                                                   episodes.actions.row(row), weights[static_cast<std::size_t>(row)],
                                                   tape.base.action_gradient.view().row(row));
        Base::backward_heads(frozen.base, tape.base, core::Frozen{});
        Base::backward_blocks(frozen.base, episodes.steps, write, Base::depth, tape.base, core::Frozen{});
        const auto flow = tape.base.flow.view();
        if (frozen.gain != 1)
            for (T& value : flow.flat()) value *= frozen.gain;  // the codes' part of it; the rest goes nowhere
        const auto in_force = tape.in_force_gradient.zeros(rows);
        Decoder::backward(frozen.decoder, episodes.steps, std::as_const(tape.in_force).view(),
                          std::as_const(tape.written).view(), tape.decoder, flow, in_force, {}, core::Frozen{});
        const auto codes = tape.codes_gradient.zeros(episodes.decisions.rows());
        for_steps(episodes, [&](int step, int decision) {
            for (int i = 0; i < code; ++i) codes.row(decision)[i] += in_force.row(step)[i];
        });
    }
    /// After `decide`: adds what tape.codes_gradient is in the policy's parameters.
    template <class T, class Gradient>
    static void backward_from_codes(const typename Policy::template Parameters<T>& policy, const Episodes<T>& episodes,
                                    Tape<T>& tape, Gradient&& gradient) {
        Policy::clear_gradients(tape.policy);
        for (int row = 0; row < episodes.decisions.rows(); ++row)
            Codes::from_noise(tape.policy.action.view().row(row), episodes.noise.row(row),
                              std::as_const(tape.codes_gradient).view().row(row),
                              tape.policy.action_gradient.view().row(row));
        Policy::backward(policy, episodes.decisions, episodes.seen, tape.policy, gradient);
    }

private:
    /// Calls work(row among steps, row among decisions) for every step.
    template <class T, class Work>
    static void for_steps(const Episodes<T>& episodes, Work&& work) {
        const auto& [decisions, seen, noise, steps, observations, actions, in_force] = episodes;
        core::require(decisions.count() == steps.count() && static_cast<int>(in_force.size()) == steps.rows(),
                      "paths have decisions and steps of the same episodes, and a decision in force at each step");
        for (int s = 0; s < steps.count(); ++s)
            for (int row = steps.row(s); row < steps.row(s + 1); ++row)
                work(row, decisions.row(s) + core::require_index(in_force[static_cast<std::size_t>(row)],
                                                                 decisions.length(s), "the decision in force"));
    }
};

/// rl::surrogate of the *actions* of these episodes, by the path: sum over steps of min(r A, clip(r, 1 - clip, 1 +
/// clip) A), with A the episode's advantage and r the ratio of p(a_t | o_1:t, z) to that at the time of acting, where
/// noise and switches are as they were. Adds -weight times its gradient in the policy's parameters: optimisers descend.
/// Advantages are one for each episode, old log-probabilities one for each step; where these are the present ones, what
/// is added is -weight * A * the gradient of the log-likelihood.
template <class Policy, class Meta, class T, class Gradient>
SurrogateSums pathwise_surrogate(const typename Policy::template Parameters<T>& policy,
                                 const CodesToActions<Meta, T>& frozen,
                                 const std::type_identity_t<Paths<Policy, typename Meta::Base, T>>& episodes,
                                 std::type_identity_t<std::span<const T>> old_log_probabilities,
                                 std::type_identity_t<std::span<const T>> advantages, std::type_identity_t<T> clip,
                                 std::type_identity_t<T> weight,
                                 typename Pathwise<Policy, Meta>::template Tape<T>& tape, Gradient&& gradient) {
    using Path = Pathwise<Policy, Meta>;
    Path::decide(policy, episodes, tape);
    Path::act(frozen, episodes, tape);
    SurrogateSums sums;
    const auto weights = tape.weights.resize(episodes.steps.rows());
    for (int s = 0; s < episodes.steps.count(); ++s)
        for (int row = episodes.steps.row(s); row < episodes.steps.row(s + 1); ++row) {
            const auto at = static_cast<std::size_t>(row);
            const T log_ratio = tape.log_probabilities.view().data[row] - old_log_probabilities[at];
            const T advantage = advantages[static_cast<std::size_t>(s)];
            const ClippedSurrogate<T> surrogate(log_ratio, advantage, clip);
            sums.add(surrogate, log_ratio);
            weights.data[row] = surrogate.clipped ? T(0) : -weight * surrogate.ratio * advantage;
        }
    if constexpr (core::trainable<Gradient>) {
        Path::backward_to_codes(frozen, episodes, weights.flat(), tape);
        Path::backward_from_codes(policy, episodes, tape, gradient);
    }
    return sums;
}

}  // namespace midstream::rl
