#include "midstream/layer/distribution.hpp"

#include <vector>

#include "support/gradient_check.hpp"

using namespace midstream;

template <class Distribution, class Element>
void check(std::vector<Element> value) {
    core::Random random(1);
    std::vector<double> parameters(Distribution::parameter_width), gradient(Distribution::parameter_width, 0.0);
    test::fill_normal(parameters, random);
    const auto loss = [&] { return -2.5 * Distribution::log_probability(parameters.data(), value.data()); };
    Distribution::log_probability(parameters.data(), value.data(), -2.5, gradient.data());
    test::check_gradient("parameters", parameters, gradient, loss);
}

BOOST_AUTO_TEST_CASE(categorical_gradient) { check<layer::Categorical<5, 3>, std::int16_t>({1, 4, 0}); }
BOOST_AUTO_TEST_CASE(gaussian_gradient) { check<layer::DiagonalGaussian<3>, double>({0.3, -1.0, 2.0}); }
BOOST_AUTO_TEST_CASE(unit_gaussian_gradient) { check<layer::UnitGaussian<3>, double>({0.3, -1.0, 2.0}); }

/// What is drawn at a temperature has the density that is said: its entropy, and the gradient.
template <class Distribution>
void check_temperature(double entropy_at_one_less) {
    using Element = typename Distribution::Space::template Element<double>;
    core::Random random(2);
    std::vector<double> parameters(Distribution::parameter_width), gradient(Distribution::parameter_width, 0.0);
    test::fill_normal(parameters, random);
    Element value[Distribution::Space::width];
    Distribution::sample(parameters.data(), random, value, 0.6);
    const auto at = [&](double temperature) {
        return Distribution::log_probability_at(temperature, parameters.data(), value);
    };
    BOOST_TEST(at(1) == Distribution::log_probability(parameters.data(), value), boost::test_tools::tolerance(1e-12));
    Distribution::log_probability_at(0.6, parameters.data(), value, -2.5, gradient.data());
    test::check_gradient("at a temperature", parameters, gradient, [&] { return -2.5 * at(0.6); });
    // Two entropies: of draws at .6, by the density at .6, and by that at 1.
    double estimate = 0, crossed = 0;
    const int draws = 100000;
    for (int i = 0; i < draws; ++i) {
        Distribution::sample(parameters.data(), random, value, 0.6);
        estimate -= at(0.6) / draws;
        crossed -= at(1) / draws;
    }
    BOOST_TEST(crossed - estimate > entropy_at_one_less);  // the true density has the least, by far
}
BOOST_AUTO_TEST_CASE(a_temperature_of_choices) { check_temperature<layer::Categorical<5, 3>>(0.1); }
BOOST_AUTO_TEST_CASE(a_temperature_of_normals) { check_temperature<layer::DiagonalGaussian<3>>(0.1); }

BOOST_AUTO_TEST_CASE(values_are_made_of_noise_and_noise_of_values) {
    using Gaussian = layer::DiagonalGaussian<3>;
    core::Random random(3), same(4);
    std::vector<double> parameters(6), gradient(6, 0.0);
    test::fill_normal(parameters, random);
    core::Random drawing = same;
    double value[3], noise[3], again[3];
    Gaussian::sample(parameters.data(), drawing, value);
    Gaussian::noise_of(parameters.data(), value, noise);
    Gaussian::from_noise(parameters.data(), noise, again);
    const double weights[3] = {0.3, -1, 2};
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(noise[i] == same.normal(), boost::test_tools::tolerance(1e-9));
        BOOST_TEST(again[i] == value[i], boost::test_tools::tolerance(1e-12));
    }
    Gaussian::from_noise(parameters.data(), noise, weights, gradient.data());
    test::check_gradient("from noise", parameters, gradient, [&] {
        double made[3];
        Gaussian::from_noise(parameters.data(), noise, made);
        return weights[0] * made[0] + weights[1] * made[1] + weights[2] * made[2];
    });
}

