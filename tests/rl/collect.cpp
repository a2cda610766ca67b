#include "midstream/rl/collect.hpp"

#include <boost/test/unit_test.hpp>

#include "rl/toys.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using World = test::Logged<env::Batched<test::Drift>>;
using Policy = test::PolicyFor<World>;
static_assert(env::Environment<test::Drift> && env::Environment<test::Corridor> && env::BatchEnvironment<World>);

const auto parameters = test::random_model<Policy, float>(core::Random(1), 0.3);

BOOST_AUTO_TEST_CASE(rows_are_the_decisions_of_each_episode_in_order) {
    rl::Collector<World, Policy> collector{World(env::Batched(test::Drift{}))};
    for (const int count : {5, 9, 2}) {  // smaller again: what is left of larger batches must not show
        collector.collect(*parameters, count, core::Random(count));
        const auto& episodes = collector.episodes();
        BOOST_REQUIRE(episodes.count() == count);
        BOOST_TEST(episodes.observations.size() == static_cast<std::size_t>(episodes.rows()) * 3);
        BOOST_TEST(episodes.actions.size() == static_cast<std::size_t>(episodes.rows()));
        BOOST_TEST(collector.log_probabilities().size() == static_cast<std::size_t>(episodes.rows()));
        for (int i = 0; i < count; ++i) {
            const auto& expected = collector.environment().history(i);
            const int first = episodes.offsets[static_cast<std::size_t>(i)],
                      last = episodes.offsets[static_cast<std::size_t>(i) + 1];
            BOOST_TEST(last - first == collector.lengths()[static_cast<std::size_t>(i)]);
            BOOST_TEST((std::vector(episodes.observations.begin() + 3 * first,
                                    episodes.observations.begin() + 3 * last) == expected.observations));
            BOOST_TEST(
                (std::vector(episodes.actions.begin() + first, episodes.actions.begin() + last) == expected.actions));
            BOOST_TEST(episodes.returns[static_cast<std::size_t>(i)] ==
                       collector.environment().returns()[static_cast<std::size_t>(i)]);
        }
    }
}

BOOST_AUTO_TEST_CASE(log_probabilities_are_those_of_the_policy_on_the_packed_episodes) {
    rl::Collector<World, Policy> collector{World(env::Batched(test::Drift{}))};
    collector.collect(*parameters, 20, core::Random(3));
    const auto& episodes = collector.episodes();
    Policy::Tape<float> tape;
    Policy::forward(*parameters, episodes.sequences(), episodes.observation_rows(), tape);
    float spread = 0;
    for (int row = 0; row < episodes.rows(); ++row) {
        const float expected =
            Policy::Distribution::log_probability(tape.action.view().row(row), episodes.action_rows().row(row));
        BOOST_TEST(std::abs(collector.log_probabilities()[static_cast<std::size_t>(row)] - expected) < 1e-4f);
        spread = std::max(spread, std::abs(expected - collector.log_probabilities()[0]));
    }
    BOOST_TEST(spread > 0.1f);  // or a constant would pass
}

BOOST_AUTO_TEST_CASE(temperature_sharpens_what_is_done_but_not_what_is_said_of_it) {
    rl::Collector<World, Policy> collector{World(env::Batched(test::Drift{}))};
    collector.collect(*parameters, 20, core::Random(3), 0);
    const auto& episodes = collector.episodes();
    Policy::Tape<float> tape;
    Policy::forward(*parameters, episodes.sequences(), episodes.observation_rows(), tape);
    for (int row = 0; row < episodes.rows(); ++row) {
        std::int16_t mode;
        Policy::Distribution::mode(tape.action.view().row(row), &mode);
        BOOST_TEST(episodes.actions[static_cast<std::size_t>(row)] == mode);
        const float expected = Policy::Distribution::log_probability(tape.action.view().row(row), &mode);
        BOOST_TEST(std::abs(collector.log_probabilities()[static_cast<std::size_t>(row)] - expected) < 1e-4f);
    }
}

BOOST_AUTO_TEST_CASE(the_same_stream_gives_the_same_episodes) {
    rl::Collector<World, Policy> one{World(env::Batched(test::Drift{}))}, other{World(env::Batched(test::Drift{}))};
    one.collect(*parameters, 12, core::Random(5));
    other.collect(*parameters, 3, core::Random(6));  // a past of its own
    other.collect(*parameters, 12, core::Random(5));
    BOOST_TEST(one.episodes().offsets == other.episodes().offsets);
    BOOST_TEST((one.episodes().observations == other.episodes().observations));
    BOOST_TEST((one.episodes().actions == other.episodes().actions));
    BOOST_TEST(
        std::equal(one.log_probabilities().begin(), one.log_probabilities().end(), other.log_probabilities().begin()));
    other.collect(*parameters, 12, core::Random(6));
    BOOST_TEST((one.episodes().actions != other.episodes().actions));
}

BOOST_AUTO_TEST_CASE(an_episode_depends_on_no_other) {
    rl::Collector<World, Policy> many{World(env::Batched(test::Drift{}))}, few{World(env::Batched(test::Drift{}))};
    many.collect(*parameters, 12, core::Random(5));
    few.collect(*parameters, 4, core::Random(5));
    const auto& expected = many.episodes();
    const auto& found = few.episodes();
    for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(found.offsets[i] == expected.offsets[i]);
    BOOST_TEST(std::equal(found.actions.begin(), found.actions.end(), expected.actions.begin()));
}
