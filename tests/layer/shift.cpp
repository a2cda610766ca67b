#include "midstream/layer/shift.hpp"

#include "support/gradient_check.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(delays_within_each_sequence) {
    const std::vector<int> offsets{0, 3, 3, 4, 6};
    core::Buffer<double, 2> h, previous;
    const auto rows = h.resize(6);
    for (int i = 0; i < 6; ++i) core::map_row(rows, i).setConstant(i + 1);
    core::map(previous.resize(6)).setConstant(99);
    layer::shift<double, 2>({offsets}, rows, previous.view());
    const core::AlignedVector<double> expected{0, 0, 1, 1, 2, 2, 0, 0, 0, 0, 5, 5};
    BOOST_TEST(previous.values == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(unshift_is_the_adjoint) {
    const std::vector<int> offsets{0, 3, 3, 4, 9};
    core::Random random(3);
    core::Buffer<double, 3> h, previous, dprevious, dh;
    test::fill_normal(h.resize(9).flat(), random);
    test::fill_normal(dprevious.resize(9).flat(), random);
    test::fill_normal(dh.resize(9).flat(), random);
    const core::AlignedVector<double> before = dh.values;
    layer::shift<double, 3>({offsets}, h.view(), previous.resize(9));
    layer::unshift_add<double, 3>({offsets}, dprevious.view(), dh.view());
    double left = 0, right = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        left += previous.values[i] * dprevious.values[i];
        right += h.values[i] * (dh.values[i] - before[i]);
    }
    BOOST_TEST(left == right, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(std::abs(left) > 0.1);
}

BOOST_AUTO_TEST_CASE(offsets_may_begin_past_zero) {
    const std::vector<int> offsets{7, 9, 10};
    core::Buffer<float, 1> h, previous;
    h.values = {1, 2, 3};
    h.count = 3;
    layer::shift<float, 1>({offsets}, h.view(), previous.resize(3));
    const core::AlignedVector<float> expected{0, 1, 0};
    BOOST_TEST(previous.values == expected, boost::test_tools::per_element());
}
