/// \file
/// GeLU in its tanh form, as Griffin's code and `torch.nn.GELU(approximate="tanh")` have it:
/// gelu(x) = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
#pragma once

#include <cmath>
#include <numbers>

#include "midstream/core/tensor.hpp"

namespace midstream::layer {

namespace detail {
template <class T>
inline constexpr T gelu_scale = T(std::numbers::sqrt2* std::numbers::inv_sqrtpi);
template <class T>
inline constexpr T gelu_cubic = T(0.044715);
}  // namespace detail

/// y = gelu(x), entry by entry; y may be x.
template <class T, int Width>
void gelu(core::In<T, Width> x, core::Rows<T, Width> y) {
    using Row = Eigen::Array<T, 1, Width>;
    for (int i = 0; i < y.count; ++i) {
        const Row v = core::map_row(x, i).array();
        core::map_row(y, i).array() =
            T(0.5) * v * (T(1) + (detail::gelu_scale<T> * (v + detail::gelu_cubic<T> * v.cube())).tanh());
    }
}

/// dx = dy gelu'(x), entry by entry; dx may be dy or x.
template <class T, int Width>
void gelu_backward(core::In<T, Width> x, core::In<T, Width> dy, core::Rows<T, Width> dx) {
    using Row = Eigen::Array<T, 1, Width>;
    for (int i = 0; i < dx.count; ++i) {
        // Beyond 10 the slope is that at 10, 0 or 1, in every type. There tanh is 1 but for its last bit on some
        // processors (NEON), and of large numbers that bit times the rest would be anything but 0.
        const Row v = core::map_row(x, i).array().max(T(-10)).min(T(10));
        const Row squared = v.square();
        const Row t = (detail::gelu_scale<T> * v * (T(1) + detail::gelu_cubic<T> * squared)).tanh();
        const Row slope = detail::gelu_scale<T> * (T(1) + T(3) * detail::gelu_cubic<T> * squared);
        core::map_row(dx, i).array() =
            core::map_row(dy, i).array() * T(0.5) * (T(1) + t + v * (T(1) - t.square()) * slope);
    }
}

}  // namespace midstream::layer
