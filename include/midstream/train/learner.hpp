/// \file
/// One update of data-parallel training: shards of the batch add up their own gradients, which are summed in the order
/// of the shards, clipped, and handed to the optimiser. The number of shards is part of the run, that of threads and of
/// processes is not: the same shards give the same bits on any number of them.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/train/clip.hpp"
#include "midstream/train/optimiser.hpp"

namespace midstream::train {

namespace detail {
/// The path of the first Matrix or Vector with a number that is not finite; empty if there is none.
template <class T, class P>
std::string first_bad(const P& parameters) {
    const auto numbers = core::flat<T>(parameters);
    if (core::all_finite(numbers)) return {};
    for (const core::Leaf& leaf : core::leaves<T>(parameters))
        if (!core::all_finite(numbers.subspan(leaf.first, leaf.size)))
            return leaf.path.empty() ? "(the only ones)" : leaf.path;
    return {};
}

/// Tells in a sentence why nothing can learn so.
template <class P, class O, class T>
constexpr bool check_learner() {
    static_assert(core::ParameterStruct<P>,
                  "a learner's first argument is a struct of parameters: Model::Parameters<float>, not the model");
    static_assert(!core::ParameterStruct<P> || Optimiser<O, P, T>,
                  "a learner's second argument is an optimiser: train::AdamW, train::Muon or a type of your own as "
                  "train/optimiser.hpp shows it");
    return Optimiser<O, P, T>;
}
/// The state of an optimiser; of what is none something that stands in for it.
template <class O, class P, class T, bool = check_learner<P, O, T>()>
struct OptimiserState {
    using Type = typename O::template State<P, T>;
};
template <class O, class P, class T>
struct OptimiserState<O, P, T, false> {
    struct Type {
        std::uint64_t steps = 0;
        static void visit(auto&, auto&&) {}
    };
};
}  // namespace detail

/// Parameters in training, with all that an update needs. They start at zero, where few things can learn: the model's
/// `initialise(*learner.parameters, random)` comes first (stages and RL insist on it). Options may change between
/// updates, but for the number of shards within a stage or an rl::ClippedPolicyGradient. What `visit` lists is what a
/// run saves.
template <class P, class OptimiserPolicy, class T = float>
struct Learner {
    OptimiserPolicy optimiser{};  ///< the options of what takes the steps
    double max_norm = 1;          ///< the gradient is clipped to this global norm
    int shards = 4;               ///< pieces of a batch with a gradient each: 1 to max_shards
    core::Box<P> parameters{};    ///< what is trained
    /// Of the optimiser: moments and the number of updates.
    typename detail::OptimiserState<OptimiserPolicy, P, T>::Type state{};

    std::vector<core::Box<P>> gradients{};       ///< one for each shard; after an update the first is their clipped sum
    std::vector<std::span<T>> gradient_spans{};  ///< of these, flat
    std::vector<double> norm_scratch{};          ///< of clipping

    static constexpr void describe(auto&& part) {
        part("numbers", sizeof(P) / sizeof(T));
        part("optimiser", std::type_identity<OptimiserPolicy>{});
        part("scalar", std::type_identity<T>{});
    }
    static void describe(const auto& self, auto&& part) {
        part("optimiser", self.optimiser);
        part("max_norm", self.max_norm);
        part("shards", self.shards);
        part.leaves_out(self.parameters, self.state, self.gradients, self.gradient_spans, self.norm_scratch);
    }

    static void visit(auto& self, auto&& member) {
        member("parameters", *self.parameters);
        member("optimiser", self.state);
        member("steps", self.state.steps);
    }

    /// Updates done so far.
    std::int64_t steps() const { return static_cast<std::int64_t>(state.steps); }

