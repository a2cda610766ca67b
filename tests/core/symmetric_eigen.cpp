#include "midstream/core/symmetric_eigen.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "midstream/core/random.hpp"

using namespace midstream;

namespace {

/// Of a random symmetric matrix with the given eigenvalues.
template <class T>
void recovers(const Eigen::VectorX<T>& values, T tolerance) {
    core::Random random(static_cast<std::uint64_t>(values.size()));
    const Eigen::Index size = values.size();
    Eigen::MatrixX<T> matrix = values.asDiagonal();
    for (int turn = 0; turn < 400; ++turn) {
        const Eigen::Index i = random.below(static_cast<int>(size));
        const Eigen::Index j = (i + 1 + random.below(static_cast<int>(size) - 1)) % size;
        const Eigen::JacobiRotation<T> rotation(static_cast<T>(std::cos(turn)), static_cast<T>(std::sin(turn)));
        matrix.applyOnTheLeft(i, j, rotation.adjoint());
        matrix.applyOnTheRight(i, j, rotation);
    }
    const auto found = core::symmetric_eigen<T>(matrix);
    BOOST_TEST((found.values - values).cwiseAbs().maxCoeff() <= tolerance);
    const Eigen::MatrixX<T> identity = found.vectors.transpose() * found.vectors;
    BOOST_TEST((identity - Eigen::MatrixX<T>::Identity(size, size)).cwiseAbs().maxCoeff() <= tolerance);
    const Eigen::MatrixX<T> again = found.vectors * found.values.asDiagonal() * found.vectors.transpose();
    BOOST_TEST((again - matrix).cwiseAbs().maxCoeff() <= tolerance);
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_and_vectors_are_recovered) {
    for (const int size : {2, 3, 7, 64, 96}) {
        recovers<double>(Eigen::VectorXd::LinSpaced(size, -3, 5), 1e-12);
        recovers<float>(Eigen::VectorXf::LinSpaced(size, -3, 5), 3e-4f);
    }
}

BOOST_AUTO_TEST_CASE(equal_zero_and_far_apart_values_are_recovered) {
    recovers<double>(Eigen::VectorXd::Constant(9, 2), 1e-12);
    recovers<double>(Eigen::VectorXd::Zero(9), 1e-12);
    Eigen::VectorXd far(12);
    for (int i = 0; i < 12; ++i) far[i] = std::pow(10.0, i - 11);
    recovers<double>(far, 1e-14);
}

BOOST_AUTO_TEST_CASE(a_rounding_error_of_symmetry_does_no_harm) {
    Eigen::MatrixXd matrix = Eigen::MatrixXd::Constant(20, 20, 1);
    matrix(3, 7) += 1e-15;
    matrix.diagonal().setLinSpaced(1, 2);
    BOOST_TEST(core::symmetric_eigen<double>(matrix).values.sum() == matrix.trace(),
               boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(sizes_of_one_and_none) {
    BOOST_TEST(core::symmetric_eigen<double>(Eigen::MatrixXd::Constant(1, 1, -4)).values[0] == -4);
    BOOST_TEST(core::symmetric_eigen<double>(Eigen::MatrixXd(0, 0)).values.size() == 0);
}

BOOST_AUTO_TEST_CASE(what_is_not_square_or_not_finite_is_refused) {
    BOOST_CHECK_THROW(core::symmetric_eigen<double>(Eigen::MatrixXd::Zero(2, 3)), core::Error);
    Eigen::MatrixXd broken = Eigen::MatrixXd::Identity(4, 4);
    broken(1, 2) = broken(2, 1) = std::numeric_limits<double>::quiet_NaN();
    BOOST_CHECK_THROW(core::symmetric_eigen<double>(broken), core::Error);
}
