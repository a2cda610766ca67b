#include "midstream/layer/feedforward.hpp"

#include "support/layer_check.hpp"

using namespace midstream;

using Two = layer::Feedforward<5, 7, 2, 3>;
using Four = layer::Feedforward<5, 7, 4, 3>;
using Rectified = layer::Feedforward<5, 7, 3, 2, layer::Rectifier>;

BOOST_AUTO_TEST_CASE(gradients) {
    test::check_layer_gradients<Two>();
    test::check_layer_gradients<Four>();
    test::check_layer_gradients<Rectified>();
}
BOOST_AUTO_TEST_CASE(step_equals_forward) {
    test::check_step_equals_forward<Two>();
    test::check_step_equals_forward<Four>();
}

BOOST_AUTO_TEST_CASE(it_is_what_it_says) {
    const auto parameters = test::random_parameters<Two, double>(core::Random(1), 0.3);
    const double x[5] = {0.3, -1, 2, 0, 0.7};
    double first[7], second[7];
    for (int i = 0; i < 7; ++i) {
        double sum = parameters->first.bias.values[i];
        for (int k = 0; k < 5; ++k) sum += x[k] * parameters->first.weight.values[k * 7 + i];
        first[i] = std::tanh(sum);
    }
    for (int i = 0; i < 7; ++i) {
        double sum = parameters->between[0].bias.values[i];
        for (int k = 0; k < 7; ++k) sum += first[k] * parameters->between[0].weight.values[k * 7 + i];
        second[i] = std::tanh(sum);
    }
    double y[3];
    Two::apply_row(*parameters, x, y);
    for (int i = 0; i < 3; ++i) {
        double sum = parameters->last.bias.values[i];
        for (int k = 0; k < 7; ++k) sum += second[k] * parameters->last.weight.values[k * 3 + i];
        BOOST_TEST(y[i] == sum, boost::test_tools::tolerance(1e-12));
    }
}

BOOST_AUTO_TEST_CASE(it_begins_with_outputs_of_the_wanted_size) {
    using Wide = layer::Feedforward<50, 64, 2, 8>;
    core::Buffer<double, 50> x;
    core::Buffer<double, 8> y;
    Wide::Tape<double> tape;
    core::Random random(2);
    test::fill_normal(x.resize(200).flat(), random);
    const auto variance = [&](double last) {
        core::Box<Wide::Parameters<double>> parameters;
        core::Random draws(3);
        Wide::initialise(*parameters, draws, last);
        Wide::forward(*parameters, {}, x.view(), y.resize(200), tape);
        return core::map(y.view()).squaredNorm() / (8 * 200);
    };
    BOOST_TEST(variance(1) > 0.2);
    BOOST_TEST(variance(1) < 1);
    BOOST_TEST(variance(1e-4) == 1e-4 * variance(1), boost::test_tools::tolerance(1e-9));
}
