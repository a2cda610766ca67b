#include "midstream/control/skewed_directions.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <string>

using namespace midstream;

namespace {
/// One of `kinds` in every column, turned: white about 0, as each is as frequent.
Eigen::MatrixXd one_of(int kinds, int count) {
    core::Random random(1);
    Eigen::MatrixXd data = Eigen::MatrixXd::Zero(kinds, count);
    for (int i = 0; i < count; ++i) data(i % kinds, i) = std::sqrt(kinds);
    for (int i = 0; i + 1 < kinds; ++i) {  // Givens' rotations
        const double angle = 1 + random.normal();
        const Eigen::RowVectorXd a = data.row(i), b = data.row(i + 1);
        data.row(i) = std::cos(angle) * a - std::sin(angle) * b;
        data.row(i + 1) = std::sin(angle) * a + std::cos(angle) * b;
    }
    return data;
}
}  // namespace

BOOST_AUTO_TEST_CASE(things_that_exclude_one_another_are_found) {
    const Eigen::MatrixXd data = one_of(4, 400);
    core::Random random(2);
    const auto found = control::skewed_directions(data, random);
    BOOST_TEST((found.turn * found.turn.transpose() - Eigen::MatrixXd::Identity(4, 4)).norm() < 1e-9);
    const Eigen::MatrixXd sources = found.turn * data;
    for (int i = 0; i < 4; ++i) {  // 0 or 2 (or -2), a quarter of the time
        const Eigen::ArrayXd far = sources.row(i).array().abs();
        BOOST_TEST((far > 1).count() == 100);
        BOOST_TEST(far.maxCoeff() == 2, boost::test_tools::tolerance(1e-4));
    }
    core::Random again(2);
    BOOST_TEST((control::skewed_directions(data, again).turn - found.turn).norm() == 0);
}

BOOST_AUTO_TEST_CASE(what_leans_to_no_side_has_directions_too) {
    Eigen::MatrixXd data(2, 4);
    data << 1, -1, 1, -1, 1, 1, -1, -1;
    core::Random random(3);
    const auto found = control::skewed_directions(data, random);
    BOOST_TEST((found.turn * found.turn.transpose() - Eigen::MatrixXd::Identity(2, 2)).norm() < 1e-9);
    Eigen::MatrixXd line(1, 3);
    line << 1, 1, 1;
    BOOST_TEST(std::abs(control::skewed_directions(line, random).turn(0, 0)) == 1);
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_finite_are_refused) {
    Eigen::MatrixXd data = one_of(3, 30);
    data(1, 4) = std::numeric_limits<double>::quiet_NaN();
    core::Random random(3);
    BOOST_CHECK_EXCEPTION(control::skewed_directions(data, random), core::Error, [](const core::Error& error) {
        return std::string(error.what()).find("not finite") != std::string::npos;
    });
}
