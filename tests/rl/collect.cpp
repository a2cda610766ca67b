#include "midstream/rl/collect.hpp"

#include <boost/test/unit_test.hpp>

#include "io/files.hpp"
#include "rl/toys.hpp"
#include "support/misbehaving.hpp"
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

namespace {
/// Pays the number of the step, three times.
struct Stairs {
    static constexpr int horizon = 3;
    using Observation = data::Dense<1>;
    using Action = data::Categories<2>;
    int steps = 0;
    void reset(core::Random) { steps = 0; }
    void observe(float* row) const { row[0] = static_cast<float>(steps); }
    env::Transition step(const std::int16_t*) {
        ++steps;
        return {static_cast<float>(steps), steps == 3};
    }
};
}  // namespace
BOOST_AUTO_TEST_CASE(rewards_to_go_are_what_was_earned_from_a_decision_on) {
    using Steps = env::Batched<Stairs>;
    using Walker = test::PolicyFor<Steps>;
    rl::Collector<Steps, Walker> walked{Steps(Stairs{})};
    walked.collect(*test::random_model<Walker, float>(core::Random(1)), 2, core::Random(3));
    const float expected[] = {6, 5, 3, 6, 5, 3};
    BOOST_TEST(std::vector<float>(walked.rewards_to_go().begin(), walked.rewards_to_go().end()) == expected,
               boost::test_tools::per_element());
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

BOOST_AUTO_TEST_CASE(environments_that_break_their_word_are_named) {
    using Bad = env::Batched<test::Misbehaving>;
    using Actor = test::PolicyFor<Bad>;
    const auto actor = test::random_parameters<Actor, float>(core::Random(1), 0.3);
    const auto collect = [&](test::Fault fault) {
        rl::Collector<Bad, Actor> collector{Bad(test::Misbehaving{fault})};
        collector.collect(*actor, 3, core::Random(1));
    };
    collect(test::Fault::none);
    for (const auto& [fault, says] : test::complaints())
        test::check_error(says, [&, &which = fault] { collect(which); });
}

namespace {
/// A batch environment of its own making, of which any one thing can be wrong.
struct Crowd {
    static constexpr int horizon = 4;
    using Observation = data::Dense<1>;
    using Action = data::Categories<2>;
    enum class Fault {
        none,
        stranger,
        descending,
        never_ends,
        not_a_number,
        return_missing,
        return_not_a_number,
        asleep
    };
    Fault fault = Fault::none;
    std::vector<int> waiting{}, steps{};
    std::vector<float> earned{};

    void reset(int count, core::Random) {
        waiting.resize(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) waiting[static_cast<std::size_t>(i)] = i;
        if (fault == Fault::stranger) waiting.back() = count;
        if (fault == Fault::descending) std::swap(waiting[0], waiting[1]);
        if (fault == Fault::asleep) waiting.clear();
        steps.assign(static_cast<std::size_t>(count), 0);
        earned.assign(static_cast<std::size_t>(count), 1);
        if (fault == Fault::return_missing) earned.pop_back();
        if (fault == Fault::return_not_a_number) earned[1] = std::numeric_limits<float>::quiet_NaN();
    }
    std::span<const int> awaiting() const { return waiting; }
    std::span<const float> returns() const { return earned; }
    std::span<const int> lengths() const { return steps; }
    void observe(core::Rows<float, 1> rows) const {
        for (float& value : rows.flat())
            value = fault == Fault::not_a_number ? std::numeric_limits<float>::quiet_NaN() : 1;
    }
    void act(core::Rows<const std::int16_t, 1>) {
        for (int& step : steps) ++step;
        if (fault != Fault::never_ends && steps[0] == 3) waiting.clear();
    }
};
}  // namespace

BOOST_AUTO_TEST_CASE(batch_environments_that_break_their_word_are_named) {
    using Actor = test::PolicyFor<Crowd>;
    const auto actor = test::random_parameters<Actor, float>(core::Random(1), 0.3);
    const auto collect = [&](Crowd::Fault fault) {
        rl::Collector<Crowd, Actor> collector{Crowd{fault}};
        collector.collect(*actor, 3, core::Random(1));
        return collector.episodes().rows();
    };
    BOOST_TEST(collect(Crowd::Fault::none) == 9);
    BOOST_TEST(collect(Crowd::Fault::asleep) == 0);  // an episode that ends where it begins has no row
    test::check_error("instance 3 await an action", [&] { collect(Crowd::Fault::stranger); });
    test::check_error("instance 0 await an action after 1", [&] { collect(Crowd::Fault::descending); });
    test::check_error("decision 5, its horizon is 4", [&] { collect(Crowd::Fault::never_ends); });
    test::check_error("entry 0 of the observation of instance 0 at its decision 1 is not finite",
                      [&] { collect(Crowd::Fault::not_a_number); });
    test::check_error("a batch environment of 3 instances has 2 returns",
                      [&] { collect(Crowd::Fault::return_missing); });
    test::check_error("the return of instance 1 is not finite", [&] { collect(Crowd::Fault::return_not_a_number); });
}
