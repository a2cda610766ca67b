#include "support/temporal_check.hpp"
//
#include "midstream/layer/causal_convolution.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(four_taps) { test::check_temporal_layer<layer::CausalConvolution<5>>(); }
BOOST_AUTO_TEST_CASE(two_taps) { test::check_temporal_layer<layer::CausalConvolution<8, 2>>(); }
BOOST_AUTO_TEST_CASE(more_taps_than_steps) { test::check_temporal_layer<layer::CausalConvolution<3, 9>>(); }

BOOST_AUTO_TEST_CASE(an_impulse_reads_off_the_taps) {
    using Convolution = layer::CausalConvolution<2, 3>;
    const Convolution::Parameters<double> parameters{{{1, 2, 3, 4, 5, 6}}, {{10, 20}}};
    const std::vector<int> offsets{0, 2, 7};
    core::Buffer<double, 2> x, y;
    x.zeros(7);
    core::map_row(x.view(), 3).setOnes();
    Convolution::Tape<double> tape;
    Convolution::forward(parameters, {offsets}, x.view(), y.resize(7), tape);
    const core::AlignedVector<double> expected{10, 20, 10, 20, 10, 20, 11, 22, 13, 24, 15, 26, 10, 20};
    BOOST_TEST(y.values == expected, boost::test_tools::per_element());
}
