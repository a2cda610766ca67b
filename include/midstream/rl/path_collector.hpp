/// \file
/// Collecting what both estimates of rl/pathwise.hpp need: internal RL's episodes, decision by decision and step by
/// step.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "midstream/rl/collect.hpp"
#include "midstream/rl/internal.hpp"
#include "midstream/rl/pathwise.hpp"
#include "midstream/rl/recorded.hpp"

namespace midstream::rl {

/// Plays episodes of a policy over codes in these environments, as a Collector on rl::Internal does and by the same
/// random numbers, and packs them. Memory is reused.
template <env::BatchEnvironment B, class Meta, class Policy, class View = IdentityView<Meta::width>>
class PathCollector {
public:
    using Environment = Internal<Recorded<B>, Meta, DecisionsInForce, View>;  ///< in which the policy decides
    using Path = Pathwise<Policy, Meta>;                       ///< from the policy to the likelihood of actions
    using Episodes = typename Path::template Episodes<float>;  ///< as `Path` takes them

    /// Plays in this batch of environments. The parameters that `steered` refers to must outlive this. Throws if
    /// it takes modes: those have no likelihood.
    PathCollector(B environment, const Steered<Meta>& steered, View view = {})
        : frozen_(codes_to_actions(steered)),
          collector_(Environment(Recorded<B>(std::move(environment)), steered, {}, std::move(view))) {}

    /// Plays `count` episodes to their ends.
    void collect(const typename Policy::template Parameters<float>& policy, int count, core::Random random) {
        collector_.collect(policy, count, random);
        const Environment& environment = collector_.environment();
        environment.environment().pack(steps_, rows_);
        in_force_.resize(rows_.size());
        for (std::size_t i = 0; i < rows_.size(); ++i)
            in_force_[static_cast<std::size_t>(rows_[i])] = environment.watcher().numbers[i];
        find_noise(policy);
        Path::decide(policy, episodes(), tape_);
        Path::act(frozen_, episodes(), tape_);
    }

    /// The episodes; valid until the next.
    Episodes episodes() const {
        const auto& decisions = collector_.episodes();
        return {decisions.sequences(),
                decisions.observation_rows(),
                noise_.view(),
                steps_.sequences(),
                steps_.observation_rows(),
                steps_.action_rows(),
                std::span<const int>(in_force_)};
    }
    /// What is between codes and actions.
    const CodesToActions<Meta, float>& frozen() const { return frozen_; }
    /// The decisions: codes, their log-probabilities at the time of acting, returns.
    const Collector<Environment, Policy>& decisions() const { return collector_; }
    /// log p(a_t | o_1:t, z) of each step, computed once more from the codes of the noise.
    std::span<const float> action_log_probabilities() const { return tape_.log_probabilities.view().flat(); }

private:
    void find_noise(const typename Policy::template Parameters<float>& policy) {
        const auto& decisions = collector_.episodes();
        Policy::forward(policy, decisions.sequences(), decisions.observation_rows(), tape_.policy);
        const auto noise = noise_.resize(decisions.rows());
        for (int row = 0; row < noise.count; ++row)
            Path::Codes::noise_of(tape_.policy.action.view().row(row), decisions.action_rows().row(row),
                                  noise.row(row));
    }

    CodesToActions<Meta, float> frozen_;
    Collector<Environment, Policy> collector_;
    typename Recorded<B>::Episodes steps_;
    std::vector<int> rows_, in_force_;
    core::Buffer<float, Meta::code> noise_;
    typename Path::template Tape<float> tape_;
};

}  // namespace midstream::rl
