/// \file
/// Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"): momentum whose matrices are
/// made orthogonal before they are applied. Not used by the paper; on one-hot inputs it learns far faster than AdamW.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>
#include <tuple>
#include <type_traits>

#include "midstream/core/eigen.hpp"
#include "midstream/train/adamw.hpp"

namespace midstream::train {

/// Muon's default of which matrices it leaves to AdamW: those that are not linear maps between hidden vectors, which is
/// when their path holds the word embed(ding), conv(olution) or bias (tables of relative position biases are
/// matrices), or a word that ends in "head" ("action_head.weight", but not "heads.weight").
struct EmbeddingsAndHeads {
    /// Whether AdamW takes the matrix of this path.
    bool operator()(std::string_view path) const {
        for (const std::string_view word : {"embed", "conv", "bias"})
            if (path.find(word) != path.npos) return true;
        for (std::size_t at = path.find("head"); at != path.npos; at = path.find("head", at + 1))
            if (at + 4 == path.size() || path[at + 4] == '.') return true;
        return false;
    }
};

/// With g the gradient, for every matrix W of inputs x outputs that is not left to AdamW:
///     m <- momentum m + g,  U = g + momentum m    (Nesterov),
///     W <- (1 - learning_rate weight_decay) W - learning_rate sqrt(max(1, outputs / inputs)) O(U),
/// where O(U), by `iterations` of Newton and Schulz, is U with its singular values moved close to 1. This is the
/// scaling of Jordan's own code (whose matrices are outputs x inputs: rows over columns there). Vectors, and matrices
/// whose path `left_to_adamw` accepts or that have a single row or column, take AdamW steps at
/// learning_rate * adamw_rate. What `left_to_adamw` accepts may change between updates: a matrix that changes hands
/// begins with moments of zero.
template <class LeftToAdamW = EmbeddingsAndHeads>
struct Muon {
    double momentum = 0.95;       ///< weight of what m was before
    int iterations = 5;           ///< of Newton and Schulz, for every matrix
    double weight_decay = 0.03;   ///< of the matrices that are made orthogonal
    AdamW adamw{};                ///< of everything that is not orthogonalised; its weight decay and rates are its own
    double adamw_rate = 0.1;      ///< AdamW's learning rate as a multiple of Muon's
    LeftToAdamW left_to_adamw{};  ///< asked with a matrix's path: left_to_adamw(std::string_view)

    static constexpr void describe(auto&& part) { part("left_to_adamw", std::type_identity<LeftToAdamW>{}); }
    static constexpr void describe(const auto& self, auto&& part) {
        part("momentum", self.momentum);
        part("iterations", self.iterations);
        part("weight_decay", self.weight_decay);
        part("adamw", self.adamw);
        part("adamw_rate", self.adamw_rate);
        part("left_to_adamw", self.left_to_adamw);
    }

    /// Scratch of one orthogonalisation at a time; grows to the largest matrix.
    template <class T>
    struct Workspace {
        core::AlignedVector<T> direction,  ///< short side x long side
            next;                          ///< short side x long side
        core::AlignedVector<T> gram,       ///< short side x short side
            square;                        ///< short side x short side
    };

    /// Matrices are dealt to this many workers, each with its own workspace, whatever the number of threads.
    static constexpr int workers = 16;

    /// Can `left_to_adamw` be told from what it was? Where it has a state, but no ==, it is asked at every update.
    static constexpr bool compares = !std::is_empty_v<LeftToAdamW> && std::equality_comparable<LeftToAdamW>;

    template <class P, class T>
    struct State {
        std::uint64_t steps = 0;
        core::Box<P> first_moment{};   ///< m; where AdamW acts, its running mean of g
        core::Box<P> second_moment{};  ///< AdamW's running mean of g^2; zero where Muon acts
        std::vector<core::Leaf>
            matrices{};               ///< what Muon acts on, largest first; not part of what is saved, as what follows
        std::vector<Piece> pieces{};  ///< what AdamW acts on
        std::vector<Workspace<T>> workspaces{};
        Decay split_decay{};  ///< what the work is split for
        OwnedRateFactors split_rates{};
        std::conditional_t<compares, std::optional<LeftToAdamW>, std::tuple<>> split_left{};

        static void visit(auto& self, auto&& member) {
            member("first_moment", *self.first_moment);
            member("second_moment", *self.second_moment);
        }
    };

    /// One step from `gradient` at this learning rate.
    template <core::Parallelism Policy, class P, class T>
    void update(const Policy& policy, State<P, T>& state, P& parameters, const P& gradient,
                double learning_rate) const {
        if (!is_split(state)) prepare<T>(parameters, state);
        core::require(!core::is_nan(momentum) && momentum >= 0 && momentum < 1,
                      [&] { return "Muon's momentum is " + core::to_text(momentum) + ", valid is 0 to 1, excluded"; });
        core::require_range(weight_decay, 0.0, 1e300, "Muon's weight decay");
        core::require_range(adamw_rate, 0.0, 1e300, "AdamW's learning rate as a multiple of Muon's");
        const auto adamw_step = adamw.template at_step<T>(state.steps + 1, learning_rate * adamw_rate);
        ++state.steps;
        T* const p = core::flat<T>(parameters).data();
        const T* const g = core::flat<T>(gradient).data();
        T* const m = core::flat<T>(*state.first_moment).data();
        T* const v = core::flat<T>(*state.second_moment).data();
        const auto matrix_count = state.matrices.size();
        policy.for_each(workers + static_cast<int>(state.pieces.size()), [&](int i) {
            const auto index = static_cast<std::size_t>(i);
            if (i >= workers) return adamw_step.apply(state.pieces[index - workers], p, g, m, v);
            for (std::size_t at = index; at < matrix_count; at += workers) {
                const core::Leaf& leaf = state.matrices[at];
                step_matrix(leaf, p + leaf.first, g + leaf.first, m + leaf.first, learning_rate,
                            state.workspaces[index]);
            }
        });
    }

