#include "midstream/control/whiten.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "midstream/core/random.hpp"

using namespace midstream;

namespace {
/// Three numbers that vary, and a fourth that is a sum of two of them.
Eigen::MatrixXd drawn(int count) {
    core::Random random(1);
    Eigen::MatrixXd data(4, count);
    for (int row = 0; row < count; ++row) {
        data(0, row) = 5 + 10 * random.normal();
        data(1, row) = random.normal();
        data(2, row) = data(0, row) + 0.1 * random.normal();
        data(3, row) = data(0, row) + data(1, row);
    }
    return data;
}
}  // namespace

BOOST_AUTO_TEST_CASE(white_data_have_unit_second_moments_in_as_many_directions_as_they_have_rank) {
    Eigen::MatrixXd data = drawn(500);
    const Eigen::VectorXd mean = data.rowwise().mean();
    const auto whitening = control::whiten(data, 1e-9);
    BOOST_TEST((whitening.mean - mean).norm() == 0);
    BOOST_TEST(data.rowwise().mean().norm() < 1e-9);
    BOOST_TEST(whitening.whitening.rows() == 3);
    const Eigen::MatrixXd white = whitening.whitening * data;
    const Eigen::MatrixXd moments = white * white.transpose() / 500;
    BOOST_TEST((moments - Eigen::MatrixXd::Identity(3, 3)).norm() < 1e-6);
    // The largest variance last: it takes the smallest factors.
    BOOST_TEST(whitening.whitening.row(2).norm() < whitening.whitening.row(1).norm());
    BOOST_TEST(whitening.whitening.row(1).norm() < whitening.whitening.row(0).norm());
}

BOOST_AUTO_TEST_CASE(directions_below_the_floor_count_as_none) {
    Eigen::MatrixXd data = drawn(500);
    BOOST_TEST(control::whiten(data, 1e-3).whitening.rows() == 2);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_white_is_refused) {
    const auto refused = [](const std::string& why, Eigen::MatrixXd data) {
        BOOST_CHECK_EXCEPTION(control::whiten(data, 1e-9), core::Error, [&](const core::Error& error) {
            return std::string(error.what()).find(why) != std::string::npos;
        });
    };
    refused("all rows are equal", Eigen::MatrixXd::Constant(3, 8, 2.5));
    Eigen::MatrixXd data = drawn(20);
    data(1, 3) = std::numeric_limits<double>::quiet_NaN();
    refused("not finite", data);
    data(1, 3) = 1e300;
    refused("not finite", data);
}