/// Against a Monte Carlo estimate of E[-log p], and its gradient.
template <class Distribution>
void check_entropy() {
    core::Random random(1);
    std::vector<double> parameters(Distribution::parameter_width), gradient(Distribution::parameter_width, 0.0);
    test::fill_normal(parameters, random);
    const double entropy = Distribution::entropy(parameters.data(), -2.5, gradient.data());
    test::check_gradient("entropy", parameters, gradient,
                         [&] { return -2.5 * Distribution::entropy(parameters.data()); });
    double estimate = 0;
    const int draws = 100000;
    typename Distribution::Space::template Element<double> value[Distribution::Space::width];
    for (int i = 0; i < draws; ++i) {
        Distribution::sample(parameters.data(), random, value);
        estimate -= Distribution::log_probability(parameters.data(), value) / draws;
    }
    BOOST_TEST(entropy == estimate, boost::test_tools::tolerance(0.02));
}
BOOST_AUTO_TEST_CASE(entropy_of_choices) { check_entropy<layer::Categorical<5, 3>>(); }
BOOST_AUTO_TEST_CASE(entropy_of_normals) { check_entropy<layer::DiagonalGaussian<3>>(); }

BOOST_AUTO_TEST_CASE(divergence_gradient_and_zero) {
    using Gaussian = layer::DiagonalGaussian<3>;
    core::Random random(1);
    std::vector<double> parameters(6), gradient(6, 0.0);
    test::fill_normal(parameters, random);
    Gaussian::divergence_from_standard(parameters.data(), 1.0, gradient.data());
    test::check_gradient("parameters", parameters, gradient,
                         [&] { return Gaussian::divergence_from_standard(parameters.data()); });
    // Against a Monte Carlo estimate of E[log q - log p].
    double estimate = 0;
    const int draws = 200000;
    for (int i = 0; i < draws; ++i) {
        double z[3];
        Gaussian::sample(parameters.data(), random, z);
        double log_prior = 0;
        for (const double x : z) log_prior -= 0.5 * (x * x + std::log(2 * std::numbers::pi));
        estimate += (Gaussian::log_probability(parameters.data(), z) - log_prior) / draws;
    }
    BOOST_TEST(estimate == Gaussian::divergence_from_standard(parameters.data()), boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(the_log_density_is_joint_over_dimensions) {
    using Gaussian = layer::DiagonalGaussian<2>;
    const double parameters[4] = {0.5, -1, 0.2, -0.7}, value[2] = {1, 0};
    double sum = 0;
    for (int i = 0; i < 2; ++i) {
        const double one[2] = {parameters[i], parameters[2 + i]};
        sum += layer::DiagonalGaussian<1>::log_probability(one, value + i);
    }
    BOOST_TEST(Gaussian::log_probability(parameters, value) == sum, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(log_variance_is_bounded_and_close_to_raw_inside) {
    using Gaussian = layer::DiagonalGaussian<1>;
    for (const double raw : {-1e6, -20.0, -4.0, 0.0, 1.0, 1e6}) {
        const double parameters[2] = {0, raw};
        const double bounded = Gaussian::log_variance(parameters, 0);
        BOOST_TEST((bounded >= -10 && bounded <= 2.001));
        if (raw == -4.0) BOOST_TEST(std::abs(bounded - raw) < 0.01);
    }
}

BOOST_AUTO_TEST_CASE(samples_follow_the_probabilities) {
    using Choice = layer::Categorical<3>;
    const double logits[3] = {0.5, -1, 1};
    const auto p = Choice::probabilities(logits);
    core::Random random(5);
    int counts[3] = {};
    const int draws = 100000;
    for (int i = 0; i < draws; ++i) {
        std::int16_t value;
        Choice::sample(logits, random, &value);
        ++counts[value];
    }
    for (int i = 0; i < 3; ++i) BOOST_TEST(counts[i] / double(draws) == p[i], boost::test_tools::tolerance(0.03));
    std::int16_t best;
    Choice::sample(logits, random, &best, 0.0);
    BOOST_TEST(best == 2);
}

BOOST_AUTO_TEST_CASE(choices_that_there_are_none_of_are_refused) {
    using Choices = layer::Categorical<5, 2>;
    const double parameters[10] = {};
    double gradient[10] = {};
    for (const auto wrong : {std::int16_t{5}, std::int16_t{-1}}) {
        const std::int16_t value[2] = {4, wrong};
        BOOST_CHECK_THROW(Choices::log_probability(parameters, value), core::Error);
        BOOST_CHECK_THROW(Choices::log_probability(parameters, value, 1.0, gradient), core::Error);
    }
}
