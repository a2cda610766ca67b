#include "midstream/layer/gelu.hpp"

#include "support/gradient_check.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(known_values) {
    core::Buffer<double, 5> x, y;
    x.values = {-3, -0.5, 0, 0.5, 3};
    x.count = 1;
    layer::gelu<double, 5>(x.view(), y.resize(1));
    const std::vector<double> expected{-0.0036373920817729943, -0.15428599017485606, 0, 0.34571400982514394,
                                       2.9963626079182270};
    for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(std::abs(y.values[i] - expected[i]) < 1e-12);
}

// Where tanh is 1 up to rounding, so are values and slopes: no factor of theirs makes more of it.
BOOST_AUTO_TEST_CASE(far_from_zero) {
    core::Buffer<float, 6> x, y, dx;
    x.values = {-1e25f, -1e4f, -60, 60, 1e4f, 1e25f};
    x.count = 1;
    layer::gelu<float, 6>(x.view(), y.resize(1));
    core::map(dx.resize(1)).setOnes();
    layer::gelu_backward<float, 6>(x.view(), dx.view(), dx.view());
    for (std::size_t i = 0; i < 6; ++i) {
        BOOST_TEST(std::abs(y.values[i] - std::max(x.values[i], 0.0f)) <= 2e-7f * std::abs(x.values[i]));
        BOOST_TEST(std::abs(dx.values[i] - (x.values[i] > 0 ? 1.0f : 0.0f)) <= 4e-5f);
    }
}

BOOST_AUTO_TEST_CASE(gradient) {
    core::Random random(1);
    core::Buffer<double, 7> x, y, weights, dx;
    test::fill_normal(x.resize(9).flat(), random, 2);
    test::fill_normal(weights.resize(9).flat(), random);
    y.resize(9);
    layer::gelu_backward<double, 7>(x.view(), weights.view(), dx.resize(9));
    test::check_gradient("gelu", x.view().flat(), dx.view().flat(), [&] {
        layer::gelu<double, 7>(x.view(), y.view());
        return core::map(y.view()).cwiseProduct(core::map(weights.view())).sum();
    });
}
