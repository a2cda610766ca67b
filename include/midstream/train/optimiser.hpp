/// \file
/// What an optimiser is: options that are plain numbers, a state made of parameter structs, and `update`.
///
///     struct MyOptimiser {
///         double option = ...;
///         template <class P, class T> struct State {
///             std::uint64_t steps = 0;                          // updates done so far
///             core::Box<P> moment{};                            // moments are instances of the parameter struct
///             static void visit(auto& self, auto&& member);     // member("moment", *self.moment)
///         };
///         template <core::Parallelism Policy, class P, class T>
///         void update(const Policy&, State<P, T>&, P& parameters, const P& gradient, double learning_rate) const;
///     };
///
/// A state starts at zero. `steps` and what `visit` lists are all there is to save: core::visit walks a state as it
/// walks parameters, with paths such as "first_moment.blocks.2.mixer.query". Results are bit-identical for any number
/// of threads, and nothing is allocated after the first update. Options may change between updates.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/parallel.hpp"
#include "midstream/core/parameters.hpp"

namespace midstream::train {

/// See the head of this file.
template <class O, class P, class T = float>
concept Optimiser = core::ParameterStruct<P> && requires(const O& optimiser, typename O::template State<P, T>& state,
                                                         P& parameters, const P& gradient, double learning_rate) {
    { state.steps } -> std::same_as<std::uint64_t&>;
    O::template State<P, T>::visit(state, [](std::string_view, auto&) {});
    optimiser.update(core::Serial{}, state, parameters, gradient, learning_rate);
};

/// Factors on the learning rate of the parameters whose path begins with `prefix` (which has to outlive this), and of
/// all others; 0 keeps parameters as they are.
struct RateFactors {
    std::string_view prefix;  ///< of the paths that `factor` is for; empty: of all
    double factor = 1;        ///< on the rate of parameters whose path begins so
    double others = 1;        ///< on the rate of all others
    static constexpr void describe(const auto& self, auto&& part) {
        part("prefix", self.prefix);
        part("factor", self.factor);
        part("others", self.others);
    }

    /// The factor for the parameters of this path.
    double at(std::string_view path) const { return path.starts_with(prefix) ? factor : others; }
    /// Whether all rates stay as they are.
    bool uniform() const { return factor == 1 && others == 1; }
    /// Requires that the prefix, unless it is empty, begins the path of some parameter.
    void require_match(const std::vector<core::Leaf>& all) const {
        core::require_range(factor, 0.0, 1e300, "a factor on the learning rate");
        core::require_range(others, 0.0, 1e300, "a factor on the learning rate of others");
        core::require(
            std::any_of(all.begin(), all.end(), [&](const core::Leaf& leaf) { return leaf.path.starts_with(prefix); }),
            [&] {
                return "a learning rate's factor is for parameters \"" + std::string(prefix) +
                       "\", of which there are none";
            });
    }
};

/// RateFactors that own their prefix: what work was split for, to be compared with what it is to be split for now.
struct OwnedRateFactors {
    std::string prefix;  ///< as RateFactors::prefix
    double factor = 1;   ///< as RateFactors::factor
    double others = 1;   ///< as RateFactors::others

    /// Whether they are the same.
    friend bool operator==(const OwnedRateFactors& a, const RateFactors& b) {
        return a.prefix == b.prefix && a.factor == b.factor && a.others == b.others;
    }
    /// Copies them, the prefix included.
    OwnedRateFactors& operator=(const RateFactors& rates) {
        prefix = rates.prefix;
        factor = rates.factor;
        others = rates.others;
        return *this;
    }
};

/// A stretch of the flat view that one call of a parallel policy works on; decay says whether weights there decay, rate
/// is a factor on the learning rate.
struct Piece {
    std::size_t first;  ///< where it begins in the flat view
    std::size_t size;   ///< how many numbers it has
    bool decay;         ///< whether weight decay pulls them
    double rate = 1;    ///< factor on the learning rate
};

/// Appends [first, first + size) to `pieces` in pieces of at most 2^14 numbers, however many threads there are.
inline void append_pieces(std::vector<Piece>& pieces, std::size_t first, std::size_t size, bool decay,
                          double rate = 1) {
    core::for_slices(core::Serial{}, size, [&](std::size_t begin, std::size_t length) {
        pieces.push_back({first + begin, length, decay, rate});
    });
}

}  // namespace midstream::train
