/// \file
/// The matrix products and row operations that layers are made of.
///
/// Products go through views of run-time extents: Eigen's kernels block by run-time sizes anyway, so fixed widths would
/// gain nothing in speed and would have every width compile its own kernels, at a second each.
///
/// The three products of linear maps are Eigen's, or where MIDSTREAM_FUSED_PRODUCTS is defined (CMake: link
/// `midstream::fused_products`; alike in all files of a program) those of core/fused_product.hpp: other last bits, and
/// faster.
#pragma once

#include <algorithm>

#include "midstream/core/eigen.hpp"
#include "midstream/core/fused_product.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/core/view.hpp"

namespace midstream::core {

/// Whether products are those of core/fused_product.hpp.
#ifdef MIDSTREAM_FUSED_PRODUCTS
inline constexpr bool fused_products = true;
#else
inline constexpr bool fused_products = false;
#endif

namespace detail {
template <class T>
auto map(View<T> view) {
    using Plain = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<std::conditional_t<std::is_const_v<T>, const Plain, Plain>, 0, Eigen::OuterStride<>>(
        view.data, view.rows, view.columns, Eigen::OuterStride<>(view.stride));
}
}  // namespace detail

/// c += a b.
template <class T>
void add_product(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    if constexpr (fused_products)
        add_fused_product<T>(a, b, c);
    else
        detail::map(c).noalias() += detail::map(a) * detail::map(b);
}
/// c += a b^T.
template <class T>
void add_product_transposed(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    if constexpr (fused_products) {
        constexpr int few = 16;  // rows, for which transposing b takes longer than it saves
        if (c.rows >= few) return add_fused_product_transposed<T>(a, b, c);
    }
    detail::map(c).noalias() += detail::map(a) * detail::map(b).transpose();
}
/// c += a^T b.
template <class T>
void add_transposed_product(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    if constexpr (fused_products)
        add_fused_transposed_product<T>(a, b, c);
    else
        detail::map(c).noalias() += detail::map(a).transpose() * detail::map(b);
}

namespace detail {
/// Four rows of narrow products at once, whose sums stay in registers: for r < rows <= 4, Width numbers at c + r c_row
/// are the sum over k < terms of a[r a_row + k a_term] times the Width numbers at b + k b_term.
template <int Width, class T>
void multiply_four_rows(const T* a, std::ptrdiff_t a_row, std::ptrdiff_t a_term, const T* b, std::ptrdiff_t b_term,
                        int terms, int rows, T* c, std::ptrdiff_t c_row) {
    // As many numbers as two registers hold, and those of 16 bytes where Eigen is told to use none.
    constexpr auto packet = std::max<std::size_t>(Eigen::internal::packet_traits<T>::size, 16 / sizeof(T));
    constexpr int tile = std::min(Width, static_cast<int>(2 * packet));
    using Line = Eigen::Array<T, 1, tile>;
    const std::ptrdiff_t last = rows - 1;  // stands in for rows that are missing
    const std::ptrdiff_t row1 = std::min<std::ptrdiff_t>(1, last), row2 = std::min<std::ptrdiff_t>(2, last),
                         row3 = last;
    for (int first = 0; first + tile <= Width; first += tile) {
        Line sum0 = Line::Zero(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
        for (int k = 0; k < terms; ++k) {
            const Eigen::Map<const Line> line(b + k * b_term + first);
            const T* factor = a + k * a_term;
            sum0 += factor[0] * line;
            sum1 += factor[row1 * a_row] * line;
            sum2 += factor[row2 * a_row] * line;
            sum3 += factor[row3 * a_row] * line;
        }
        Eigen::Map<Line>(c + first) = sum0;
        Eigen::Map<Line>(c + row1 * c_row + first) = sum1;
        Eigen::Map<Line>(c + row2 * c_row + first) = sum2;
        Eigen::Map<Line>(c + row3 * c_row + first) = sum3;
    }
    constexpr int done = Width / tile * tile;
    if constexpr (done < Width)
        multiply_four_rows<Width - done>(a, a_row, a_term, b + done, b_term, terms, rows, c + done, c_row);
}
}  // namespace detail

/// c = a b for a lower triangular square a (zero above its diagonal) and a narrow b of Width columns: for squares of
/// some dozens of rows, which are too small for Eigen's kernels, and half the work.
template <int Width, class T>
void lower_product(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    for (int i = 0; i < a.rows; i += 4)
        detail::multiply_four_rows<Width>(a.data + static_cast<std::ptrdiff_t>(i) * a.stride, a.stride, 1, b.data,
                                          b.stride, std::min(i + 4, a.rows), std::min(4, a.rows - i),
                                          c.data + static_cast<std::ptrdiff_t>(i) * c.stride, c.stride);
}
/// c = a^T b, likewise.
template <int Width, class T>
void lower_transposed_product(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    for (int i = 0; i < a.rows; i += 4)
        detail::multiply_four_rows<Width>(a.data + static_cast<std::ptrdiff_t>(i) * (a.stride + 1), 1, a.stride,
                                          b.data + static_cast<std::ptrdiff_t>(i) * b.stride, b.stride, a.rows - i,
                                          std::min(4, a.rows - i), c.data + static_cast<std::ptrdiff_t>(i) * c.stride,
                                          c.stride);
}

/// c = 0.
template <class T>
void clear(View<T> c) {
    for (int row = 0; row < c.rows; ++row)
        std::fill_n(c.data + static_cast<std::ptrdiff_t>(row) * c.stride, c.columns, T(0));
}
/// c = a.
template <class T>
void copy(std::type_identity_t<View<const T>> a, View<T> c) {
    for (int row = 0; row < c.rows; ++row)
        std::copy_n(a.data + static_cast<std::ptrdiff_t>(row) * a.stride, c.columns,
                    c.data + static_cast<std::ptrdiff_t>(row) * c.stride);
}
/// c += a.
template <class T>
void add(std::type_identity_t<View<const T>> a, View<T> c) {
    for (int row = 0; row < c.rows; ++row) {
        const T* from = a.data + static_cast<std::ptrdiff_t>(row) * a.stride;
        T* to = c.data + static_cast<std::ptrdiff_t>(row) * c.stride;
        for (int i = 0; i < c.columns; ++i) to[i] += from[i];
    }
}
/// Every row of c = the same line.
template <class T>
void fill_rows(const T* line, View<T> c) {
    for (int row = 0; row < c.rows; ++row)
        std::copy_n(line, c.columns, c.data + static_cast<std::ptrdiff_t>(row) * c.stride);
}
/// sum += the sum of the rows of a, first row first.
template <class T>
void add_column_sums(std::type_identity_t<View<const T>> a, T* sum) {
    for (int row = 0; row < a.rows; ++row) {
        const T* from = a.data + static_cast<std::ptrdiff_t>(row) * a.stride;
        for (int i = 0; i < a.columns; ++i) sum[i] += from[i];
    }
}

/// The inner product, in an order that vectorises and is always the same.
template <class T>
T dot(const T* a, const T* b, int size) {
    constexpr int lanes = 16;
    T sums[lanes] = {};
    int i = 0;
    for (; i + lanes <= size; i += lanes)
        for (int lane = 0; lane < lanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
    for (; i < size; ++i) sums[0] += a[i] * b[i];
    T sum = 0;
    for (const T lane : sums) sum += lane;
    return sum;
}

/// y = x w + bias, the bias a line of as many numbers as w has columns; null for none.
template <class T>
void affine(std::type_identity_t<View<const T>> x, std::type_identity_t<View<const T>> w,
            const std::type_identity_t<T>* bias, View<T> y) {
    if (bias)
        fill_rows(bias, y);
    else
        clear(y);
    add_product<T>(x, w, y);
}

}  // namespace midstream::core
