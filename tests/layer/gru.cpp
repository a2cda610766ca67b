#include "support/temporal_check.hpp"
//
#include "midstream/layer/gru.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(wider_than_its_input) { test::check_temporal_layer<layer::Gru<3, 7>>(); }
BOOST_AUTO_TEST_CASE(narrower_than_its_input) { test::check_temporal_layer<layer::Gru<9, 4>>(); }

BOOST_AUTO_TEST_CASE(the_equations_by_hand) {
    using Unit = layer::Gru<1, 1>;
    const Unit::Parameters<double> parameters{{{{0.5, -0.3, 0.8}}, {{0.1, 0.2, -0.1}}},
                                              {{{0.4, 0.6, -0.7}}, {{-0.2, 0.3, 0.5}}}};
    const std::vector<int> offsets{0, 2};
    core::Buffer<double, 1> x, y;
    x.values = {1.5, -0.4};
    x.count = 2;
    Unit::Tape<double> tape;
    Unit::forward(parameters, {offsets}, x.view(), y.resize(2), tape);
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    double h = 0;
    for (std::size_t t = 0; t < 2; ++t) {
        const double in = x.values[t];
        const double r = sigmoid(0.5 * in + 0.1 + 0.4 * h - 0.2), z = sigmoid(-0.3 * in + 0.2 + 0.6 * h + 0.3);
        const double n = std::tanh(0.8 * in - 0.1 + r * (-0.7 * h + 0.5));
        h = (1 - z) * n + z * h;
        BOOST_TEST(y.values[t] == h, boost::test_tools::tolerance(1e-12));
    }
}
