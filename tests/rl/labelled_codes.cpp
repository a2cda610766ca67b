// A code has the name of the nearest that was given one.
#include "midstream/rl/labelled_codes.hpp"

#include <array>

#include "io/files.hpp"

using namespace midstream;
using Code = std::array<float, 2>;

BOOST_AUTO_TEST_CASE(nearest_names) {
    rl::LabelledCodes<2> labels;
    BOOST_TEST(labels.nearest(Code{0, 0}) == -1);
    BOOST_TEST(labels.name(Code{0, 0}) == "");
    labels.add(Code{1, 0}, "red");
    labels.add(Code{-1, 0}, "");
    labels.add(Code{0, 2}, "the blue one");
    labels.validate();
    BOOST_TEST(labels.count() == 3);
    BOOST_TEST(labels.name(Code{0.5f, 0.1f}) == "red");
    BOOST_TEST(labels.name(Code{-3, 0}) == "");
    BOOST_TEST(labels.name(Code{0, 1.5f}) == "the blue one");
    test::check_error("the name of a code has no zero in it", [&] { labels.add(Code{}, std::string_view("a\0b", 3)); });
    labels.codes.pop_back();
    test::check_error("labelled codes have a name each", [&] { labels.validate(); });
}
