/// \file
/// Parameters that act and are never trained, in 8 bits a number: for microcontrollers and small files. Every template
/// of parameters has such a form, Parameters<core::EightBits>, and all that layers do in acting computes on it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "midstream/core/product.hpp"

namespace midstream::core {

/// Takes the place of the scalar type in parameters whose matrices are of 8 bits; vectors are of float, as they are few
/// numbers. States for acting by this name hold what attention remembers in 16 bits.
struct EightBits {};

/// The numbers that something computes with whose parameters, or states, are of W: W itself, or float.
template <class W>
using Computed = std::conditional_t<std::is_same_v<W, EightBits>, float, W>;

/// Row i is scales[i] times whole numbers of -127 to 127: a row, as of what one input contributes, has its own scale.
template <int RowCount, int ColumnCount>
struct Matrix<EightBits, RowCount, ColumnCount> {
    static_assert(RowCount > 0 && ColumnCount > 0, "a parameter matrix needs at least one row and one column");
    using Scalar = EightBits;                                              ///< what an entry is
    static constexpr int rows = RowCount;                                  ///< from top to bottom
    static constexpr int columns = ColumnCount;                            ///< in each row
    float scales[RowCount];                                                ///< of each row
    std::int8_t values[static_cast<std::size_t>(RowCount) * ColumnCount];  ///< row by row
};
/// In float.
template <int Size>
struct Vector<EightBits, Size> {
    static_assert(Size > 0, "a parameter vector needs at least one entry");
    using Scalar = float;              ///< what an entry is
    static constexpr int size = Size;  ///< number of entries
    float values[Size];                ///< the entries
};

/// The nearest such row of as many numbers, whose scale is returned: the largest in magnitude is 127 of these.
inline float quantise(std::span<const float> numbers, std::int8_t* row) {
    float largest = 0;
    for (const float number : numbers) largest = std::max(largest, std::abs(number));
    const float scale = largest / 127;
    // What is so small that the scale is no number to divide by is zero.
    const float factor = largest > 1e-30f ? 127 / largest : 0;
    for (std::size_t i = 0; i < numbers.size(); ++i)
        row[i] = static_cast<std::int8_t>(std::lround(numbers[i] * factor));
    return factor > 0 ? scale : 0;
}

/// A view of a matrix of 8 bits.
struct EightBitView {
    const std::int8_t* data;  ///< the first number of the first row
    const float* scales;      ///< of each row
    int rows;                 ///< how many rows
    int columns;              ///< numbers in each row, which follow upon each other
};
/// A matrix of parameters.
template <int R, int C>
EightBitView view(const Matrix<EightBits, R, C>& matrix) {
    return {matrix.values, matrix.scales, R, C};
}

/// A row of a matrix of parameters, as something that Eigen computes with.
template <class T, int R, int C>
auto line(const Matrix<T, R, C>& matrix, int row) {
    return EigenMap<const T, 1, C>(matrix.values + static_cast<std::ptrdiff_t>(row) * C);
}
/// The same in float.
template <int R, int C>
auto line(const Matrix<EightBits, R, C>& matrix, int row) {
    using Line = Eigen::Matrix<std::int8_t, 1, C, (C == 1 ? int{Eigen::ColMajor} : int{Eigen::RowMajor})>;
    return Eigen::Map<const Line>(matrix.values + static_cast<std::ptrdiff_t>(row) * C).template cast<float>() *
           matrix.scales[row];
}

/// c += a b: scales multiply what comes in, so that rows of b are added up as whole numbers times a float.
inline void add_product(View<const float> a, EightBitView b, View<float> c) {
    for (int row = 0; row < a.rows; ++row) {
        const float* from = a.data + static_cast<std::ptrdiff_t>(row) * a.stride;
        float* to = c.data + static_cast<std::ptrdiff_t>(row) * c.stride;
        const std::int8_t* numbers = b.data;
        for (int k = 0; k < b.rows; ++k, numbers += b.columns) {
            const float factor = from[k] * b.scales[k];
            for (int i = 0; i < b.columns; ++i) to[i] += factor * static_cast<float>(numbers[i]);
        }
    }
}
/// y = x w + bias, the bias a line of as many numbers as w has columns; null for none.
inline void affine(View<const float> x, EightBitView w, const float* bias, View<float> y) {
    if (bias)
        fill_rows(bias, y);
    else
        clear(y);
    add_product(x, w, y);
}
/// y = max(x w + bias, 0), likewise.
inline void rectified_affine(View<const float> x, EightBitView w, const float* bias, View<float> y) {
    affine(x, w, bias, y);
    rectify(y);
}

/// Parameters in 8 bits: `visit_whole(function)` and `visit_narrow(function)` call function(path, leaf) for the
/// matrices and vectors of both, in the same order (core/parameters.hpp).
template <class VisitWhole, class VisitNarrow>
void quantise_all(VisitWhole&& visit_whole, VisitNarrow&& visit_narrow) {
    std::vector<std::span<const float>> whole;
    visit_whole([&](std::string_view, const auto& leaf) { whole.emplace_back(leaf.values); });
    std::size_t next = 0;
    visit_narrow([&]<class Leaf>(std::string_view path, Leaf& leaf) {
        require(next < whole.size() && whole[next].size() == std::size(leaf.values),
                [&] { return "'" + std::string(path) + "' is not what has to be put into 8 bits"; });
        const std::span<const float> numbers = whole[next++];
        if constexpr (requires { leaf.scales; }) {
            for (int row = 0; row < Leaf::rows; ++row) {
                const auto first = static_cast<std::size_t>(row) * Leaf::columns;
                leaf.scales[row] = quantise(numbers.subspan(first, Leaf::columns), leaf.values + first);
            }
        } else {
            std::copy(numbers.begin(), numbers.end(), leaf.values);
        }
    });
}

}  // namespace midstream::core
