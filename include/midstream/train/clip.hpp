/// \file
/// Clipping of a gradient by its global norm.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/parallel.hpp"

namespace midstream::train {

/// The Euclidean norm of all `values`, summed in double: within slices, then over slices in their order, so that it is
/// the same for any number of threads. `scratch` holds the slices' sums and is reused. Not finite if a value is not.
template <core::Parallelism Policy, class T>
double global_norm(const Policy& policy, std::span<T> values, std::vector<double>& scratch) {
    constexpr std::size_t slice = std::size_t{1} << 14;
    scratch.assign((values.size() + slice - 1) / slice, 0.0);
    core::for_slices(
        policy, values.size(),
        [&](std::size_t first, std::size_t length) {
            // Sums side by side: the order is fixed and the compiler can vectorise it.
            constexpr std::size_t lanes = 16;
            double sums[lanes] = {};
            const T* const part = values.data() + first;
            const auto square = [&](std::size_t i) {
                return static_cast<double>(part[i]) * static_cast<double>(part[i]);
            };
            std::size_t i = 0;
            for (; i + lanes <= length; i += lanes)
                for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += square(i + lane);
            for (; i < length; ++i) sums[0] += square(i);
            double sum = 0;
            for (const double lane : sums) sum += lane;
            scratch[first / slice] = sum;
        },
        slice);
    double sum = 0;
    for (const double part : scratch) sum += part;
    return std::sqrt(sum);
}

/// Scales `gradient` down to the norm `limit` (positive, or an Error) if it is longer, and returns the norm it had. A
/// norm that is not finite is returned as it is with the gradient untouched: check it with core::is_finite before an
/// optimiser sees the gradient.
template <core::Parallelism Policy, class T>
double clip(const Policy& policy, std::span<T> gradient, double limit, std::vector<double>& scratch) {
    core::require(!core::is_nan(limit) && limit > 0, [&] {
        return "the norm that gradients are clipped to is " + core::to_text(limit) + ", not positive";
    });
    const double norm = global_norm(policy, gradient, scratch);
    if (!core::is_finite(norm) || norm <= limit) return norm;
    const auto factor = static_cast<T>(limit / norm);
    core::for_slices(policy, gradient.size(), [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) gradient[i] *= factor;
    });
    return norm;
}

}  // namespace midstream::train
