/// \file
/// Eigenvalues and eigenvectors of symmetric matrices.
#pragma once

// The rest of Eigen comes after our own header of it.
// clang-format off
#include "midstream/core/eigen.hpp"
#include <Eigen/Jacobi>
// clang-format on
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"

namespace midstream::core {

/// matrix = vectors * values.asDiagonal() * vectors^T, the values in ascending order, a column for each vector.
template <class T>
struct SymmetricEigen {
    Eigen::VectorX<T> values;   ///< eigenvalues, ascending
    Eigen::MatrixX<T> vectors;  ///< eigenvectors of length 1, a column for each value
};

/// By Jacobi's rotations, which take n^3 steps a handful of times. Eigen's own solver takes fewer, and the compiler
/// nine seconds more in every source that includes this library.
/// Only the symmetric part of the matrix counts. Throws core::Error unless it is square and finite.
template <class T>
SymmetricEigen<T> symmetric_eigen(Eigen::MatrixX<T> matrix) {
    require(matrix.rows() == matrix.cols(), "eigenvectors are of a square matrix");
    require(all_finite(matrix.reshaped()), "eigenvectors are of a matrix of finite numbers");
    const Eigen::Index size = matrix.rows();
    Eigen::MatrixX<T> vectors = Eigen::MatrixX<T>::Identity(size, size);
    matrix = ((matrix + matrix.transpose()) / 2).eval();
    const T negligible = std::numeric_limits<T>::epsilon() * matrix.norm();
    bool settled = false;
    for (int sweep = 0; sweep < 64 && !settled; ++sweep) {
        settled = true;
        for (Eigen::Index i = 1; i < size; ++i)
            for (Eigen::Index j = 0; j < i; ++j) {
                if (!(std::abs(matrix(j, i)) > negligible)) continue;
                settled = false;
                Eigen::JacobiRotation<T> rotation;
                rotation.makeJacobi(matrix, j, i);
                matrix.applyOnTheLeft(j, i, rotation.adjoint());
                matrix.applyOnTheRight(j, i, rotation);
                vectors.applyOnTheRight(j, i, rotation);
            }
    }
    require(settled, "Jacobi's rotations of a symmetric matrix do not settle");
    std::vector<Eigen::Index> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](Eigen::Index a, Eigen::Index b) { return matrix(a, a) < matrix(b, b); });
    SymmetricEigen<T> result{Eigen::VectorX<T>(size), Eigen::MatrixX<T>(size, size)};
    for (Eigen::Index i = 0; i < size; ++i) {
        const Eigen::Index from = order[static_cast<std::size_t>(i)];
        result.values[i] = matrix(from, from);
        result.vectors.col(i) = vectors.col(from);
    }
    return result;
}

}  // namespace midstream::core
