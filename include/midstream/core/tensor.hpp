/// \file
/// The two shapes of numbers in midstream: parameters of fixed size (`Matrix`, `Vector`) and packed batches of rows
/// (`Rows`, a view; `Buffer`, its storage). Eigen computes on both through `map`.
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/eigen.hpp"

static_assert(EIGEN_VERSION_AT_LEAST(3, 4, 0), "midstream needs Eigen 3.4 or later");

namespace midstream::core {

/// A matrix of parameters, row-major, stored in place.
template <class T, int RowCount, int ColumnCount>
struct Matrix {
    static_assert(RowCount > 0 && ColumnCount > 0, "a parameter matrix needs at least one row and one column");
    using Scalar = T;                                            ///< what an entry is
    static constexpr int rows = RowCount;                        ///< from top to bottom
    static constexpr int columns = ColumnCount;                  ///< in each row
    T values[static_cast<std::size_t>(RowCount) * ColumnCount];  ///< row by row
};

/// A vector of parameters, stored in place.
template <class T, int Size>
struct Vector {
    static_assert(Size > 0, "a parameter vector needs at least one entry");
    using Scalar = T;                  ///< what an entry is
    static constexpr int size = Size;  ///< number of entries
    T values[Size];                    ///< the entries
};

/// Numbers that belong to parameters but are measured, not trained, such as running means: optimisers leave them as
/// they are, their gradient is zero.
template <class T, int Size>
struct Statistic {
    static_assert(Size > 0, "a statistic needs at least one entry");
    using Scalar = T;                  ///< what an entry is
    static constexpr int size = Size;  ///< number of entries
    T values[Size];                    ///< the entries
};

/// Eigen's name for a matrix of `Columns` fixed columns and any number of rows, stored row by row.
template <class T, int RowCount, int Columns>
using EigenMatrix = Eigen::Matrix<std::remove_const_t<T>, RowCount, Columns,
                                  (Columns == 1 && RowCount != 1) ? int{Eigen::ColMajor} : int{Eigen::RowMajor}>;

/// Eigen's view of `T` (which may be const).
template <class T, int RowCount, int Columns>
using EigenMap = Eigen::Map<
    std::conditional_t<std::is_const_v<T>, const EigenMatrix<T, RowCount, Columns>, EigenMatrix<T, RowCount, Columns>>>;

/// A view of `count` consecutive rows of `Width` numbers each: a packed batch, or part of one.
/// A default-constructed view is "not wanted": layers skip what they would write there. That rows are among them is
/// looked at in builds that are core::checked alone.
template <class T, int Width>
struct Rows {
    using Scalar = T;  ///< what an entry is; const where rows are read alone
    static constexpr int width = Width;
    T* data = nullptr;  ///< the first row; null for rows that are not wanted
    int count = 0;      ///< how many rows

    /// Whether the rows are wanted.
    constexpr explicit operator bool() const { return data != nullptr; }
    /// Rows that can be written can be read.
    constexpr operator Rows<const T, Width>() const requires(!std::is_const_v<T>) { return {data, count}; }
    /// The `width` numbers of one row.
    constexpr T* row(int index) const {
        check(index >= 0 && index < count,
              [&] { return "row " + std::to_string(index) + " of a batch of " + std::to_string(count) + " rows"; });
        return at(index);
    }
    /// `length` rows from row `first` on.
    constexpr Rows slice(int first, int length) const {
        check(first >= 0 && length >= 0 && first <= count - length, [&] {
            return std::to_string(length) + " rows from row " + std::to_string(first) + " on of a batch of " +
                   std::to_string(count) + " rows";
        });
        return {at(first), length};
    }
    /// All numbers, row after row.
    constexpr std::span<T> flat() const { return {data, static_cast<std::size_t>(count) * Width}; }

private:
    constexpr T* at(int index) const { return data + static_cast<std::ptrdiff_t>(index) * Width; }
};

/// Function parameters that take rows without taking part in template argument deduction, so that mutable rows convert.
template <class T, int Width>
using In = std::type_identity_t<Rows<const T, Width>>;
/// See In. A null `Out` is an output nobody wants.
template <class T, int Width>
using Out = std::type_identity_t<Rows<T, Width>>;

/// Where batches and parameters begin in memory. Eigen peels loops up to the first aligned address, so the order of its
/// sums depends on the address: one alignment for all storage makes results the same bits at every run.
inline constexpr std::size_t alignment = 64;

/// Gives memory that begins at a multiple of `alignment`; what the standard library asks of an allocator.
template <class T>
struct AlignedAllocator {
    using value_type = T;  ///< what memory is for
    AlignedAllocator() = default;
    /// Allocators have no state: one of any type stands for all.
    template <class U>
    AlignedAllocator(const AlignedAllocator<U>&) {}
    /// Uninitialised memory for `count` values. Throws std::bad_alloc where there is none.
    T* allocate(std::size_t count) {
        return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{alignment}));
    }
    /// Takes back what an allocator of this type gave.
    void deallocate(T* pointer, std::size_t) { ::operator delete (pointer, std::align_val_t{alignment}); }
    /// Each can take back what another one gave.
    friend bool operator==(const AlignedAllocator&, const AlignedAllocator&) { return true; }
};

