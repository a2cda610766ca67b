/// \file
/// Functions of one number that layers, distributions and switches share.
#pragma once

#include <cmath>

#include "midstream/core/eigen.hpp"

namespace midstream::layer {

/// ln(2 pi), of the densities of normals.
template <class T>
inline constexpr T log_two_pi = T(1.8378770664093454836);

/// 1 / (1 + exp(-x))
template <class T>
T sigmoid(T x) {
    return T(1) / (T(1) + std::exp(-x));
}

/// ln(1 + exp(x)), the integral of the sigmoid.
template <class T>
T softplus(T x) {
    return x > T(30) ? x : std::log1p(std::exp(x));
}
/// The same of every entry of an array, by vector instructions: equal to the above up to rounding.
template <class T, int Width>
Eigen::Array<T, 1, Width> softplus(const Eigen::Array<T, 1, Width>& x) {
    return x.max(T(0)) + (-x.abs()).exp().log1p();
}

}  // namespace midstream::layer
