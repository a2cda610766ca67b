/// \file
/// Independent components of rows, such as a layer of the residual stream, found without labels by FastICA (Hyvarinen
/// and Oja, "Independent component analysis: algorithms and applications", 2000). Rare events stand out as the
/// components of the largest kurtosis: zero nearly always, far from it now and then. What happens to one side alone,
/// all at once or not at all, stands out as those of the largest skewness.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "midstream/control/skewed_directions.hpp"
#include "midstream/control/whiten.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/product.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/tensor.hpp"

namespace midstream::control {

/// How rows become sources: s_i = unmixing_i . (x - mean), of mean 0, variance 1 and pairwise uncorrelated over the
/// rows that it was fitted to. Components are in the order of their kurtosis, the largest first; their heavy tail is
/// positive.
template <class T, int Width>
struct IndependentComponents {
    core::Vector<T, Width> mean{};             ///< of the rows
    core::Matrix<T, Width, Width> unmixing{};  ///< a line for each component; zero from `count` on
    core::Vector<T, Width> kurtosis{};         ///< E s^4 - 3: 0 of a normal distribution
    int count = 0;                             ///< of components: the rank of the rows, if no fewer were asked for
    int iterations = 0;                        ///< that FastICA took; by skewness, the most of any component and start
    /// How far the last iteration turned the component that it turned most: 1 - |cos|. Above the options' tolerance
    /// FastICA has not settled, as it never does where several components are nearly normal.
    double change = 0;

    static void visit(auto& self, auto&& member) {
        member("mean", self.mean);
        member("unmixing", self.unmixing);
        member("kurtosis", self.kurtosis);
        member("count", self.count);
        member("iterations", self.iterations);
        member("change", self.change);
    }

    /// Writes the sources of every row, zero from `count` on.
    void apply(core::In<T, Width> rows, core::Out<T, Width> sources) const {
        core::Buffer<T, Width> centred;
        core::map(centred.resize(rows.count)) = core::map(rows).rowwise() - core::map(mean);
        core::product_transposed<T>(core::view(centred.view()), core::view(unmixing), core::view(sources));
    }
};

/// What is made large: E log cosh s finds components of any kind, -E exp(-s^2 / 2) rare ones better, of all components
/// at once; E s^3 finds those that lean to one side, one after the other.
enum class Contrast { log_cosh, exponential, skewness };

/// Its name, as descriptions have it.
constexpr const char* to_string(Contrast contrast) {
    switch (contrast) {
        case Contrast::log_cosh:
            return "log_cosh";
        case Contrast::exponential:
            return "exponential";
        case Contrast::skewness:
            return "skewness";
    }
    return "";
}

/// How FastICA looks for components.
struct IndependentComponentsOptions {
    int components = 0;  ///< taken from the directions of the largest variance; 0: as many as the rows have rank
    Contrast contrast = Contrast::exponential;  ///< what is made large
    int iterations = 200;                       ///< at most
    double tolerance = 1e-6;                    ///< ends where no component turns by more in an iteration: 1 - |cos|
    double floor = 1e-7;  ///< directions of less than this share of the largest variance count as none

