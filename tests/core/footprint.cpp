// What the compiler knows of memory is an upper bound, and no wide one.
// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
// clang-format on
#include <boost/test/unit_test.hpp>

#include "midstream/core/footprint.hpp"

using namespace midstream;

namespace {

struct Inner {
    core::Buffer<float, 3> numbers;
    std::vector<int> others;  // not counted
};
struct Tape {
    core::Buffer<double, 2> wide;
    std::array<Inner, 4> inner;
    std::array<core::Buffer<float, 1>, 2> pair;
    struct {
    } nothing;
    int step = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(buffers_of_aggregates) {
    // 1 row: 16, 12 and 4 bytes, each in 64.
    static_assert(core::buffer_bytes<Tape>(1) == 64 + 4 * 64 + 2 * 64);
    // 10 rows: 160, 120 and 40 bytes.
    static_assert(core::buffer_bytes<Tape>(10) == 192 + 4 * 128 + 2 * 64);
    static_assert(core::buffer_bytes<int>(10) == 0 && core::buffer_bytes<std::vector<int>>(10) == 0);
    static_assert(core::allocated(0) == 0 && core::allocated(1) == 64 && core::allocated(64) == 64);
    BOOST_TEST(core::buffer_bytes<Inner>(0) == 0);
}
