/// \file
/// Directions in which rows vary alike and are uncorrelated.
#pragma once

#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/product.hpp"
#include "midstream/core/symmetric_eigen.hpp"

namespace midstream::control {

/// How centred data (a column for each row of the stream, a line for each number of it) become white: `whitening` *
/// data has the unit matrix as its second moments. There is a line of it for each direction, as many as the data have
/// rank, the largest variance last. `Real`, here and below, is double: templates cost nothing in sources that include
/// them and call none.
template <class Real>
struct Whitening {
    Eigen::VectorX<Real> mean;       ///< of the data before they were centred
    Eigen::MatrixX<Real> whitening;  ///< the map
};

/// Takes the mean from `data` and says how they become white. Directions of less than the share `floor` of the largest
/// variance count as none. Throws core::Error where variances are not finite, or no direction is left.
template <class Real>
Whitening<Real> whiten(Eigen::MatrixX<Real>& data, double floor) {
    Whitening<Real> result{.mean = data.rowwise().mean(), .whitening = {}};
    data.colwise() -= result.mean;
    Eigen::MatrixX<Real> covariance;
    core::multiply_transposed(data, data, covariance);
    covariance /= static_cast<Real>(data.cols());
    core::require(core::all_finite(covariance.reshaped()), "whitening: the rows' variances are not finite");
    const auto [variances, directions] = core::symmetric_eigen<Real>(covariance);
    const Real scale = result.mean.cwiseAbs2().maxCoeff();  // below its rounding, differences are none
    const Eigen::Index width = data.rows();
    Eigen::Index rank = 0;
    while (rank < width && variances[width - 1 - rank] > floor * variances[width - 1] &&
           variances[width - 1 - rank] > 1e-14 * scale)
        ++rank;
    core::require(rank > 0, "whitening: all rows are equal");
    result.whitening =
        variances.tail(rank).cwiseSqrt().cwiseInverse().asDiagonal() * directions.rightCols(rank).transpose();
    return result;
}

}  // namespace midstream::control
