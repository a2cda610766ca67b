/// \file
/// Observations of zero mean and unit variance, by statistics that are gathered while acting.
#pragma once

#include <algorithm>
#include <cmath>

#include "midstream/core/moments.hpp"

namespace midstream::rl {

/// y = (x - mean) scale, kept within +-limit, coordinate by coordinate. All zeros (as fresh storage is) it lets nothing
/// through: get one from moments.
template <int Width>
struct Normaliser {
    core::Vector<float, Width> mean;   ///< taken off
    core::Vector<float, Width> scale;  ///< then multiplied with: 1 / standard deviation
    core::Vector<float, 1> limit;      ///< the largest absolute value that comes out

    static constexpr void describe(auto&& part) { part("width", Width); }

    static void visit(auto& self, auto&& member) {
        member("mean", self.mean);
        member("scale", self.scale);
        member("limit", self.limit);
    }

    /// By these moments. Before the first observation it changes nothing (but for the limit). `floor` is added to the
    /// variances, so that a coordinate that hardly ever moves is not blown up.
    static Normaliser of(const core::Moments<Width>& moments, float limit = 10, double floor = 1e-4) {
        Normaliser result;
        for (int i = 0; i < Width; ++i) {
            const double variance = moments.count > 0 ? std::max(moments.variance(i), 0.0) + floor : 1;
            result.mean.values[i] = static_cast<float>(moments.mean.values[i]);
            result.scale.values[i] = static_cast<float>(1 / std::sqrt(variance));
        }
        result.limit.values[0] = limit;
        return result;
    }

    /// y may be x.
    void operator()(const float* x, float* y) const {
        for (int i = 0; i < Width; ++i)
            y[i] = std::clamp((x[i] - mean.values[i]) * scale.values[i], -limit.values[0], limit.values[0]);
    }
};

}  // namespace midstream::rl