    static constexpr void describe(const auto& self, auto&& part) {
        part("components", self.components);
        part("contrast", to_string(self.contrast));
        part("iterations", self.iterations);
        part("tolerance", self.tolerance);
        part("floor", self.floor);
    }
};

namespace detail {

// Templates, all of them, of the numbers that are computed with, though these are always doubles: sources that include
// this and find no components are then compiled without all that.

/// The orthogonal matrix that is nearest to one of full rank, (w w^T)^(-1/2) w, by Newton and Schulz's iteration.
/// Empty where it does not settle: w has a lower rank, or numbers that are not finite.
template <class Real>
Eigen::MatrixX<Real> orthogonal(const Eigen::MatrixX<Real>& w) {
    const Eigen::MatrixX<Real> identity = Eigen::MatrixX<Real>::Identity(w.rows(), w.rows());
    Eigen::MatrixX<Real> result = w / w.norm(), excess, correction;
    for (int iteration = 0; iteration < 200; ++iteration) {
        core::multiply_transposed(result, result, excess);
        excess -= identity;
        core::multiply(excess, result, correction);
        result -= 0.5 * correction;
        // The distance is squared by every step, so that this one has made it a rounding error.
        if (excess.cwiseAbs().maxCoeff() < 1e-8) return result;
    }
    return {};
}

/// The contrast's derivative at every entry, in place, and for every line the mean of its second derivative.
template <class Real>
Eigen::VectorX<Real> differentiate(Contrast contrast, Eigen::MatrixX<Real>& sources) {
    Eigen::MatrixX<Real> slopes;
    if (contrast == Contrast::log_cosh) {
        sources = sources.array().tanh().matrix();
        slopes = (1 - sources.array().square()).matrix();
    } else {
        const Eigen::MatrixX<Real> bell = (-0.5 * sources.array().square()).exp().matrix();
        slopes = ((1 - sources.array().square()) * bell.array()).matrix();
        sources.array() *= bell.array();
    }
    return slopes.rowwise().mean();
}

/// All components at once (symmetric FastICA).
template <class Real>
Rotation<Real> turn_together(const Eigen::MatrixX<Real>& white, core::Random& random,
                             const IndependentComponentsOptions& options) {
    const Eigen::Index count = white.rows();
    Rotation<Real> result{.turn = Eigen::MatrixX<Real>(count, count)};
    for (int i = 0; i < count; ++i)
        for (int j = 0; j < count; ++j) result.turn(i, j) = random.normal();
    result.turn = orthogonal(result.turn);
    Eigen::MatrixX<Real> sources, next;
    for (; result.iterations < options.iterations && result.change > options.tolerance; ++result.iterations) {
        core::multiply(result.turn, white, sources);
        const Eigen::VectorX<Real> slopes = differentiate(options.contrast, sources);
        core::multiply_transposed(sources, white, next);
        next /= static_cast<Real>(white.cols());
        next -= slopes.asDiagonal() * result.turn;
        next = orthogonal(next);
        core::require(next.size() > 0 && core::all_finite(next.reshaped()), [&] {
            return "independent components: FastICA finds directions that are no longer independent, or not finite, in "
                   "iteration " +
                   std::to_string(result.iterations + 1);
        });
        result.change = (1 - (next.cwiseProduct(result.turn)).rowwise().sum().array().abs()).maxCoeff();
        result.turn.swap(next);
    }
    return result;
}

/// What independent_components finds, as the numbers that it computes with, a line for each component.
template <class Real>
struct FoundComponents {
    Eigen::VectorX<Real> mean;
    Eigen::MatrixX<Real> unmixing{};
    Eigen::VectorX<Real> kurtosis{};
    int iterations = 0;
    Real change = 0;
};

/// Of data that have a column for each row.
template <class Real>
FoundComponents<Real> find_components(Eigen::MatrixX<Real> data, core::Random random,
                                      const IndependentComponentsOptions& options) {
    core::require(core::all_finite(data.reshaped()),
                  "independent components: the rows hold numbers that are not finite");
    const auto [mean, whitening] = whiten(data, options.floor);
    const auto rank = static_cast<int>(whitening.rows());
    core::require(options.components <= rank, [&] {
        return "independent components: " + std::to_string(options.components) + " asked for, the rows have rank " +
               std::to_string(rank);
    });
    const int count = options.components > 0 ? options.components : rank;
    const Eigen::MatrixX<Real> directions = whitening.bottomRows(count);
    Eigen::MatrixX<Real> white, sources, unmixing;
    core::multiply(directions, data, white);
    const Rotation<Real> rotation = options.contrast == Contrast::skewness
                                        ? skewed_directions(white, random, options.iterations, options.tolerance)
                                        : turn_together(white, random, options);
    core::multiply(rotation.turn, white, sources);
    core::multiply(rotation.turn, directions, unmixing);
    Eigen::VectorX<Real> kurtosis(count);
    for (int i = 0; i < count; ++i) {
        const auto source = sources.row(i).array();
        kurtosis[i] = source.square().square().mean() - 3;
        if (source.cube().mean() < 0) unmixing.row(i) *= -1;
    }
    std::vector<int> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return kurtosis[a] > kurtosis[b]; });
    FoundComponents<Real> found{.mean = mean,
                                .unmixing = Eigen::MatrixX<Real>(count, data.rows()),
                                .kurtosis = Eigen::VectorX<Real>(count),
                                .iterations = rotation.iterations,
                                .change = rotation.change};
    for (int i = 0; i < count; ++i) {
        const int from = order[static_cast<std::size_t>(i)];
        found.unmixing.row(i) = unmixing.row(from);
        found.kurtosis[i] = kurtosis[from];
    }
    return found;
}

}  // namespace detail

/// Fits as many components as asked for, from a random start; the same rows and stream give the same bits. Throws
/// core::Error unless rows are finite and not all equal, and of the rank asked for, or where FastICA breaks down.
template <class T, int Width>
IndependentComponents<T, Width> independent_components(core::Rows<const T, Width> rows, core::Random random,
                                                       const IndependentComponentsOptions& options = {}) {
    core::require_range(options.components, 0, Width, "the number of independent components");
    core::require_range(options.iterations, 1, 1 << 20, "the iterations of FastICA");
    core::require(options.tolerance > 0 && options.floor > 0, "tolerance and floor of FastICA are positive");
    core::require(rows.count > 1, "independent components need at least 2 rows");
    const auto found =
        detail::find_components<double>(core::map(rows).template cast<double>().transpose(), random, options);
    IndependentComponents<T, Width> result;
    result.count = static_cast<int>(found.kurtosis.size());
    result.iterations = found.iterations;
    result.change = found.change;
    core::map(result.mean) = found.mean.transpose().template cast<T>();
    core::map(result.unmixing).topRows(result.count) = found.unmixing.template cast<T>();
    for (int i = 0; i < result.count; ++i) result.kurtosis.values[i] = static_cast<T>(found.kurtosis[i]);
    return result;
}

}  // namespace midstream::control
