#include "midstream/control/stream_events.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace midstream;

namespace {
/// Kind 0 fires along the first coordinate, kind 1 along the second; there is no third.
control::StreamEvents<4, 1, 3> two_kinds() {
    control::StreamEvents<4, 1, 3> observer;
    core::map(observer.mean) << 1, 2, 3, 4;
    core::map(observer.filter)(0, 0) = 1;
    core::map(observer.filter)(1, 1) = 2;
    observer.threshold = {{1.5f, 1.0f, 0.0f}};
    return observer;
}
template <class T>
int seen_of(const control::StreamEvents<4, 1, 3>& observer, std::array<T, 4> e) {
    std::int16_t seen = -1;
    observer.observe(core::Rows<const T, 4>{e.data(), 1}, 0, &seen);
    BOOST_TEST(observer.event(&seen) == (seen > 0));
    return seen;
}
}  // namespace

BOOST_AUTO_TEST_CASE(an_event_is_a_filter_beyond_its_threshold) {
    const auto observer = two_kinds();
    BOOST_TEST(seen_of<float>(observer, {1, 2, 3, 4}) == 0);
    BOOST_TEST(seen_of<float>(observer, {2.5f, 2, 3, 4}) == 0);
    BOOST_TEST(seen_of<float>(observer, {2.6f, 2, 3, 4}) == 1);
    BOOST_TEST(seen_of<double>(observer, {1, 2.6, 30, 40}) == 2);
    BOOST_TEST(seen_of<float>(observer, {1, 2.4f, 3, 4}) == 0);
}

BOOST_AUTO_TEST_CASE(of_kinds_that_fire_at_once_the_farthest_beyond_its_threshold_is_seen) {
    const auto observer = two_kinds();
    BOOST_TEST(seen_of<float>(observer, {4, 3, 3, 4}) == 1);  // beyond by 1.5 and by 1
    BOOST_TEST(seen_of<float>(observer, {3, 3, 3, 4}) == 2);  // beyond by 0.5 and by 1
}

BOOST_AUTO_TEST_CASE(fresh_it_sees_nothing_and_is_not_valid) {
    BOOST_TEST(seen_of<float>({}, {10, -20, 30, -40}) == 0);
    BOOST_CHECK_EXCEPTION((control::StreamEvents<4, 1, 3>{}.validate()), core::Error, [](const core::Error& error) {
        return std::string(error.what()).find("the observer knows no events") != std::string::npos;
    });
    two_kinds().validate();
}
