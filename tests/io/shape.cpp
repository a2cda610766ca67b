#include "midstream/io/shape.hpp"

#include <boost/test/unit_test.hpp>

using namespace midstream;

BOOST_AUTO_TEST_CASE(bytes_of_a_shape) {
    BOOST_TEST(io::byte_count({}, 4).value() == 4u);
    BOOST_TEST(io::byte_count({3, 2}, 4).value() == 24u);
    BOOST_TEST(io::byte_count({3, 0, 2}, 4).value() == 0u);
    const std::size_t half = std::size_t{1} << 32;
    BOOST_TEST(!io::byte_count({half, half}, 1).has_value());
    BOOST_TEST(!io::byte_count({half, half / 8}, 8).has_value());
    BOOST_TEST(!io::byte_count({half, half / 16}, 8).has_value());  // no object is larger than half the memory
    BOOST_TEST(io::byte_count({half, half / 32}, 8).has_value());
    BOOST_TEST(io::byte_count({half, 0}, 8).value() == 0u);
    BOOST_TEST(!io::byte_count({0, half, half}, 1).has_value());  // whose rows would lie too far apart
    BOOST_TEST(!io::byte_count({half, half, 0}, 1).has_value());
}

BOOST_AUTO_TEST_CASE(expected_shapes) {
    BOOST_TEST(io::matches({3, 2}, {3, 2}));
    BOOST_TEST(io::matches({3, 2}, {io::any_extent, 2}));
    BOOST_TEST(!io::matches({3, 2}, {2, 3}));
    BOOST_TEST(!io::matches({3, 2}, {3}));
    BOOST_TEST(!io::matches({}, {io::any_extent}));
    BOOST_TEST(io::to_string({io::any_extent, 2}) == "[any, 2]");
    BOOST_TEST(io::to_string({}) == "[]");
}