    /// The short x long matrix `workspace.direction`, replaced by its orthogonalisation: five rounds bring all singular
    /// values that are not tiny to between about 0.7 and 1.2.
    template <class T>
    void orthogonalise(Workspace<T>& workspace, int short_side, int long_side) const {
        using Dense = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        const T a = T(3.4445), b = T(-4.7750), c = T(2.0315);
        Eigen::Map<Dense> gram(workspace.gram.data(), short_side, short_side);
        Eigen::Map<Dense> square(workspace.square.data(), short_side, short_side);
        const auto count = static_cast<Eigen::Index>(short_side) * long_side;
        Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>> entries(workspace.direction.data(), count);
        entries /= entries.norm() + T(1e-7);
        for (int iteration = 0; iteration < iterations; ++iteration) {
            Eigen::Map<Dense> x(workspace.direction.data(), short_side, long_side);
            Eigen::Map<Dense> next(workspace.next.data(), short_side, long_side);
            gram.noalias() = x * x.transpose();
            square.noalias() = gram * gram;
            square = b * gram + c * square;
            next.noalias() = square * x;
            next += a * x;
            std::swap(workspace.direction, workspace.next);
        }
    }

private:
    template <class T>
    void step_matrix(const core::Leaf& leaf, T* p, const T* g, T* m, double learning_rate,
                     Workspace<T>& workspace) const {
        using Dense = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        Eigen::Map<Dense> weight(p, leaf.rows, leaf.columns), moment(m, leaf.rows, leaf.columns);
        Eigen::Map<const Dense> gradient(g, leaf.rows, leaf.columns);
        const T mu = static_cast<T>(momentum);
        moment = mu * moment + gradient;

        // Wide matrices as they are, tall ones transposed, so that the Gram matrix is the smaller of the two.
        const bool tall = leaf.rows > leaf.columns;
        const int short_side = std::min(leaf.rows, leaf.columns), long_side = std::max(leaf.rows, leaf.columns);
        {
            Eigen::Map<Dense> x(workspace.direction.data(), short_side, long_side);
            if (tall)
                x = (gradient + mu * moment).transpose();
            else
                x = gradient + mu * moment;
        }
        orthogonalise(workspace, short_side, long_side);

        const double shape = std::sqrt(std::max(1.0, static_cast<double>(leaf.columns) / leaf.rows));
        const T keep = static_cast<T>(1 - learning_rate * weight_decay), rate = static_cast<T>(learning_rate * shape);
        Eigen::Map<const Dense> x(workspace.direction.data(), short_side, long_side);
        if (tall)
            weight = keep * weight - rate * x.transpose();
        else
            weight = keep * weight - rate * x;
    }

    /// Is the work split as these options want it?
    template <class P, class T>
    bool is_split(const State<P, T>& state) const {
        if (state.workspaces.empty() || state.split_decay != adamw.decay || state.split_rates != adamw.rates)
            return false;
        if constexpr (compares)
            return *state.split_left == left_to_adamw;
        else
            return std::is_empty_v<LeftToAdamW>;
    }

    template <class T, class P>
    void prepare(const P& parameters, State<P, T>& state) const {
        const auto all = core::leaves<T>(parameters);
        adamw.rates.require_match(all);  // before the state is touched: what is refused leaves it whole
        const bool begun = !state.workspaces.empty();
        const std::vector<core::Leaf> before = std::move(state.matrices);
        state.matrices.clear();
        state.pieces.clear();
        for (const core::Leaf& leaf : all) {
            const bool hidden =
                leaf.matrix && leaf.rows > 1 && leaf.columns > 1 && !left_to_adamw(std::string_view(leaf.path));
            if (hidden)
                state.matrices.push_back(leaf);
            else if (leaf.trained)
                append_pieces(state.pieces, leaf.first, leaf.size, adamw.decay == Decay::all || leaf.matrix,
                              adamw.rates.at(leaf.path));
            const bool was_hidden = std::any_of(before.begin(), before.end(),
                                                [&](const core::Leaf& other) { return other.first == leaf.first; });
            if (begun && hidden != was_hidden)
                for (P* moment : {&*state.first_moment, &*state.second_moment})
                    std::fill_n(core::flat<T>(*moment).data() + leaf.first, leaf.size, T(0));
        }
        std::sort(state.matrices.begin(), state.matrices.end(), [](const core::Leaf& a, const core::Leaf& b) {
            return a.size != b.size ? a.size > b.size : a.first < b.first;
        });
        state.workspaces.resize(workers);
        state.split_decay = adamw.decay;
        state.split_rates = adamw.rates;
        if constexpr (compares) state.split_left.emplace(left_to_adamw);
        for (std::size_t at = 0; at < state.matrices.size(); ++at) {
            const core::Leaf& leaf = state.matrices[at];
            Workspace<T>& workspace = state.workspaces[at % workers];
            const auto side = static_cast<std::size_t>(std::min(leaf.rows, leaf.columns));
            for (auto* buffer : {&workspace.direction, &workspace.next})
                buffer->resize(std::max(buffer->size(), leaf.size));
            for (auto* buffer : {&workspace.gram, &workspace.square})
                buffer->resize(std::max(buffer->size(), side * side));
        }
    }
};

}  // namespace midstream::train
