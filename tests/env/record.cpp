// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
// clang-format on

#include <boost/test/unit_test.hpp>

#include "io/files.hpp"
#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/env/record.hpp"
#include "support/misbehaving.hpp"

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

namespace {
struct Walker {
    std::int16_t action = 1;
    std::array<std::int16_t, 1> act(const test::Misbehaving&, core::Random&) const { return {action}; }
};
}  // namespace

BOOST_AUTO_TEST_CASE(environments_that_break_their_word_are_named) {
    using test::Fault;
    EpisodesOf<test::Misbehaving> episodes;
    record(test::Misbehaving{}, Walker{}, 3, core::Random(1), episodes);
    BOOST_TEST(episodes.rows() == 15);
    const auto before = episodes;
    const auto refused = [&](const std::string& why, const test::Misbehaving& environment, Walker expert) {
        for (const bool only_successes : {true, false}) {
            test::check_error(why, [&] { record(environment, expert, 3, core::Random(1), episodes, only_successes); });
            // What was recorded before is as it was.
            BOOST_TEST(episodes.offsets == before.offsets);
            BOOST_TEST((episodes.observations == before.observations && episodes.actions == before.actions &&
                        episodes.targets == before.targets && episodes.subgoals == before.subgoals));
        }
    };
    for (const auto& [fault, says] : test::complaints()) refused(says, {fault}, {});
    refused("is 3, valid is 0 to 2", {Fault::target_too_large}, {});
    refused("the subgoal of an environment is 40000, valid is -1 to 32767", {Fault::subgoal_too_large}, {});
    refused("the expert's action before step 1 is 2, valid is 0 to 1", {}, {.action = 2});
    refused("the expert's action before step 1 is -1, valid is 0 to 1", {}, {.action = -1});
    episodes.subgoals.clear();
    test::check_error("lack targets, subgoals, returns or endings",
                      [&] { record(test::Misbehaving{}, Walker{}, 1, core::Random(1), episodes); });
}

BOOST_AUTO_TEST_CASE(a_pinpad_world_takes_no_step_but_in_an_episode) {
    const std::int16_t up = 0, none = 4, negative = -1;
    World asleep = world();
    BOOST_TEST(asleep.subgoal() >= 0);
    test::check_error("no step before it is reset", [&] { asleep.step(&up); });
    asleep.reset(core::Random(1));
    test::check_error("move of a gridworld-pinpad is 4, valid is 0 to 3", [&] { asleep.step(&none); });
    test::check_error("move of a gridworld-pinpad is -1", [&] { asleep.step(&negative); });
    while (!asleep.step(&up).done) {
    }
    test::check_error("nor after its episode has ended", [&] { asleep.step(&up); });
    asleep.reset(core::Random(2));
    asleep.step(&up);
}
