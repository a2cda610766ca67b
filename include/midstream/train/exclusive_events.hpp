/// \file
/// Tells kinds of events apart that exclude one another, from what the stream looks like at events alone.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "midstream/control/skewed_directions.hpp"
#include "midstream/control/stream_events.hpp"
#include "midstream/control/whiten.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/product.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/symmetric_eigen.hpp"
#include "midstream/train/two_class_threshold.hpp"

namespace midstream::train {

/// What exclusive_events tells apart.
template <int Width, int Layer, int Kinds>
struct ExclusiveEvents {
    control::StreamEvents<Width, Layer, Kinds> observer{};  ///< the directions in no order
    int directions = 0;  ///< in which the stream at events is far from its mean; the observer has the first `Kinds`
};

namespace detail {

/// What tells exclusive events apart, in the numbers that it is computed with (doubles).
template <class Real>
struct ExclusiveFilters {
    Eigen::VectorX<Real> mean;       ///< of all rows
    int directions = 0;              ///< ExclusiveEvents::directions
    Eigen::MatrixX<Real> filters{};  ///< a line for each direction, `most` at most
    Eigen::MatrixX<Real> values{};   ///< of these, a line each, with a column for each event
};

/// From data that have a column for each row. A template, and apart, so that it is compiled once, and only where events
/// are told apart.
template <class Real>
ExclusiveFilters<Real> exclusive_filters(Eigen::MatrixX<Real> data, const std::vector<int>& events, core::Random random,
                                         double farness, int most) {
    const auto [mean, whitening] = control::whiten(data, 1e-7);
    Eigen::MatrixX<Real> at_events(data.rows(), static_cast<Eigen::Index>(events.size()));
    for (std::size_t i = 0; i < events.size(); ++i) at_events.col(static_cast<Eigen::Index>(i)) = data.col(events[i]);
    Eigen::MatrixX<Real> white, second_moments;
    core::multiply(whitening, at_events, white);
    core::multiply_transposed(white, white, second_moments);
    second_moments /= static_cast<Real>(white.cols());
    const auto [moments, directions] = core::symmetric_eigen<Real>(second_moments);

    ExclusiveFilters<Real> result{.mean = mean};
    for (const Real moment : moments) result.directions += moment >= farness;
    const int count = std::min(result.directions, most);
    if (count == 0) return result;
    const Eigen::MatrixX<Real> far =
        moments.tail(count).cwiseSqrt().cwiseInverse().asDiagonal() * directions.rightCols(count).transpose();
    Eigen::MatrixX<Real> far_white, turned;
    core::multiply(far, white, far_white);
    core::multiply(control::skewed_directions(far_white, random).turn, far, turned);
    core::multiply(turned, whitening, result.filters);
    core::multiply(result.filters, at_events, result.values);
    return result;
}

}  // namespace detail

/// From all rows of a layer, and the rows at which something happens, to the directions that tell one thing that
/// happens from another. Where the stream is white over all rows, events lie in a few directions far from its mean, one
/// for each kind; as kinds exclude one another, their third moments tell which directions these are. `farness`: how
/// many times as far (in the square) events lie in a direction from the mean as rows do. Independent components, which
/// are found from all rows, may have two rare events in one, or neither. Throws core::Error unless there are rows and
/// events, of indices that are rows, and numbers are finite and not all equal.
template <int Layer, int Kinds, class T, int Width>
ExclusiveEvents<Width, Layer, Kinds> exclusive_events(core::Rows<const T, Width> rows, const std::vector<int>& events,
                                                      core::Random random, double farness = 2) {
    core::require(!events.empty(), "kinds of events are told apart at one event at least");
    core::require(core::is_finite(farness) && farness > 1, "events are farther from the mean than rows are: above 1");
    for (const int row : events) core::require_index(row, rows.count, "the row of an event");
    const auto found = detail::exclusive_filters<double>(core::map(rows).template cast<double>().transpose(), events,
                                                         random, farness, Kinds);
    ExclusiveEvents<Width, Layer, Kinds> result;
    result.directions = found.directions;
    const auto count = static_cast<int>(found.filters.rows());
    if (count == 0) return result;
    core::map(result.observer.mean) = found.mean.transpose().template cast<float>();
    for (int k = 0; k < count; ++k) {
        const double side = found.values.row(k).array().cube().mean() < 0 ? -1 : 1;
        std::vector<float> fires;
        for (const double value : found.values.row(k)) fires.push_back(static_cast<float>(side * value));
        core::map(result.observer.filter).row(k) = (side * found.filters.row(k)).template cast<float>();
        result.observer.threshold.values[k] = static_cast<float>(two_class_threshold(fires));
    }
    return result;
}

}  // namespace midstream::train
