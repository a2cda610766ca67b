// What the sight tells of the ant's recorded episodes is what the ant touched.
#include "midstream/env/ant_touch.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/env/ant_gait.hpp"
#include "midstream/env/record.hpp"

using namespace midstream;
using namespace midstream::env;

BOOST_AUTO_TEST_CASE(events_are_the_tasks_colours_in_order) {
    using Ant = AntPinpad<>;
    using Sight = AntTouch<Ant>;
    constexpr int count = 20;
    const core::Random random(1);
    EpisodesOf<Ant> episodes;
    record(Ant(TaskDistribution::ant_pretraining()), AntGait{}, count, random, episodes);
    for (int i = 0; i < count; ++i) {
        const int first = episodes.sequences().first(i), end = episodes.sequences().first(i + 1);
        std::vector<int> touched;
        for (int row = first; row < end; ++row) {
            std::int16_t seen = -1;
            Sight::observe(episodes, row, &seen);
            BOOST_TEST(Sight::event(&seen) == (seen > 0));
            if (!Sight::event(&seen)) continue;
            touched.push_back(seen - 1);
            BOOST_TEST(touched.back() == episodes.subgoals[row]);  // the subgoal in pursuit is reached by this action,
            if (row + 1 < end) BOOST_TEST(episodes.subgoals[row + 1] != episodes.subgoals[row]);  // so another begins
        }
        BOOST_TEST(touched.size() == 3u);  // the last one with the episode's last action
    }
}
