/// \file
/// Mean and variance of numbers that come in parts.
#pragma once

#include <algorithm>

#include "midstream/core/tensor.hpp"

namespace midstream::core {

/// Count, means and summed squared deviations of `Width` numbers each. Parts are merged with += (Chan, Golub and
/// LeVeque 1979), in an order that is the caller's.
template <int Width>
struct Moments {
    double count = 0;                ///< rows that were taken in
    Vector<double, Width> mean{};    ///< of each column
    Vector<double, Width> square{};  ///< sums of squared deviations from the mean

    static void visit(auto& self, auto&& member) {
        member("count", self.count);
        member("mean", self.mean);
        member("square", self.square);
    }

    /// Of the first Width columns of these rows, each at least that wide.
    template <class T, int RowWidth>
    static Moments of(Rows<T, RowWidth> rows) {
        static_assert(RowWidth >= Width, "moments of more columns than the rows have");
        Moments result{.count = static_cast<double>(rows.count)};
        if (rows.count == 0) return result;
        for (int row = 0; row < rows.count; ++row)
            for (int i = 0; i < Width; ++i) result.mean.values[i] += static_cast<double>(rows.row(row)[i]);
        for (double& mean : result.mean.values) mean /= result.count;
        for (int row = 0; row < rows.count; ++row)
            for (int i = 0; i < Width; ++i) {
                const double deviation = static_cast<double>(rows.row(row)[i]) - result.mean.values[i];
                result.square.values[i] += deviation * deviation;
            }
        return result;
    }
    /// The variance of column i; 0 of nothing.
    double variance(int i) const { return count > 0 ? square.values[i] / count : 0; }

    /// Takes in one more row (Welford 1962).
    template <class T>
    void add(const T* row) {
        count += 1;
        const double weight = 1 / count;
        for (int i = 0; i < Width; ++i) {
            const double deviation = static_cast<double>(row[i]) - mean.values[i];
            mean.values[i] += weight * deviation;
            square.values[i] += deviation * (static_cast<double>(row[i]) - mean.values[i]);
        }
    }
    /// Merges the moments of other rows.
    Moments& operator+=(const Moments& other) {
        const double total = count + other.count;
        if (total == 0) return *this;
        for (int i = 0; i < Width; ++i) {
            const double apart = other.mean.values[i] - mean.values[i];
            mean.values[i] += apart * other.count / total;
            square.values[i] += other.square.values[i] + apart * apart * count * other.count / total;
        }
        count = total;
        return *this;
    }
};

}  // namespace midstream::core
