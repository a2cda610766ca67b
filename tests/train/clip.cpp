#include "midstream/train/clip.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "midstream/core/random.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;

namespace {
std::vector<float> random_values(std::size_t size) {
    core::Random random(1);
    std::vector<float> values(size);
    for (float& value : values) value = static_cast<float>(random.normal() * std::pow(10.0, 4 * random.uniform()));
    return values;
}
}  // namespace

BOOST_AUTO_TEST_CASE(norm_of_known_vectors) {
    std::vector<double> scratch;
    const std::vector<float> values{3, 0, -4};
    BOOST_TEST(train::global_norm(core::Serial{}, std::span(values), scratch) == 5);
    BOOST_TEST(train::global_norm(core::Serial{}, std::span<const float>{}, scratch) == 0);
    // A float sum of squares would stop growing at 2^24, or overflow.
    const std::vector<float> ones((1 << 24) + 9, 1.f), large(4, 1e30f);
    BOOST_TEST(train::global_norm(core::Serial{}, std::span(ones), scratch) == std::sqrt((1 << 24) + 9.0));
    BOOST_TEST(train::global_norm(core::Serial{}, std::span(large), scratch) == 2e30,
               boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(long_gradients_are_shortened_and_short_ones_left) {
    const auto values = random_values(50000);
    std::vector<double> scratch;
    auto clipped = values;
    const double norm = train::clip(core::Serial{}, std::span(clipped), 2.0, scratch);
    BOOST_TEST(norm == train::global_norm(core::Serial{}, std::span(values), scratch));
    BOOST_TEST(train::global_norm(core::Serial{}, std::span(clipped), scratch) == 2.0,
               boost::test_tools::tolerance(1e-6));
    for (std::size_t i = 0; i < values.size(); i += 997)
        BOOST_TEST(clipped[i] * norm == 2 * static_cast<double>(values[i]), boost::test_tools::tolerance(1e-5));

    auto untouched = values;
    BOOST_TEST(train::clip(core::Serial{}, std::span(untouched), 2 * norm, scratch) == norm);
    BOOST_TEST((untouched == values));
    BOOST_TEST(train::clip(core::Serial{}, std::span(untouched), norm, scratch) == norm);
    BOOST_TEST((untouched == values));
}

BOOST_AUTO_TEST_CASE(bad_numbers_are_reported_and_nothing_is_scaled) {
    std::vector<double> scratch;
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        auto values = random_values(40000);
        values[39999] = bad;
        const float first = values[0];
        BOOST_TEST(!std::isfinite(train::clip(core::Serial{}, std::span(values), 1.0, scratch)));
        BOOST_TEST(values[0] == first);
    }
}

#ifdef _OPENMP
BOOST_AUTO_TEST_CASE(same_bits_for_any_threads) {
    auto expected = random_values(100000);
    std::vector<double> scratch;
    const double norm = train::clip(core::Serial{}, std::span(expected), 1.0, scratch);
    for (const int threads : {1, 2, 5}) {
        auto values = random_values(100000);
        BOOST_TEST(train::clip(core::OpenMP{threads}, std::span(values), 1.0, scratch) == norm);
        BOOST_TEST((values == expected));
    }
}
#endif
