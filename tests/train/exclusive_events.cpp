#include "midstream/train/exclusive_events.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>

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

/// What is seen (0: nothing) at the events of a kind, and how often.
template <class Observer>
std::vector<int> seen_of(const Observer& observer, const Mixture& drawn, int kind) {
    std::vector<int> result(Observer::kinds + 1);
    for (std::size_t i = 0; i < drawn.events.size(); ++i) {
        if (drawn.kind_of[i] != kind) continue;
        std::int16_t seen = 0;
        observer.observe(drawn.rows.view(), drawn.events[i], &seen);
        ++result[static_cast<std::size_t>(seen)];
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(kinds_are_told_apart_where_two_look_nearly_alike) {
    const Mixture drawn = mixture(6000, core::Random(1));
    const auto apart = train::exclusive_events<0, 6>(drawn.rows.view(), drawn.events, core::Random(2));
    BOOST_TEST(apart.kinds == kinds);
    const auto again = train::exclusive_events<0, 6>(drawn.rows.view(), drawn.events, core::Random(2));
    BOOST_TEST(std::equal(std::begin(apart.observer.filter.values), std::end(apart.observer.filter.values),
                          std::begin(again.observer.filter.values)));
    std::vector<int> named;
    for (int kind = 0; kind < kinds; ++kind) {
        const auto seen = seen_of(apart.observer, drawn, kind);
        const auto most = std::max_element(seen.begin(), seen.end());
        named.push_back(static_cast<int>(most - seen.begin()));
        const int rings = std::accumulate(seen.begin(), seen.end(), 0);
        BOOST_TEST(rings > 300);
        BOOST_TEST(rings - *most <= rings / 50);
    }
    std::sort(named.begin(), named.end());
    BOOST_TEST(named == (std::vector<int>{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_observer_of_fewer_kinds_sees_whole_ones_and_is_told_of_all) {
    const Mixture drawn = mixture(6000, core::Random(1));
    const auto apart = train::exclusive_events<0, 2>(drawn.rows.view(), drawn.events, core::Random(2));
    BOOST_TEST(apart.kinds == kinds);
    int whole = 0;
    for (int kind = 0; kind < kinds; ++kind) {
        const auto seen = seen_of(apart.observer, drawn, kind);
        whole += *std::max_element(seen.begin() + 1, seen.end()) >
                 0.98 * static_cast<double>(std::accumulate(seen.begin(), seen.end(), 0));
    }
    BOOST_TEST(whole == 2);
}

BOOST_AUTO_TEST_CASE(events_of_one_kind_are_one_kind_and_are_all_seen) {
    Mixture drawn = mixture(6000, core::Random(1));
    Mixture one;
    for (std::size_t i = 0; i < drawn.events.size(); ++i)
        if (drawn.kind_of[i] == 0) one.events.push_back(drawn.events[i]);
    one.kind_of.assign(one.events.size(), 0);
    one.rows = std::move(drawn.rows);
    const auto apart = train::exclusive_events<0, 6>(std::as_const(one.rows).view(), one.events, core::Random(2));
    BOOST_TEST(apart.kinds == 1);
    BOOST_TEST(seen_of(apart.observer, one, 0)[0] <= static_cast<int>(one.events.size() / 50));
}

// A kind that looks different from time to time is not taken for two.
BOOST_AUTO_TEST_CASE(what_varies_at_events_is_no_kind) {
    for (const double deviation : {1.5, 1.8, 2.5, 4.0}) {
        core::Random random(7);
        core::Buffer<float, width> rows;
        rows.resize(6000);
        std::vector<int> events;
        for (int row = 0; row < 6000; ++row) {
            for (float& entry : std::span(rows.view().row(row), width)) entry = static_cast<float>(random.normal());
            if (random.below(10) != 0) continue;
            events.push_back(row);
            rows.view().row(row)[0] += 8;
            rows.view().row(row)[1] *= static_cast<float>(deviation);
        }
        const auto apart = train::exclusive_events<0, 6>(std::as_const(rows).view(), events, core::Random(2));
        BOOST_TEST(apart.kinds <= 1);
    }
}

BOOST_AUTO_TEST_CASE(where_events_look_like_all_else_there_are_no_kinds) {
    Mixture drawn = mixture(6000, core::Random(1));
    drawn.events.clear();
    for (int row = 0; row < drawn.rows.view().count; row += 7) drawn.events.push_back(row);
    const auto apart = train::exclusive_events<0, 6>(std::as_const(drawn.rows).view(), drawn.events, core::Random(2));
    BOOST_TEST(apart.kinds == 0);
    BOOST_TEST(!apart.observer.knows_events());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_told_apart_is_refused) {
    const Mixture drawn = mixture(100, core::Random(1));
    const auto refused = [&](const std::string& why, std::vector<int> events,
                             const train::ExclusiveEventsOptions& options = {}) {
        BOOST_CHECK_EXCEPTION(
            (train::exclusive_events<0, 6>(std::as_const(drawn.rows).view(), events, core::Random(2), options)),
            core::Error,
            [&](const core::Error& error) { return std::string(error.what()).find(why) != std::string::npos; });
    };
    refused("at one event at least", {});
    refused("the row of an event", {3, 100});
    refused("the row of an event", {-1});
    refused("above 1", {3}, {.farness = 1});
    refused("above 1", {3}, {.farness = std::numeric_limits<double>::quiet_NaN()});
    refused("how definite", {3}, {.definite = 1.5});
    refused("the floor", {3}, {.floor = 0});
    core::Buffer<float, width> equal;
    equal.resize(20);
    core::map(equal.view()).setConstant(2);
    BOOST_CHECK_EXCEPTION(
        (train::exclusive_events<0, 6>(std::as_const(equal).view(), {3}, core::Random(2))), core::Error,
        [](const core::Error& error) { return std::string(error.what()).find("equal") != std::string::npos; });
}
