#include "midstream/layer/math.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/core/random.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(softplus_is_the_integral_of_the_sigmoid) {
    for (const double x : {-40.0, -3.0, -0.1, 0.0, 0.7, 5.0, 29.9, 30.1, 700.0}) {
        const double step = 1e-5, slope = (layer::softplus(x + step) - layer::softplus(x - step)) / (2 * step);
        BOOST_TEST(slope == layer::sigmoid(x), boost::test_tools::tolerance(1e-6));
        BOOST_TEST(std::abs(layer::sigmoid(x) + layer::sigmoid(-x) - 1) < 1e-15);
    }
    BOOST_TEST(std::isfinite(layer::softplus(1e30f)));
    BOOST_TEST(std::abs(layer::log_two_pi<double> - std::log(2 * 3.14159265358979323846)) < 1e-15);
}

BOOST_AUTO_TEST_CASE(of_arrays_it_is_the_same) {
    core::Random random(1);
    Eigen::Array<float, 1, 13> x;
    for (float& value : x) value = static_cast<float>(20 * random.normal());
    const auto y = layer::softplus(x);
    for (int i = 0; i < 13; ++i)
        BOOST_TEST(std::abs(y[i] - layer::softplus(x[i])) <= 1e-5f * std::max(1.0f, std::abs(x[i])));
}
