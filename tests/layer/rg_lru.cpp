#include "support/temporal_check.hpp"
//
#include "midstream/layer/rg_lru.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(two_heads) { test::check_temporal_layer<layer::RgLru<6, 2>>(); }
BOOST_AUTO_TEST_CASE(one_head) { test::check_temporal_layer<layer::RgLru<5, 1>>(); }
BOOST_AUTO_TEST_CASE(eight_heads) { test::check_temporal_layer<layer::RgLru<32>>(); }

BOOST_AUTO_TEST_CASE(initial_decays_fill_their_range) {
    layer::RgLru<512>::Parameters<float> parameters;
    core::Random random(1);
    layer::RgLru<512>::initialise(parameters, random);
    double least = 1, greatest = 0, mean = 0;
    for (const float lambda : parameters.lambda.values) {
        const double decay = std::exp(-8 * std::log1p(std::exp(double(lambda))));
        least = std::min(least, decay);
        greatest = std::max(greatest, decay);
        mean += decay / 512;
    }
    BOOST_TEST(least >= 0.9 - 1e-6);
    BOOST_TEST(least < 0.901);
    BOOST_TEST(greatest <= 0.999 + 1e-6);
    BOOST_TEST(greatest > 0.998);
    BOOST_TEST(std::abs(mean - 0.9495) < 0.005);
}

BOOST_AUTO_TEST_CASE(the_equations_by_hand) {
    using Unit = layer::RgLru<2, 1>;
    auto parameters = test::random_parameters<Unit, double>(core::Random(4), 0.5);
    const std::vector<int> offsets{0, 2};
    core::Buffer<double, 2> x, y;
    x.values = {0.3, -1.2, 0.7, 0.4};
    x.count = 2;
    Unit::Tape<double> tape;
    Unit::forward(*parameters, {offsets}, x.view(), y.resize(2), tape);
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    double h[2] = {0, 0};
    for (std::size_t t = 0; t < 2; ++t)
        for (std::size_t c = 0; c < 2; ++c) {
            const auto& [wa, ba] = parameters->recurrence_gate;
            const auto& [wx, bx] = parameters->input_gate;
            const double *in = &x.values[2 * t], *a_weight = wa[0].values, *x_weight = wx[0].values;
            const double r = sigmoid(in[0] * a_weight[c] + in[1] * a_weight[2 + c] + ba.values[c]);
            const double i = sigmoid(in[0] * x_weight[c] + in[1] * x_weight[2 + c] + bx.values[c]);
            const double a = std::exp(-8 * std::log1p(std::exp(parameters->lambda.values[c])) * r);
            h[c] = a * h[c] + std::sqrt(1 - a * a) * i * in[c];
            BOOST_TEST(y.values[2 * t + c] == h[c], boost::test_tools::tolerance(1e-12));
        }
}

// Where decays reach 1 in single precision, sqrt(1 - a^2) has an unbounded slope in a: nothing may overflow.
BOOST_AUTO_TEST_CASE(finite_at_the_extremes) {
    using Unit = layer::RgLru<4, 2>;
    const std::vector<int> offsets{0, 6};
    for (const float lambda : {-200.f, -80.f, -20.f, 0.f, 20.f, 200.f})
        for (const float logit : {-200.f, -50.f, 0.f, 50.f, 200.f}) {
            auto parameters = test::random_parameters<Unit, float>(core::Random(5), 0.3);
            core::map(parameters->lambda).setConstant(lambda);
            core::map(parameters->recurrence_gate.bias).setConstant(logit);
            core::Buffer<float, 4> x, y, dx;
            core::map(x.resize(6)).setConstant(0.5f);
            core::map(y.resize(6)).setConstant(1);
            Unit::Tape<float> tape;
            Unit::forward(*parameters, {offsets}, x.view(), y.view(), tape);
            core::Box<Unit::Parameters<float>> gradient;
            Unit::backward(*parameters, {offsets}, x.view(), tape, y.view(), dx.zeros(6), *gradient);
            bool finite = core::map(y.view()).allFinite() && core::map(dx.view()).allFinite();
            for (const float g : core::flat<float>(*gradient)) finite = finite && std::isfinite(g);
            BOOST_TEST(finite, "lambda " << lambda << ", logit " << logit);
        }
}

// The slope of sqrt(1 - a^2) where a is within 1e-9 of 1, against differences relative to the (large) gradient.
BOOST_AUTO_TEST_CASE(gradients_near_decay_one) {
    using Unit = layer::RgLru<4, 2>;
    const std::vector<int> offsets{0, 3};
    core::Random random(6);
    auto parameters = test::random_parameters<Unit, double>(random.fork(1), 0.3);
    core::map(parameters->recurrence_gate.bias).array() -= 10;
    core::map(parameters->lambda).array() -= 10;
    core::Buffer<double, 4> x, y, dx, weights;
    test::fill_normal(x.resize(3).flat(), random);
    test::fill_normal(weights.resize(3).flat(), random, 1e4);  // outputs are of order sqrt(1 - a)
    Unit::Tape<double> tape;
    const auto loss = [&] {
        Unit::forward(*parameters, {offsets}, x.view(), y.resize(3), tape);
        return core::map(y.view()).cwiseProduct(core::map(weights.view())).sum();
    };
    loss();
    core::Box<Unit::Parameters<double>> gradient;
    Unit::backward(*parameters, {offsets}, x.view(), tape, weights.view(), dx.zeros(3), *gradient);
    test::check_gradient("input", x.view().flat(), dx.view().flat(), loss);
    test::check_gradient("parameters", core::flat<double>(*parameters), core::flat<double>(*gradient), loss);
}
