/// \file
/// The linear filters that tell classes of rows apart, in closed form.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "midstream/control/stream_events.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/product.hpp"
#include "midstream/core/symmetric_eigen.hpp"

namespace midstream::train {

/// From rows of several classes (0, ..., classes - 1) to filters and thresholds such that filter_k . (x - mean) -
/// threshold_k is how much more probable class 1 + k is than class 0, in nats, if all are normal with one covariance
/// (Fisher's linear discriminant). A class without rows never is; class 0 without rows lies in the middle. Throws
/// core::Error unless each row has one of these classes, and rows are finite and differ within classes.
template <int Width, int Layer, int Kinds, class T>
control::StreamEvents<Width, Layer, Kinds> linear_discriminant(core::Rows<const T, Width> rows,
                                                               const std::vector<int>& classes) {
    core::require(static_cast<int>(classes.size()) == rows.count && rows.count > 0,
                  "a discriminant needs the class of each row, of at least one");
    for (const int c : classes) core::require_index(c, Kinds + 1, "the class of a row");
    const Eigen::MatrixXd x = core::map(rows).template cast<double>().transpose();
    const Eigen::VectorXd centre = x.rowwise().mean();
    Eigen::MatrixXd means = Eigen::MatrixXd::Zero(Width, Kinds + 1);
    Eigen::VectorXd counts = Eigen::VectorXd::Zero(Kinds + 1);
    for (int row = 0; row < rows.count; ++row) {
        const int c = classes[static_cast<std::size_t>(row)];
        means.col(c) += x.col(row) - centre;
        ++counts[c];
    }
    for (int c = 0; c <= Kinds; ++c) means.col(c) /= std::max(1.0, counts[c]);
    Eigen::MatrixXd within(Width, rows.count);
    for (int row = 0; row < rows.count; ++row)
        within.col(row) = x.col(row) - centre - means.col(classes[static_cast<std::size_t>(row)]);
    Eigen::MatrixXd covariance;
    core::multiply_transposed<double>(within, within, covariance);
    covariance /= static_cast<double>(rows.count);
    core::require(covariance.trace() > 0 && core::is_finite(covariance.trace()),
                  "a discriminant needs finite rows that differ within their classes");
    covariance.diagonal().array() += 1e-4 * covariance.trace() / Width;
    const auto [variances, directions] = core::symmetric_eigen<double>(covariance);

    control::StreamEvents<Width, Layer, Kinds> result;
    core::map(result.mean) = centre.transpose().cast<float>();
    for (int k = 0; k < Kinds; ++k) {
        if (counts[k + 1] == 0) continue;
        const Eigen::VectorXd filter = directions * (variances.cwiseInverse().asDiagonal() *
                                                     (directions.transpose() * (means.col(k + 1) - means.col(0))));
        core::map(result.filter).row(k) = filter.transpose().cast<float>();
        result.threshold.values[k] = static_cast<float>(0.5 * filter.dot(means.col(k + 1) + means.col(0)) -
                                                        std::log(counts[k + 1] / std::max(1.0, counts[0])));
    }
    return result;
}

}  // namespace midstream::train
