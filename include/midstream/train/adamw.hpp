/// \file
/// AdamW (Loshchilov and Hutter 2019), the optimiser of every stage of the paper (tables A4 to A14), as PyTorch has it.
#pragma once

#include <cmath>

#include "midstream/core/eigen.hpp"
#include "midstream/train/optimiser.hpp"

namespace midstream::train {

/// Which parameters weight decay pulls towards zero.
enum class Decay {
    all,      ///< every one, as PyTorch's AdamW does unless told otherwise
    matrices  ///< matrices only: no biases, no scales of norms
};

/// With m and v the running means of the gradient g and of its square, both corrected for their start at zero:
///     p <- (1 - learning_rate weight_decay) p - learning_rate m / (sqrt(v) + epsilon).
struct AdamW {
    double beta1 = 0.9;          ///< of the running mean of g
    double beta2 = 0.999;        ///< of the running mean of g^2
    double epsilon = 1e-8;       ///< added to sqrt(v)
    double weight_decay = 0.03;  ///< 0.03 throughout the paper, 0 in internal RL
    Decay decay = Decay::all;    ///< which parameters weight decay pulls
    RateFactors rates{};         ///< by default all parameters learn at the same rate
    static constexpr void describe(const auto& self, auto&& part) {
        part("beta1", self.beta1);
        part("beta2", self.beta2);
        part("epsilon", self.epsilon);
        part("weight_decay", self.weight_decay);
        part("decay", self.decay);
        part("rates", self.rates);
    }

    template <class P, class T>
    struct State {
        std::uint64_t steps = 0;
        core::Box<P> first_moment{};   ///< running mean of g, uncorrected
        core::Box<P> second_moment{};  ///< running mean of g^2, uncorrected
        std::vector<Piece> pieces{};   ///< how the work is split: not part of what is saved, as what follows
        Decay split_decay{};           ///< what it is split for
        OwnedRateFactors split_rates{};

        static void visit(auto& self, auto&& member) {
            member("first_moment", *self.first_moment);
            member("second_moment", *self.second_moment);
        }
    };

    /// One step from `gradient` at this learning rate.
    template <core::Parallelism Policy, class P, class T>
    void update(const Policy& policy, State<P, T>& state, P& parameters, const P& gradient,
                double learning_rate) const {
        if (state.pieces.empty() || state.split_decay != decay || state.split_rates != rates)
            split<T>(parameters, state);
        const auto step = at_step<T>(state.steps + 1, learning_rate);
        ++state.steps;
        T* const p = core::flat<T>(parameters).data();
        const T* const g = core::flat<T>(gradient).data();
        T* const m = core::flat<T>(*state.first_moment).data();
        T* const v = core::flat<T>(*state.second_moment).data();
        policy.for_each(static_cast<int>(state.pieces.size()), [&](int i) {
            const Piece& piece = state.pieces[static_cast<std::size_t>(i)];
            step.apply(piece, p, g, m, v);
        });
    }

    /// The factors of one step, shared by all entries.
    template <class T>
    struct Step {
        T beta1,       ///< as AdamW's
            beta2,     ///< as AdamW's
            epsilon;   ///< as AdamW's
        T forget;      ///< learning_rate weight_decay
        T rate;        ///< learning_rate / (1 - beta1^t)
        T correction;  ///< 1 / sqrt(1 - beta2^t)

        /// Updates the piece's stretch of the flat parameters p and moments m, v.
        void apply(const Piece& piece, T* p, const T* g, T* m, T* v) const {
            // Short enough for all four arrays to stay in the first-level cache between the three passes.
            constexpr std::size_t chunk = 1024;
            using Array = Eigen::Array<T, Eigen::Dynamic, 1>;
            const T factor = static_cast<T>(piece.rate);
            for (std::size_t done = 0; done < piece.size; done += chunk) {
                const std::size_t first = piece.first + done;
                const auto length = static_cast<Eigen::Index>(std::min(chunk, piece.size - done));
                Eigen::Map<Array> parameter(p + first, length), mean(m + first, length), square(v + first, length);
                Eigen::Map<const Array> gradient(g + first, length);
                mean = beta1 * mean + (T(1) - beta1) * gradient;
                square = beta2 * square + (T(1) - beta2) * gradient.square();
                parameter = (piece.decay ? T(1) - factor * forget : T(1)) * parameter -
                            factor * rate * mean / (correction * square.sqrt() + epsilon);
            }
        }
    };

    /// The factors of the `steps`-th step (the first is 1). Throws if an option is out of its range.
    template <class T>
    Step<T> at_step(std::uint64_t steps, double learning_rate) const {
        for (const double beta : {beta1, beta2})
            core::require(!core::is_nan(beta) && beta >= 0 && static_cast<T>(beta) < 1, [&] {
                return "a beta of AdamW is " + core::to_text(beta) +
                       ", valid is 0 to 1, excluded, in the parameters' scalar";
            });
        core::require(!core::is_nan(epsilon) && epsilon > 0 && epsilon <= 1e30 && static_cast<T>(epsilon) > 0, [&] {
            return "AdamW's epsilon is " + core::to_text(epsilon) +
                   ", valid is what the parameters' scalar holds as more than 0, up to 1e30";
        });
        core::require_range(weight_decay, 0.0, 1e300, "AdamW's weight decay");
        const auto t = static_cast<double>(steps);
        return {static_cast<T>(beta1),
                static_cast<T>(beta2),
                static_cast<T>(epsilon),
                static_cast<T>(learning_rate * weight_decay),
                static_cast<T>(learning_rate / (1 - std::pow(beta1, t))),
                static_cast<T>(1 / std::sqrt(1 - std::pow(beta2, t)))};
    }

private:
    template <class T, class P>
    void split(const P& parameters, State<P, T>& state) const {
        state.pieces.clear();
        const auto all = core::leaves<T>(parameters);
        const bool alike = std::all_of(all.begin(), all.end(), [](const core::Leaf& leaf) { return leaf.trained; });
        if (alike && decay == Decay::all && rates.uniform()) {
            append_pieces(state.pieces, 0, core::flat<T>(parameters).size(), true);
        } else {
            rates.require_match(all);
            for (const core::Leaf& leaf : all)
                if (leaf.trained)
                    append_pieces(state.pieces, leaf.first, leaf.size, decay == Decay::all || leaf.matrix,
                                  rates.at(leaf.path));
        }
        state.split_decay = decay;
        state.split_rates = rates;
    }
};

}  // namespace midstream::train
