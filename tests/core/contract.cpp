#include "midstream/core/contract.hpp"

#include <boost/test/unit_test.hpp>

using namespace midstream;

namespace {
std::string message_of(auto&& failing) {
    try {
        failing();
    } catch (const core::Error& error) {
        return error.what();
    }
    return "nothing was thrown";
}
}  // namespace

BOOST_AUTO_TEST_CASE(require_throws_the_message) {
    core::require(true, "never seen");
    BOOST_TEST(message_of([] { core::require(false, "what is wrong"); }) == "what is wrong");
    BOOST_TEST(message_of([] { core::require(false, std::string("also a string")); }) == "also a string");
}

BOOST_AUTO_TEST_CASE(messages_are_made_only_on_failure) {
    int made = 0;
    const auto message = [&] { return "message " + std::to_string(++made); };
    core::require(true, message);
    BOOST_TEST(made == 0);
    BOOST_TEST(message_of([&] { core::require(false, message); }) == "message 1");
}

BOOST_AUTO_TEST_CASE(ranges_name_the_culprit) {
    core::require_range(3, 3, 5, "layer");
    core::require_range(5, 3, 5, "layer");
    BOOST_TEST(message_of([] { core::require_range(6, 3, 5, "layer"); }) == "layer is 6, valid is 3 to 5");
    BOOST_TEST(message_of([] { core::require_range(2, 3, 5, "layer"); }) == "layer is 2, valid is 3 to 5");
    BOOST_TEST(message_of([] { core::require_range(std::stod("nan"), 0.0, 1.0, "rate"); }) ==
               "rate is nan, valid is 0 to 1");
    BOOST_TEST(message_of([] { core::require_range(2e-9, 0.0, 1e-9, "rate"); }) ==
               "rate is 2e-09, valid is 0 to 1e-09");
    BOOST_TEST(message_of([] { core::require_range(-0.1f, 0.0f, 1.0f, "clip"); }) == "clip is -0.1, valid is 0 to 1");
}

BOOST_AUTO_TEST_CASE(indices_are_from_0_to_their_count) {
    BOOST_TEST(core::require_index(0, 3, "an index") == 0);
    BOOST_TEST(core::require_index(2, 3, "an index") == 2);
    BOOST_TEST(message_of([] { core::require_index(3, 3, "an index"); }) == "an index is 3, valid is 0 to 2");
    BOOST_TEST(message_of([] { core::require_index(-1, 3, "an index"); }) == "an index is -1, valid is 0 to 2");
    static_assert(core::require_index(1, 2, "an index") == 1);
}

BOOST_AUTO_TEST_CASE(checks_are_made_in_checked_builds_alone) {
    core::check(true, [] { return "never seen"; });
    BOOST_TEST(message_of([] { core::check(false, [] { return "what is wrong"; }); }) ==
               (core::checked ? "what is wrong" : "nothing was thrown"));
}