    /// `work(shard, gradient)` adds the shard's share of the batch's gradient to a gradient that is zero and returns
    /// its sums, which are added up with += in the order of the shards. Throws core::Error, with parameters untouched,
    /// if the gradient is not finite, or an option is out of its range.
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
        core::require_range(shards, 1, max_shards, "shards");
        if (static_cast<int>(gradients.size()) != shards) {
            core::require_complete<T>(*parameters);
            gradients.resize(static_cast<std::size_t>(shards));
            core::require_same(policy, core::flat<T>(std::as_const(*parameters)),
                               "the parameters before update " + std::to_string(steps() + 1));
        }
        gradient_spans.clear();  // made afresh: those of a copy would point to the gradients of the original
        for (auto& gradient : gradients) gradient_spans.push_back(core::flat<T>(*gradient));
        core::for_shards(policy, shards, [&](int shard) {
            const auto span = gradient_spans[static_cast<std::size_t>(shard)];
            std::fill(span.begin(), span.end(), T(0));
        });
    }
    /// `work(shard, gradient)` for every shard, as in `update`.
    template <core::Parallelism Policy, class Work>
    auto add_gradients(const Policy& policy, Work&& work) {
        using Sums = std::invoke_result_t<Work&, int, P&>;
        std::array<Sums, max_shards> sums{};
        core::for_shards(policy, shards, [&](int shard) {
            const auto s = static_cast<std::size_t>(shard);
            sums[s] = work(shard, *gradients[s]);
        });
        core::exchange(policy, shards, [&](int shard) { return std::span(&sums[static_cast<std::size_t>(shard)], 1); });
        for (std::size_t s = 1; s < static_cast<std::size_t>(shards); ++s) sums[0] += sums[s];
        return sums[0];
    }
    /// Adds up the gradients, clips them, and takes the optimiser's step.
    template <core::Parallelism Policy>
    void finish(const Policy& policy, double learning_rate) {
        core::require(core::is_finite(learning_rate) && learning_rate >= 0, [&] {
            return "the learning rate of update " + std::to_string(steps() + 1) + " is " +
                   core::to_text(learning_rate) + ", valid are finite numbers from 0 on";
        });
        core::reduce(policy, std::span<const std::span<T>>(gradient_spans), gradient_spans[0]);
        const double norm = clip(policy, gradient_spans[0], max_norm, norm_scratch);
        core::require(core::is_finite(norm), [&] { return blame(); });
        optimiser.update(policy, state, *parameters, *gradients[0], learning_rate);
    }

    static constexpr int max_shards = 64;  ///< the most pieces of a batch

private:
    /// Why a gradient, whose sum is in the first of `gradients`, is not finite.
    std::string blame() const {
        const std::string what = "the gradient of update " + std::to_string(steps() + 1) + " is not finite";
        if (const auto bad = detail::first_bad<T>(*parameters); !bad.empty())
            return what + ", as the parameters \"" + bad + "\" are not: an earlier learning rate was too high for them";
        const auto bad = detail::first_bad<T>(*gradients[0]);
        return what + ", that of \"" + bad +
               "\" to begin with, though all parameters are: look first at what the batch holds (observations, "
               "targets, "
               "rewards, weights), then at the learning rate";
    }
};

/// Trains the parameters of this model, which are in float.
template <class L, class Model>
concept LearnerOf = requires(L& learner) {
    requires std::same_as < std::remove_cvref_t<decltype(*learner.parameters)>,
    typename Model::template Parameters < float >> ;
    { learner.steps() } -> std::convertible_to<std::int64_t>;
    { learner.shards } -> std::convertible_to<int>;
};

/// Requires that parameters are not all zero, where nothing can be learned: somebody forgot to initialise or to load
/// them. `whose` says what they are of.
template <class T, class P>
void require_initialised(const P& parameters, std::string_view whose) {
    const auto all = core::flat<T>(parameters);
    core::require(std::any_of(all.begin(), all.end(), [](auto value) { return value != 0; }), [&] {
        return "the parameters of " + std::string(whose) +
               " are all zero, where nothing can be learned: initialise or load them first";
    });
}

/// How many of `total` belong to `shard` of `shards`: as equal as can be.
constexpr int share(int total, int shard, int shards) { return total / shards + (shard < total % shards ? 1 : 0); }

}  // namespace midstream::train
