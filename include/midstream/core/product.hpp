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
/// Rows for fewer of which transposing b takes longer than it saves.
inline constexpr int few_rows = 16;
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
    if constexpr (fused_products)
        if (c.rows >= detail::few_rows) return add_fused_product_transposed<T>(a, b, c);
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

/// c = a b, of Eigen's own matrices. A product of any other type has the compiler make kernels of its own, so that
/// those of many types, as of blocks and of sums, take it longer than what they are part of.
template <class T>
void multiply(const Eigen::MatrixX<T>& a, const Eigen::MatrixX<T>& b, Eigen::MatrixX<T>& c) {
    c.noalias() = a * b;
}
/// c = a b^T, likewise.
template <class T>
void multiply_transposed(const Eigen::MatrixX<T>& a, const Eigen::MatrixX<T>& b, Eigen::MatrixX<T>& c) {
    c.noalias() = a * b.transpose();
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
/// c = max(c, 0).
template <class T>
void rectify(View<T> c) {
    for (int row = 0; row < c.rows; ++row) {
        T* numbers = c.data + static_cast<std::ptrdiff_t>(row) * c.stride;
        for (int i = 0; i < c.columns; ++i) numbers[i] = std::max(numbers[i], T(0));
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
    if constexpr (fused_products) {
        add_fused_product<T>(x, w, y, {.anew = true, .bias = bias});
    } else {
        if (bias)
            fill_rows(bias, y);
        else
            clear(y);
        add_product<T>(x, w, y);
    }
}
/// y = max(x w + bias, 0), likewise.
template <class T>
void rectified_affine(std::type_identity_t<View<const T>> x, std::type_identity_t<View<const T>> w,
                      const std::type_identity_t<T>* bias, View<T> y) {
    if constexpr (fused_products) {
        add_fused_product<T>(x, w, y, {.anew = true, .bias = bias, .rectified = true});
    } else {
        affine<T>(x, w, bias, y);
        rectify(y);
    }
}
/// c = a b^T.
template <class T>
void product_transposed(std::type_identity_t<View<const T>> a, std::type_identity_t<View<const T>> b, View<T> c) {
    if constexpr (fused_products)
        if (c.rows >= detail::few_rows) return add_fused_product_transposed<T>(a, b, c, {.anew = true});
    clear(c);
    add_product_transposed<T>(a, b, c);
}
/// c = a b^T where `positive`, a matrix like c, is more than zero; elsewhere 0: what comes back through a
/// rectified_affine whose values are `positive`.
template <class T>
void product_transposed_where(std::type_identity_t<View<const T>> positive, std::type_identity_t<View<const T>> a,
                              std::type_identity_t<View<const T>> b, View<T> c) {
    if constexpr (fused_products)
        if (c.rows >= detail::few_rows)
            return add_fused_product_transposed<T>(a, b, c,
                                                   {.anew = true, .positive = positive.data, .row = positive.stride});
    product_transposed<T>(a, b, c);
    for (int row = 0; row < c.rows; ++row) {
        const T* of = positive.data + static_cast<std::ptrdiff_t>(row) * positive.stride;
        T* numbers = c.data + static_cast<std::ptrdiff_t>(row) * c.stride;
        for (int i = 0; i < c.columns; ++i) numbers[i] = of[i] > T(0) ? numbers[i] : T(0);
    }
}

}  // namespace midstream::core
