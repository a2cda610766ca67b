#include "midstream/env/gridworld/shortest_path.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>

#include "env/worlds.hpp"
#include "midstream/env/gridworld/pinpad.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
constexpr Pinpad small{.size = 5, .colours = 4, .walls = 3, .horizon = 60};
using World = GridworldPinpad<small>;

World random_world() { return World(TaskDistribution::transition_rule(4, 4)); }
}  // namespace

BOOST_AUTO_TEST_CASE(always_succeeds_in_as_many_steps_as_the_shortest_path) {
    for (const auto ties : {TieBreaking::uniform, TieBreaking::deterministic}) {
        const ShortestPathExpert expert{.tie_breaking = ties};
        World environment = random_world();
        core::Random random(1);
        for (int episode = 0; episode < 1000; ++episode) {
            environment.reset(random.fork(episode));
            Transition last{0, false};
            while (!last.done) last = environment.step(expert.act(environment, random).data());
            BOOST_REQUIRE_EQUAL(last.reward, 1.0f);
            BOOST_REQUIRE_EQUAL(environment.steps(),
                                environment.distances().path_length(environment.board(), environment.task()));
        }
    }
}

BOOST_AUTO_TEST_CASE(ties_are_uniform_or_the_first) {
    constexpr Pinpad open{.size = 3, .colours = 1, .walls = 0, .horizon = 9};
    const GridworldPinpad<open> environment(test::draw<open>("..0 ... A.."), parse_task("0"));
    const ShortestPathExpert uniform, first{.tie_breaking = TieBreaking::deterministic};
    BOOST_TEST((uniform.probabilities(environment) == MoveProbabilities{0.5, 0, 0, 0.5}));
    BOOST_TEST((first.probabilities(environment) == MoveProbabilities{1, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(draws_follow_the_probabilities) {
    World environment = random_world();
    core::Random random(2);
    for (const double epsilon : {0.0, 0.4}) {
        const ShortestPathExpert expert{.epsilon = epsilon};
        for (int state = 0; state < 20; ++state) {
            environment.reset(random.fork(state));
            const auto chances = expert.probabilities(environment);
            BOOST_TEST(std::abs(std::accumulate(chances.begin(), chances.end(), 0.0) - 1) < 1e-12);
            int counts[4] = {};
            constexpr int draws = 4000;
            for (int i = 0; i < draws; ++i) ++counts[expert.act(environment, random)[0]];
            for (int move = 0; move < 4; ++move) {
                if (chances[move] == 0) BOOST_TEST(counts[move] == 0);
                BOOST_TEST(std::abs(counts[move] - draws * chances[move]) <=
                           4.5 * std::sqrt(draws * chances[move] * (1 - chances[move])) + 1e-9);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(random_moves_never_end_the_episode) {
    // Always random: nothing but the horizon can end an episode.
    const ShortestPathExpert wanderer{.epsilon = 1};
    World environment = random_world();
    core::Random random(3);
    int visits = 0;
    for (int episode = 0; episode < 300; ++episode) {
        environment.reset(random.fork(episode));
        int before = 0;
        for (;;) {
            const Transition transition = environment.step(wanderer.act(environment, random).data());
            visits += environment.progress() - std::exchange(before, environment.progress());
            BOOST_REQUIRE_EQUAL(transition.reward, 0.0f);
            BOOST_REQUIRE_EQUAL(transition.done, environment.steps() == small.horizon);
            if (transition.done) break;
        }
    }
    BOOST_TEST(visits > 50);  // the next colour is no end, unless it is the last
}

BOOST_AUTO_TEST_CASE(epsilon_mixes) {
    constexpr Pinpad world{.size = 3, .colours = 2, .walls = 0, .horizon = 9};
    // Below the agent the next colour, above it the other.
    GridworldPinpad<world> environment(test::draw<world>(".1. .A. .0."), parse_task("0-1"));
    const ShortestPathExpert expert{.epsilon = 0.3};
    const auto chances = expert.probabilities(environment);
    BOOST_TEST(chances[0] == 0.0);
    BOOST_TEST(std::abs(chances[1] - (0.7 + 0.1)) < 1e-12);
    BOOST_TEST(std::abs(chances[2] - 0.1) < 1e-12);
    BOOST_TEST(std::abs(chances[3] - 0.1) < 1e-12);
    // As the task's last colour it ends the episode, so no random move goes there.
    environment.begin(test::draw<world>(".1. .A. .0."), parse_task("0"));
    const auto last = expert.probabilities(environment);
    BOOST_TEST(std::abs(last[1] - 0.7) < 1e-12);
    BOOST_TEST(std::abs(last[2] - 0.15) < 1e-12);
}

BOOST_AUTO_TEST_CASE(where_no_leg_is_left_it_waits_for_the_horizon) {
    constexpr Pinpad world{.size = 3, .colours = 2, .walls = 2, .horizon = 30};
    // From colour 0 a step up leads into a corner whose only way out is colour 0 itself.
    GridworldPinpad<world> environment(test::draw<world>(".#. 0.. A#1"), parse_task("0-1"));
    const std::int16_t up = 0;
    environment.step(&up);
    environment.step(&up);
    const ShortestPathExpert expert{};
    core::Random random(4);
    Transition transition{0, false};
    while (!transition.done) {
        BOOST_TEST(expert.probabilities(environment)[1] == 0.0);
        transition = environment.step(expert.act(environment, random).data());
    }
    BOOST_TEST(environment.steps() == world.horizon);
}
