/// \file
/// Matrices of run-time extents that lie in memory of others: what products take.
#pragma once

#include "midstream/core/tensor.hpp"

namespace midstream::core {

/// A matrix of run-time extents, rows `stride` numbers apart: whole rows, a range of their columns, or parameters.
template <class T>
struct View {
    T* data;      ///< the first number of the first row
    int rows;     ///< how many rows
    int columns;  ///< numbers in each row that belong to the matrix
    int stride;   ///< numbers from the beginning of a row to that of the next

    /// What can be written can be read.
    constexpr operator View<const T>() const requires(!std::is_const_v<T>) { return {data, rows, columns, stride}; }
};

/// All columns of rows.
template <class T, int Width>
View<T> view(Rows<T, Width> rows) {
    return {rows.data, rows.count, Width, Width};
}
/// A matrix of parameters.
template <class T, int R, int C>
View<T> view(Matrix<T, R, C>& matrix) {
    return {matrix.values, R, C, C};
}
/// A matrix of parameters, to be read alone.
template <class T, int R, int C>
View<const T> view(const Matrix<T, R, C>& matrix) {
    return {matrix.values, R, C, C};
}
/// Columns first, ..., first + count - 1 of rows.
template <class T, int Width>
View<T> columns(Rows<T, Width> rows, int first, int count) {
    return {rows.data ? rows.data + first : nullptr, rows.count, count, Width};  // nothing has no columns
}

}  // namespace midstream::core