/// A std::vector whose memory begins at a multiple of `alignment`.
template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

/// Storage for rows that grows to the largest batch seen and then never allocates again.
template <class T, int Width>
struct Buffer {
    static constexpr int width = Width;
    AlignedVector<T> values;  ///< row by row; those beyond `count` rows are left from larger batches
    int count = 0;            ///< rows of the last `resize`

    /// Makes room for `rows` rows, whose contents are whatever was there before.
    Rows<T, Width> resize(int rows) {
        check(rows >= 0, [&] { return "a batch of " + std::to_string(rows) + " rows"; });
        const auto needed = static_cast<std::size_t>(rows) * Width;
        if (values.size() < needed) values.resize(needed);
        count = rows;
        return view();
    }
    /// As resize, with every entry zero.
    Rows<T, Width> zeros(int rows) {
        const auto rows_view = resize(rows);
        std::fill(rows_view.data, rows_view.data + static_cast<std::size_t>(rows) * Width, T(0));
        return rows_view;
    }
    /// The rows of the last `resize`; valid until the next one.
    Rows<T, Width> view() { return {values.data(), count}; }
    /// The same rows, to be read alone.
    Rows<const T, Width> view() const { return {values.data(), count}; }
};

/// A matrix of parameters as Eigen computes on it, in place.
template <class T, int R, int C>
EigenMap<T, R, C> map(Matrix<T, R, C>& matrix) {
    return EigenMap<T, R, C>(matrix.values);
}
/// The same, to be read alone.
template <class T, int R, int C>
EigenMap<const T, R, C> map(const Matrix<T, R, C>& matrix) {
    return EigenMap<const T, R, C>(matrix.values);
}
/// Vectors map to rows of one line, as biases and scales are used.
template <class T, int N>
auto map(Vector<T, N>& vector) {
    return EigenMap<typename Vector<T, N>::Scalar, 1, N>(vector.values);
}
/// The same, to be read alone.
template <class T, int N>
auto map(const Vector<T, N>& vector) {
    return EigenMap<const typename Vector<T, N>::Scalar, 1, N>(vector.values);
}
/// A line for each row of a batch.
template <class T, int Width>
EigenMap<T, Eigen::Dynamic, Width> map(Rows<T, Width> rows) {
    return EigenMap<T, Eigen::Dynamic, Width>(rows.data, rows.count, Width);
}
/// One row of a batch as a line of fixed size.
template <class T, int Width>
EigenMap<T, 1, Width> map_row(Rows<T, Width> rows, int index) {
    return EigenMap<T, 1, Width>(rows.row(index));
}

/// Whether a type is one that parameters end in, and not a struct of others.
template <class T>
inline constexpr bool is_leaf = false;
/// A Matrix is.
template <class T, int R, int C>
inline constexpr bool is_leaf<Matrix<T, R, C>> = true;
/// A Vector is.
template <class T, int N>
inline constexpr bool is_leaf<Vector<T, N>> = true;
/// A Statistic is.
template <class T, int N>
inline constexpr bool is_leaf<Statistic<T, N>> = true;

/// Whether optimisers change a leaf.
template <class T>
inline constexpr bool is_trained = true;
/// Not a Statistic.
template <class T, int N>
inline constexpr bool is_trained<Statistic<T, N>> = false;

}  // namespace midstream::core
