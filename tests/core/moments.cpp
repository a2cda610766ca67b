#include "midstream/core/moments.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/core/random.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(parts_merge_to_the_whole) {
    core::Random random(1);
    core::Buffer<float, 3> rows;
    for (float& value : rows.resize(50).flat()) value = 100 + random.normal<float>();
    const auto view = std::as_const(rows).view();
    const auto whole = core::Moments<2>::of(view);  // of the first two columns
    core::Moments<2> merged;
    for (const auto& [first, length] : {std::pair(0, 0), std::pair(0, 1), std::pair(1, 30), std::pair(31, 19)})
        merged += core::Moments<2>::of(view.slice(first, length));
    core::Moments<2> one_by_one;
    for (int row = 0; row < 50; ++row) one_by_one.add(view.row(row));
    BOOST_TEST(merged.count == 50);
    BOOST_TEST(one_by_one.count == 50);
    for (int i = 0; i < 2; ++i) {
        double mean = 0, variance = 0;
        for (int row = 0; row < 50; ++row) mean += static_cast<double>(view.row(row)[i]) / 50;
        for (int row = 0; row < 50; ++row) variance += std::pow(static_cast<double>(view.row(row)[i]) - mean, 2) / 50;
        for (const auto& moments : {whole, merged, one_by_one}) {
            BOOST_TEST(moments.mean.values[i] == mean, boost::test_tools::tolerance(1e-12));
            BOOST_TEST(moments.variance(i) == variance, boost::test_tools::tolerance(1e-10));
        }
    }
}

BOOST_AUTO_TEST_CASE(of_nothing) {
    core::Moments<2> none;
    none += core::Moments<2>{};
    BOOST_TEST(none.count == 0);
    BOOST_TEST(none.variance(1) == 0);
}
