/// \file
/// From a batch of episodes to advantages. A rule sees returns alone, and gives every decision of an episode its
/// episode's advantage (BatchNormalised, the paper's; LeaveOneOut; Grouped of either), or sees decisions, and gives
/// each its own (rl/learned_baseline.hpp). Whatever is called in one of both ways is a rule:
///
///     struct MyRule {                                                                         // of returns
///         void operator()(std::span<const float> returns, std::span<float> advantages) const;
///     };
///     struct MyRule {                                                                         // of decisions
///         template <core::Parallelism Parallel, class Observation>
///         void operator()(const Parallel& parallel, std::span<const rl::Decisions<Observation>> shards);
///     };
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>
#include <string>
#include <type_traits>

#include "midstream/core/contract.hpp"
#include "midstream/core/parallel.hpp"
#include "midstream/core/sequences.hpp"
#include "midstream/core/tensor.hpp"

namespace midstream::rl {

/// A = (R - mean R) / (std R + 1e-3) over the whole batch, with the population's standard deviation and no groups;
/// every decision of an episode has its episode's advantage (C.5.2).
struct BatchNormalised {
    double epsilon = 1e-3;  ///< added to the standard deviation
    static constexpr void describe(const auto& self, auto&& part) { part("epsilon", self.epsilon); }

    /// Writes an advantage for every return; both have the same size.
    void operator()(std::span<const float> returns, std::span<float> advantages) const {
        double mean = 0, square = 0;
        for (const float r : returns) mean += r;
        mean /= static_cast<double>(returns.size());
        for (const float r : returns) square += (r - mean) * (r - mean);
        const double deviation = std::sqrt(square / static_cast<double>(returns.size()));
        for (std::size_t i = 0; i < returns.size(); ++i)
            advantages[i] = static_cast<float>((returns[i] - mean) / (deviation + epsilon));
    }
};

/// A_i = R_i less the mean of all other returns, which depends on nothing that episode i did: no bias (RLOO; Kool et
/// al. 2019, Ahmadian et al. 2024). It has the scale of returns. The return of a single episode is its advantage.
struct LeaveOneOut {
    /// Writes an advantage for every return; both have the same size.
    void operator()(std::span<const float> returns, std::span<float> advantages) const {
        double sum = 0;
        for (const float r : returns) sum += r;
        const double others = std::max(1.0, static_cast<double>(returns.size()) - 1);
        for (std::size_t i = 0; i < returns.size(); ++i)
            advantages[i] = static_cast<float>(returns[i] - (sum - returns[i]) / others);
    }
};

/// Another rule of returns on each group of consecutive episodes by itself. Where groups begin in the same world, as in
/// environments env::Batched<World, env::StreamPerGroup>, worlds that are easy or hard make no difference: of
/// BatchNormalised that is GRPO (Shao et al. 2024), of LeaveOneOut RLOO as it is used there.
template <class Rule = BatchNormalised>
struct Grouped {
    Rule rule{};    ///< within a group
    int group = 8;  ///< episodes; the environments have to begin as many in the same world
    static constexpr void describe(auto&& part) { part("rule", std::type_identity<Rule>{}); }
    static constexpr void describe(const auto& self, auto&& part) {
        part("rule", self.rule);
        part("group", self.group);
    }

    /// Writes an advantage for every return; both have the same size. Throws unless that is a multiple of the group.
    void operator()(std::span<const float> returns, std::span<float> advantages) const {
        core::require_range(group, 1, 1 << 20, "the group of advantages");
        const auto size = static_cast<std::size_t>(group);
        core::require(returns.size() % size == 0, [&] {
            return "advantages of groups of " + std::to_string(group) + " episodes are asked for " +
                   std::to_string(returns.size()) + ", which is no multiple";
        });
        for (std::size_t i = 0; i < returns.size(); i += size)
            rule(returns.subspan(i, size), advantages.subspan(i, size));
    }
};

/// The decisions of one shard of a batch: what was seen, what came of it, and the advantages that are to be written.
template <class Observation>
struct Decisions {
    core::Sequences sequences;  ///< of decisions: an episode each
    /// What was seen at each decision.
    core::Rows<const typename Observation::template Element<float>, Observation::width> observations{};
    std::span<const float> rewards_to_go;  ///< of each decision: the sum of rewards from it on
    std::span<float> advantages;           ///< of each decision
};

/// Writes an advantage for every return of a batch.
template <class A>
concept ReturnAdvantage = requires(const A& rule, std::span<const float> returns, std::span<float> advantages) {
    rule(returns, advantages);
};
/// Writes an advantage for every decision of a batch, which comes in shards: within core::for_shards a rule may touch
/// those of each, and nowhere else, as in other processes they are not there. It may keep things, and learn.
template <class A, class Observation>
concept DecisionAdvantage = requires(A& rule, const core::Serial& parallel,
                                     std::span<const Decisions<Observation>> shards) {
    rule(parallel, shards);
};
/// One of both.
template <class A, class Observation>
concept AdvantageRule = ReturnAdvantage<A> || DecisionAdvantage<A, Observation>;

/// Throws unless environments begin as many episodes in the same world as a rule compares, if it compares groups.
template <class A>
void require_groups(const A& rule, int group) {
    if constexpr (requires {
                      { rule.group } -> std::convertible_to<int>;
                  })
        core::require(rule.group == group, [&] {
            return "advantages of groups of " + std::to_string(rule.group) +
                   " episodes ask for environments that begin as many in the same world, and these begin " +
                   std::to_string(group) +
                   ": env::Batched<World, env::StreamPerGroup>(world, {.group = " + std::to_string(rule.group) + "})";
        });
}

}  // namespace midstream::rl
