/// \file
/// One update of data-parallel training: shards of the batch add up their own gradients, which are summed in the order
/// of the shards, clipped, and handed to the optimiser. The number of shards is part of the run, that of threads is
/// not: the same shards give the same bits on any number of threads.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <type_traits>

#include "midstream/core/contract.hpp"
#include "midstream/train/clip.hpp"
#include "midstream/train/optimiser.hpp"

namespace midstream::train {

/// Parameters in training, with all that an update needs. They start at zero, where nothing can be learned: the model's
/// `initialise(*learner.parameters, random)` comes first. What `visit` lists is what a run saves.
template <class P, class OptimiserPolicy, class T = float>
requires Optimiser<OptimiserPolicy, P, T>
struct Learner {
    OptimiserPolicy optimiser{};
    double max_norm = 1;  ///< the gradient is clipped to this global norm
    int shards = 4;
    core::Box<P> parameters{};
    typename OptimiserPolicy::template State<P, T> state{};

    std::vector<core::Box<P>> gradients{};
    std::vector<std::span<T>> gradient_spans{};
    std::vector<double> norm_scratch{};

    static void visit(auto& self, auto&& member) {
        member("parameters", *self.parameters);
        member("optimiser", self.state);
        member("steps", self.state.steps);
    }

    /// Updates done so far.
    std::int64_t steps() const { return static_cast<std::int64_t>(state.steps); }

    /// `work(shard, gradient)` adds the shard's share of the batch's gradient to a gradient that is zero and returns
    /// its sums, which are added up with += in the order of the shards. Throws core::Error, with parameters untouched,
    /// if the gradient is not finite.
    template <core::Parallelism Policy, class Work>
    auto update(const Policy& policy, double learning_rate, Work&& work) {
        begin(policy);
        auto sums = add_gradients(policy, work);
        finish(policy, learning_rate);
        return sums;
    }

    // An update whose shards meet in between: begin, add_gradients as often as need be, finish.

    /// Makes the shards' gradients zero.
    template <core::Parallelism Policy>
    void begin(const Policy& policy) {
        if (static_cast<int>(gradients.size()) != shards) {
            core::require_range(shards, 1, max_shards, "shards");
            gradients.resize(static_cast<std::size_t>(shards));
        }
        gradient_spans.clear();  // made afresh: those of a copy would point to the gradients of the original
        for (auto& gradient : gradients) gradient_spans.push_back(core::flat<T>(*gradient));
        policy.for_each(shards, [&](int shard) {
            const auto span = gradient_spans[static_cast<std::size_t>(shard)];
            std::fill(span.begin(), span.end(), T(0));
        });
    }
    /// `work(shard, gradient)` for every shard, as in `update`.
    template <core::Parallelism Policy, class Work>
    auto add_gradients(const Policy& policy, Work&& work) {
        using Sums = std::invoke_result_t<Work&, int, P&>;
        std::array<Sums, max_shards> sums{};
        policy.for_each(shards, [&](int shard) {
            const auto s = static_cast<std::size_t>(shard);
            sums[s] = work(shard, *gradients[s]);
        });
        for (std::size_t s = 1; s < static_cast<std::size_t>(shards); ++s) sums[0] += sums[s];
        return sums[0];
    }
    /// Adds up the gradients, clips them, and takes the optimiser's step.
    template <core::Parallelism Policy>
    void finish(const Policy& policy, double learning_rate) {
        core::reduce(policy, std::span<const std::span<T>>(gradient_spans), gradient_spans[0]);
        const double norm = clip(policy, gradient_spans[0], max_norm, norm_scratch);
        core::require(std::isfinite(norm), [&] {
            return "the gradient of update " + std::to_string(steps() + 1) + " is not finite: lower the learning rate";
        });
        optimiser.update(policy, state, *parameters, *gradients[0], learning_rate);
    }

    static constexpr int max_shards = 64;
};

/// How many of `total` belong to `shard` of `shards`: as equal as can be.
constexpr int share(int total, int shard, int shards) { return total / shards + (shard < total % shards ? 1 : 0); }

}  // namespace midstream::train
