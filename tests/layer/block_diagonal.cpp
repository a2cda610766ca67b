#include "support/allocation_count.hpp"
//
#include "midstream/layer/block_diagonal.hpp"
#include "support/layer_check.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(gradients) {
    test::check_layer_gradients<layer::BlockDiagonal<6, 3>>();
    test::check_layer_gradients<layer::BlockDiagonal<6, 1>>({0, 1});
    test::check_layer_gradients<layer::BlockDiagonal<32, 8>>({0, 40});
}
BOOST_AUTO_TEST_CASE(step_equals_forward) { test::check_step_equals_forward<layer::BlockDiagonal<16, 8>>(); }

BOOST_AUTO_TEST_CASE(heads_do_not_mix) {
    using Map = layer::BlockDiagonal<6, 3>;
    const auto parameters = test::random_parameters<Map, double>(core::Random(1), 1);
    core::Buffer<double, 6> x, y, changed;
    x.zeros(1);
    Map::apply(*parameters, x.view(), y.resize(1));
    x.values[2] = 1;
    Map::apply(*parameters, x.view(), changed.resize(1));
    for (int c = 0; c < 6; ++c)
        BOOST_TEST((changed.values[static_cast<std::size_t>(c)] != y.values[static_cast<std::size_t>(c)]) ==
                   (c / 2 == 1));
    BOOST_TEST(changed.values[3] - y.values[3] == parameters->weight[1].values[1], boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(no_allocation) {
    using Map = layer::BlockDiagonal<16, 2>;
    const auto parameters = test::random_parameters<Map, float>(core::Random(1), 1);
    core::Box<Map::Parameters<float>> gradient;
    core::Buffer<float, 16> x, y, dx;
    const auto dx_rows = dx.zeros(30);
    x.zeros(30), y.zeros(30);
    Map::Tape<float> tape;
    BOOST_TEST(test::allocations([&] {
                   Map::apply(*parameters, x.view(), y.view());
                   Map::backward(*parameters, {}, x.view(), tape, y.view(), dx_rows, *gradient);
               }) == 0);
}
