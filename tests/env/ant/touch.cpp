// What the observer tells of the ant's recorded episodes is what the ant touched.
#include "midstream/env/ant/touch.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "io/files.hpp"
#include "midstream/env/ant/gait.hpp"
#include "midstream/env/record.hpp"

using namespace midstream;
using namespace midstream::env;

BOOST_AUTO_TEST_CASE(events_are_the_tasks_colours_in_order) {
    using Ant = AntPinpad<>;
    using Observer = AntTouch<Ant>;
    constexpr int count = 20;
    const core::Random random(1);
    EpisodesOf<Ant> episodes;
    record(Ant(TaskDistribution::ant_pretraining()), AntGait{}, count, random, episodes);
    for (int i = 0; i < count; ++i) {
        const int first = episodes.sequences().first(i), end = episodes.sequences().first(i + 1);
        std::vector<int> touched;
        for (int row = first; row < end; ++row) {
            std::int16_t seen = -1;
            Observer::observe(episodes, row, &seen);
            BOOST_TEST(Observer::event(&seen) == (seen > 0));
            if (!Observer::event(&seen)) continue;
            touched.push_back(seen - 1);
            BOOST_TEST(touched.back() == episodes.subgoals[row]);  // the subgoal in pursuit is reached by this action,
            if (row + 1 < end) BOOST_TEST(episodes.subgoals[row + 1] != episodes.subgoals[row]);  // so another begins
        }
        BOOST_TEST(touched.size() == 3u);  // the last one with the episode's last action
    }
}

BOOST_AUTO_TEST_CASE(targets_that_are_missing_or_not_finite_are_refused) {
    using Ant = AntPinpad<>;
    EpisodesOf<Ant> episodes;
    record(Ant(TaskDistribution::ant_pretraining()), AntGait{}, 1, core::Random(1), episodes);
    const int last = episodes.rows() - 1;
    std::int16_t seen = -1;
    const auto observe = [&] { AntTouch<Ant>::observe(episodes, last, &seen); };
    observe();
    auto* next = episodes.targets.data() + static_cast<std::ptrdiff_t>(last) * Ant::Target::width + Ant::proprioception;
    const float before = next[1];
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        next[1] = bad;
        test::check_error("target of row " + std::to_string(last) + " is ", observe);
    }
    next[1] = before;
    observe();
    episodes.targets.clear();
    test::check_error("what an ant touches is read from targets", observe);
}
