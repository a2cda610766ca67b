/// \file
/// Tells kinds of events apart that exclude one another, from what the stream looks like at events alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "midstream/control/skewed_directions.hpp"
#include "midstream/control/stream_events.hpp"
#include "midstream/control/whiten.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/product.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/symmetric_eigen.hpp"

namespace midstream::train {

/// What counts as a kind of events.
struct ExclusiveEventsOptions {
    /// Events are looked at in the directions in which they lie this many times as far from the mean (in the square) as
    /// rows do.
    double farness = 2;
    /// A direction s is a kind if (E s^3)^2 is at least this share of E s^2 E s^4, at events. It is 1 where s is either
    /// 0 or one other number, as of a kind that looks the same whenever it happens, and less of what varies otherwise.
    double definite = 0.9;
    double floor = 1e-7;  ///< directions of less than this share of the rows' largest variance count as none

    static constexpr void describe(const auto& self, auto&& part) {
        part("farness", self.farness);
        part("definite", self.definite);
        part("floor", self.floor);
    }
    /// Throws core::Error if it cannot be computed with.
    void validate() const {
        core::require(core::is_finite(farness) && farness > 1,
                      "events are farther from the mean than rows are: farness is above 1");
        core::require_range(definite, 0.0, 1.0, "how definite a kind of events is");
        core::require(core::is_finite(floor) && floor > 0, "the floor of variances is positive");
    }
};

/// What exclusive_events tells apart.
template <int Width, int Layer, int Kinds>
struct ExclusiveEvents {
    control::StreamEvents<Width, Layer, Kinds> observer{};  ///< of the kinds, or the `Kinds` first of them
    int kinds = 0;                                          ///< the most skewed first, so the rarest
};

namespace detail {

/// What tells exclusive events apart, in the numbers that it is computed with (doubles).
template <class Real>
struct ExclusiveFilters {
    Eigen::VectorX<Real> mean;       ///< of all rows
    Eigen::MatrixX<Real> filters{};  ///< a line for each kind
    std::vector<Real> thresholds{};  ///< midway between 0 and what a filter comes to where its kind happens
};

/// From data that have a column for each row. A template, and apart, so that it is compiled once, and only where events
/// are told apart.
template <class Real>
ExclusiveFilters<Real> exclusive_filters(Eigen::MatrixX<Real> data, const std::vector<int>& events, core::Random random,
                                         const ExclusiveEventsOptions& options) {
    const auto [mean, whitening] = control::whiten(data, options.floor);
    Eigen::MatrixX<Real> at_events(data.rows(), static_cast<Eigen::Index>(events.size()));
    for (std::size_t i = 0; i < events.size(); ++i) at_events.col(static_cast<Eigen::Index>(i)) = data.col(events[i]);
    Eigen::MatrixX<Real> white, second_moments;
    core::multiply(whitening, at_events, white);
    core::multiply_transposed(white, white, second_moments);
    second_moments /= static_cast<Real>(white.cols());
    const auto [moments, directions] = core::symmetric_eigen<Real>(second_moments);

    ExclusiveFilters<Real> result{.mean = mean};
    Eigen::Index count = 0;
    for (const Real moment : moments) count += moment >= options.farness;
    if (count == 0) return result;
    const Eigen::MatrixX<Real> far =
        moments.tail(count).cwiseSqrt().cwiseInverse().asDiagonal() * directions.rightCols(count).transpose();
    Eigen::MatrixX<Real> far_white, turned, filters, values;
    core::multiply(far, white, far_white);
    core::multiply(control::skewed_directions(far_white, random).turn, far, turned);
    core::multiply(turned, whitening, filters);
    core::multiply(filters, at_events, values);
    result.filters.resize(count, filters.cols());
    for (Eigen::Index i = 0; i < count; ++i) {
        const auto value = values.row(i).array();
        const Real third = value.cube().mean();
        if (third * third < options.definite * value.square().square().mean()) continue;
        // Of a share p of the events: 1 / sqrt(p), which is the third moment, as the second is 1.
        result.filters.row(static_cast<Eigen::Index>(result.thresholds.size())) = filters.row(i) * (third < 0 ? -1 : 1);
        result.thresholds.push_back(std::abs(third) / 2);
    }
    return result;
}

}  // namespace detail

/// From all rows of a layer, and the rows at which something happens, to the directions that tell one thing that
/// happens from another. Where the stream is white over all rows, events lie in a few directions far from its mean, one
/// for each kind; as kinds exclude one another, their third moments tell which directions these are. Independent
/// components, which are found from all rows, may have two rare events in one. A kind that does not look the same
/// whenever it happens is not found. Throws core::Error unless there are rows and events, of indices that are rows,
/// numbers are finite and not all equal, and options can be computed with.
template <int Layer, int Kinds, class T, int Width>
ExclusiveEvents<Width, Layer, Kinds> exclusive_events(core::Rows<const T, Width> rows, const std::vector<int>& events,
                                                      core::Random random, const ExclusiveEventsOptions& options = {}) {
    options.validate();
    core::require(!events.empty(), "kinds of events are told apart at one event at least");
    for (const int row : events) core::require_index(row, rows.count, "the row of an event");
    const auto found =
        detail::exclusive_filters<double>(core::map(rows).template cast<double>().transpose(), events, random, options);
    ExclusiveEvents<Width, Layer, Kinds> result;
    result.kinds = static_cast<int>(found.thresholds.size());
    core::map(result.observer.mean) = found.mean.transpose().template cast<float>();
    for (int k = 0; k < std::min(result.kinds, Kinds); ++k) {
        core::map(result.observer.filter).row(k) = found.filters.row(k).template cast<float>();
        result.observer.threshold.values[k] = static_cast<float>(found.thresholds[static_cast<std::size_t>(k)]);
    }
    return result;
}

}  // namespace midstream::train
