/// \file
/// Observations of zero mean and unit variance, by statistics that are gathered while acting.
#pragma once

#include <algorithm>
#include <cmath>

#include "midstream/core/tensor.hpp"

namespace midstream::rl {

/// y = (x - mean) scale, kept within +-limit, coordinate by coordinate. All zeros (as fresh storage is) it lets nothing
/// through: get one from Moments.
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

    /// y may be x.
    void operator()(const float* x, float* y) const {
        for (int i = 0; i < Width; ++i)
            y[i] = std::clamp((x[i] - mean.values[i]) * scale.values[i], -limit.values[0], limit.values[0]);
    }
};

/// What is added up of some observations before they are merged: sums of their deviations from a mean known by then,
/// and of the squares of these.
template <int Width>
struct Deviations {
    double count = 0;                   ///< of observations
    core::Vector<double, Width> sum{},  ///< of deviations
        square{};                       ///< of their squares

    /// Takes in one observation; `mean` is that which is known by then.
    void add(const core::Vector<double, Width>& mean, const float* x) {
        ++count;
        for (int i = 0; i < Width; ++i) {
            const double deviation = x[i] - mean.values[i];
            sum.values[i] += deviation;
            square.values[i] += deviation * deviation;
        }
    }
    /// Merges what was added up from the same mean.
    Deviations& operator+=(const Deviations& other) {
        count += other.count;
        for (int i = 0; i < Width; ++i) {
            sum.values[i] += other.sum.values[i];
            square.values[i] += other.square.values[i];
        }
        return *this;
    }
};

/// Mean and variance of all observations so far.
template <int Width>
struct Moments {
    double count = 0;                      ///< of observations
    core::Vector<double, Width> mean{};    ///< of each coordinate
    core::Vector<double, Width> square{};  ///< sum of squared deviations from the mean

    static void visit(auto& self, auto&& member) {
        member("count", self.count);
        member("mean", self.mean);
        member("square", self.square);
    }

    /// Takes in observations whose deviations were taken from `mean` as it is now.
    void merge(const Deviations<Width>& more) {
        if (more.count == 0) return;
        count += more.count;
        for (int i = 0; i < Width; ++i) {
            mean.values[i] += more.sum.values[i] / count;
            square.values[i] += more.square.values[i] - more.sum.values[i] * more.sum.values[i] / count;
        }
    }

    /// Before the first observation it changes nothing (but for the limit). `floor` is added to the variances, so that
    /// a coordinate that hardly ever moves is not blown up.
    Normaliser<Width> normaliser(float limit = 10, double floor = 1e-4) const {
        Normaliser<Width> result;
        for (int i = 0; i < Width; ++i) {
            const double variance = count > 0 ? std::max(square.values[i], 0.0) / count + floor : 1;
            result.mean.values[i] = static_cast<float>(mean.values[i]);
            result.scale.values[i] = static_cast<float>(1 / std::sqrt(variance));
        }
        result.limit.values[0] = limit;
        return result;
    }
};

}  // namespace midstream::rl
