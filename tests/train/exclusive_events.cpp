#include "midstream/train/exclusive_events.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

using namespace midstream;

namespace {

constexpr int width = 10, kinds = 3;

/// Rows of noise, as every row has; at one in fifteen each, one of three things happens instead, which moves the
/// stream. Two of the three move it in nearly the same direction. Here all directions are mixed, and none is centred.
struct Mixture {
    core::Buffer<float, width> rows;
    std::vector<int> events, kind_of;  // the rows at which something happens, and what
};
Mixture mixture(int count, core::Random random) {
    Mixture result;
    result.rows.resize(count);
    Eigen::Matrix<double, width, width> mix;
    for (double& entry : mix.reshaped()) entry = random.normal();
    const double moves[kinds][3] = {{8, 0, 0}, {0, 8, 1}, {0, 8, -1}};
    for (int row = 0; row < count; ++row) {
        Eigen::Vector<double, width> entries;
        for (double& entry : entries) entry = random.normal();
        entries[2] *= 0.1;
        const int kind = random.below(5 * kinds);
        if (kind < kinds) {
            for (int i = 0; i < 3; ++i) entries[i] += moves[kind][i];
            result.events.push_back(row);
            result.kind_of.push_back(kind);
        }
        core::map_row(result.rows.view(), row) = ((mix * entries).array() + 3).matrix().transpose().cast<float>();
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(kinds_are_told_apart_where_two_look_nearly_alike) {
    const Mixture drawn = mixture(6000, core::Random(1));
    const auto apart = train::exclusive_events<0, 6>(std::as_const(drawn.rows).view(), drawn.events, core::Random(2));
    BOOST_TEST(apart.directions == kinds);
    int seen[kinds][7] = {};
    for (std::size_t i = 0; i < drawn.events.size(); ++i) {
        std::int16_t kind = 0;
        apart.observer.observe(drawn.rows.view(), drawn.events[i], &kind);
        ++seen[drawn.kind_of[i]][kind];
    }
    std::vector<int> named;
    for (const auto& of : seen) {
        const auto most = std::max_element(std::begin(of), std::end(of));
        named.push_back(static_cast<int>(most - of));
        int rings = 0;
        for (const int count : of) rings += count;
        BOOST_TEST(rings > 300);
        BOOST_TEST(rings - *most <= rings / 50);
    }
    std::sort(named.begin(), named.end());
    BOOST_TEST(named == (std::vector<int>{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_observer_of_fewer_kinds_has_the_farthest_directions_and_is_told_of_all) {
    const Mixture drawn = mixture(6000, core::Random(1));
    const auto apart = train::exclusive_events<0, 2>(drawn.rows.view(), drawn.events, core::Random(2));
    BOOST_TEST(apart.directions == kinds);
    BOOST_TEST(apart.observer.knows_events());
}

BOOST_AUTO_TEST_CASE(where_events_look_like_all_else_there_are_no_directions) {
    Mixture drawn = mixture(6000, core::Random(1));
    drawn.events.clear();
    for (int row = 0; row < drawn.rows.view().count; row += 7) drawn.events.push_back(row);
    const auto apart = train::exclusive_events<0, 6>(std::as_const(drawn.rows).view(), drawn.events, core::Random(2));
    BOOST_TEST(apart.directions == 0);
    BOOST_TEST(!apart.observer.knows_events());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_told_apart_is_refused) {
    const Mixture drawn = mixture(100, core::Random(1));
    const auto refused = [&](const std::string& why, std::vector<int> events, double farness = 2) {
        BOOST_CHECK_EXCEPTION(
            (train::exclusive_events<0, 6>(std::as_const(drawn.rows).view(), events, core::Random(2), farness)),
            core::Error,
            [&](const core::Error& error) { return std::string(error.what()).find(why) != std::string::npos; });
    };
    refused("at one event at least", {});
    refused("the row of an event", {3, 100});
    refused("the row of an event", {-1});
    refused("above 1", {3}, 1);
    refused("above 1", {3}, std::numeric_limits<double>::quiet_NaN());
    core::Buffer<float, width> equal;
    equal.resize(20);
    core::map(equal.view()).setConstant(2);
    BOOST_CHECK_EXCEPTION(
        (train::exclusive_events<0, 6>(std::as_const(equal).view(), {3}, core::Random(2))), core::Error,
        [](const core::Error& error) { return std::string(error.what()).find("equal") != std::string::npos; });
}
