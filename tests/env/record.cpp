// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
// clang-format on

#include <boost/test/unit_test.hpp>

#include "midstream/env/gridworld_pinpad.hpp"
#include "midstream/env/record.hpp"
#include "midstream/env/shortest_path.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
constexpr Pinpad small{.size = 4, .colours = 4, .walls = 2, .horizon = 30};
template <template <Pinpad> class See = Absolute>
GridworldPinpad<small, See> world() {
    return GridworldPinpad<small, See>(TaskDistribution::transition_rule(4, 3));
}
using World = GridworldPinpad<small>;
constexpr int width = World::Observation::width;
}  // namespace

BOOST_AUTO_TEST_CASE(rows_hold_observation_action_next_target_and_subgoal) {
    const ShortestPathExpert expert{.tie_breaking = TieBreaking::deterministic};
    EpisodesOf<World> episodes;
    const core::Random random(1);
    record(world(), expert, 50, random, episodes);
    BOOST_TEST(episodes.count() == 50);
    BOOST_TEST(episodes.subgoals.size() == static_cast<std::size_t>(episodes.rows()));
    BOOST_TEST(episodes.endings.size() == static_cast<std::size_t>(50 * width));
    BOOST_TEST(episodes.targets.size() == static_cast<std::size_t>(episodes.rows() * width));
    World replay = world();
    for (int i = 0; i < 50; ++i) {
        BOOST_TEST(episodes.returns[i] == 1.0f);
        replay.reset(random.fork(i).fork(0).fork(0));  // the first try of episode i
        bool done = false;
        for (int row = episodes.offsets[i]; row < episodes.offsets[i + 1]; ++row) {
            BOOST_TEST(!done);
            std::int16_t expected[width];
            replay.observe(expected);
            BOOST_TEST(std::equal(expected, expected + width, episodes.observation_rows().row(row)));
            BOOST_TEST(episodes.subgoals[row] == replay.subgoal());
            done = replay.step(episodes.action_rows().row(row)).done;
            replay.target(expected);  // also of what the episode ended on
            BOOST_TEST(std::equal(expected, expected + width, episodes.targets.data() + row * width));
        }
        BOOST_TEST(done);
        BOOST_TEST(replay.progress() == 3);
        std::int16_t ending[width];
        replay.observe(ending);
        BOOST_TEST(std::equal(ending, ending + width, episodes.endings.data() + i * width));
    }
}

BOOST_AUTO_TEST_CASE(appends_and_repeats_by_stream) {
    const ShortestPathExpert expert{.epsilon = 0.2};
    EpisodesOf<World> once, parts;
    record(world(), expert, 6, core::Random(2), once);
    record(world(), expert, 6, core::Random(2), parts);
    BOOST_TEST(
        (once.actions == parts.actions && once.observations == parts.observations && once.offsets == parts.offsets));
    const auto rows = parts.rows();
    record(world(), expert, 3, core::Random(3), parts);
    BOOST_TEST(parts.count() == 9);
    BOOST_TEST(std::equal(once.actions.begin(), once.actions.end(), parts.actions.begin()));
    EpisodesOf<World> second;
    record(world(), expert, 3, core::Random(3), second);
    BOOST_TEST(std::equal(second.targets.begin(), second.targets.end(), parts.targets.begin() + rows * width));
    // An episode depends on its own stream alone.
    EpisodesOf<World> shorter;
    record(world(), expert, 2, core::Random(2), shorter);
    BOOST_TEST(std::equal(shorter.actions.begin(), shorter.actions.end(), once.actions.begin()));
}

BOOST_AUTO_TEST_CASE(failures_are_kept_only_on_demand) {
    const ShortestPathExpert clumsy{.epsilon = 0.6};
    EpisodesOf<World> all, successes;
    record(world(), clumsy, 300, core::Random(4), all, false);
    record(world(), clumsy, 300, core::Random(4), successes);
    const auto failed = std::count(all.returns.begin(), all.returns.end(), 0.0f);
    BOOST_TEST(failed > 10);
    BOOST_TEST(failed < 290);
    BOOST_TEST(successes.count() == 300);
    BOOST_TEST(std::count(successes.returns.begin(), successes.returns.end(), 1.0f) == 300);
    for (int i = 0; i < 300; ++i)  // every failure ran out of time
        if (all.returns[i] == 0) BOOST_TEST(all.sequences().length(i) == small.horizon);
}

BOOST_AUTO_TEST_CASE(an_expert_that_never_succeeds_is_an_error) {
    const ShortestPathExpert hopeless{.epsilon = 1};
    EpisodesOf<World> episodes;
    BOOST_CHECK_THROW(record(world(), hopeless, 1, core::Random(5), episodes), core::Error);
}

BOOST_AUTO_TEST_CASE(no_allocation_once_warm) {
    const ShortestPathExpert expert{.epsilon = 0.1};
    const auto environment = world<Egocentric>();
    EpisodesOf<GridworldPinpad<small, Egocentric>> episodes;
    record(environment, expert, 100, core::Random(6), episodes);
    episodes.clear();
    BOOST_TEST(test::allocations([&] { record(environment, expert, 100, core::Random(6), episodes); }) == 0);
    BOOST_TEST(episodes.count() == 100);
}
