#include "midstream/core/finite.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace midstream;

namespace {
template <class T>
constexpr bool all_kinds() {
    using L = std::numeric_limits<T>;
    for (const T finite : {T(0), -T(0), T(1), L::max(), L::lowest(), L::min(), L::denorm_min()})
        if (!core::is_finite(finite) || core::is_nan(finite)) return false;
    for (const T infinite : {L::infinity(), -L::infinity()})
        if (core::is_finite(infinite) || core::is_nan(infinite)) return false;
    for (const T none : {L::quiet_NaN(), -L::quiet_NaN()})
        if (core::is_finite(none) || !core::is_nan(none)) return false;
    return true;
}
static_assert(all_kinds<float>() && all_kinds<double>());
}  // namespace

// That the checks stand under -ffast-math too is tested in tests/flags.
BOOST_AUTO_TEST_CASE(kinds_of_numbers) {
    BOOST_TEST(all_kinds<float>());
    BOOST_TEST(all_kinds<double>());
    BOOST_TEST(core::is_nan(std::bit_cast<float>(0x7f800001u)));  // a signalling one
}
