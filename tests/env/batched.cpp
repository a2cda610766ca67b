// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
// clang-format on

#include <boost/test/unit_test.hpp>
#include <vector>

#include "io/files.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/env/gridworld/pinpad.hpp"
#include "support/misbehaving.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
using World = GridworldPinpad<Pinpad{.size = 4, .colours = 3, .walls = 1, .horizon = 25}>;
static_assert(BatchEnvironment<Batched<World>>);
constexpr int width = World::Observation::width;

World prototype() { return World(TaskDistribution::transition_rule(3, 3)); }

/// What instance `instance` does at its step `step`, whoever else runs.
std::int16_t choice(int instance, int step) {
    return static_cast<std::int16_t>(core::Random(9).fork(instance).fork(step).below(4));
}

/// One call of observe and act; `sees(instance, row)` is shown what every awaiting instance observes.
void advance(Batched<World>& batch, core::Buffer<std::int16_t, width>& observations,
             core::Buffer<std::int16_t, 1>& actions, auto&& sees) {
    const int awaiting = static_cast<int>(batch.awaiting().size());
    batch.observe(observations.resize(awaiting));
    actions.resize(awaiting);
    for (int i = 0; i < awaiting; ++i) {
        const int instance = batch.awaiting()[i];
        sees(instance, observations.view().row(i));
        actions.view().row(i)[0] = choice(instance, batch.lengths()[instance]);
    }
    batch.act(actions.view());
}
}  // namespace

BOOST_AUTO_TEST_CASE(instances_do_as_they_would_alone) {
    constexpr int count = 40, beside = 9;
    const core::Random random(7);
    Batched<World> batch(prototype(), {}, beside);
    batch.reset(count, random);
    std::vector<std::vector<std::int16_t>> seen(count);
    core::Buffer<std::int16_t, width> observations;
    core::Buffer<std::int16_t, 1> actions;
    int calls = 0, begun = 0;
    while (!batch.awaiting().empty()) {
        BOOST_TEST(std::is_sorted(batch.awaiting().begin(), batch.awaiting().end()));
        BOOST_TEST(batch.awaiting().size() <= std::size_t{beside});
        begun = std::max(begun, batch.awaiting().back() + 1);
        if (begun < count) BOOST_TEST(batch.awaiting().size() == std::size_t{beside});
        advance(batch, observations, actions, [&](int instance, const std::int16_t* row) {
            seen[instance].insert(seen[instance].end(), row, row + width);
        });
        ++calls;
    }
    BOOST_TEST(calls > count / beside);
    BOOST_CHECK_THROW(Batched<World>(prototype(), {}, 0), core::Error);
    BOOST_TEST(batch.returns().size() == std::size_t{count});
    for (int i = 0; i < count; ++i) {
        World alone = prototype();
        alone.reset(random.fork(i));
        std::vector<std::int16_t> expected;
        float total = 0;
        int steps = 0;
        for (bool done = false; !done; ++steps) {
            expected.resize(expected.size() + width);
            alone.observe(expected.data() + expected.size() - width);
            const auto action = choice(i, steps);
            const Transition transition = alone.step(&action);
            total += transition.reward;
            done = transition.done;
        }
        BOOST_TEST(seen[i] == expected, boost::test_tools::per_element());
        BOOST_TEST(batch.lengths()[i] == steps);
        BOOST_TEST(batch.returns()[i] == total);
        BOOST_TEST(batch.instance(i).agent() == alone.agent());
    }
}

BOOST_AUTO_TEST_CASE(groups_begin_in_the_same_world) {
    using Groups = Batched<World, StreamPerGroup>;
    static_assert(BatchEnvironment<Groups> && sizeof(Batched<World>) < sizeof(Groups));  // what is not used has no room
    const core::Random random(7);
    Groups batch(prototype(), {.group = 3});
    BOOST_TEST(group_of(batch) == 3);
    BOOST_TEST(group_of(Batched<World>(prototype())) == 1);
    batch.reset(8, random);
    core::Buffer<std::int16_t, width> observations;
    batch.observe(observations.resize(8));
    const auto row = [&](int i) {
        return std::vector<std::int16_t>(observations.view().row(i), observations.view().row(i) + width);
    };
    for (int i = 0; i < 8; ++i) {
        World alone = prototype();
        alone.reset(random.fork(i / 3));
        std::vector<std::int16_t> expected(width);
        alone.observe(expected.data());
        BOOST_TEST(row(i) == expected, boost::test_tools::per_element());
    }
    BOOST_TEST((row(0) != row(3)));
    test::check_error("the group of a batch of environments", [] { Groups(prototype(), {.group = 0}); });
}

BOOST_AUTO_TEST_CASE(no_allocation_once_warm) {
    Batched<World> batch(prototype());
    core::Buffer<std::int16_t, width> observations;
    core::Buffer<std::int16_t, 1> actions;
    const auto run = [&](int count) {
        batch.reset(count, core::Random(1));
        while (!batch.awaiting().empty()) advance(batch, observations, actions, [](int, const std::int16_t*) {});
    };
    BOOST_TEST(test::allocations([&] { run(64); }) > 0);  // the counter counts
    for (const int count : {64, 10, 64}) BOOST_TEST(test::allocations([&] { run(count); }) == 0);
}

BOOST_AUTO_TEST_CASE(smaller_batches_are_whole) {
    Batched<World> batch(prototype());
    batch.reset(5, core::Random(1));
    batch.reset(2, core::Random(1));
    BOOST_TEST(batch.awaiting().size() == 2u);
    BOOST_TEST(batch.lengths().size() == 2u);
    batch.reset(0, core::Random(1));
    BOOST_TEST(batch.awaiting().empty());
    volatile int negative = -1;  // or GCC warns of what will be refused
    BOOST_CHECK_THROW(batch.reset(negative, core::Random(1)), core::Error);
}

BOOST_AUTO_TEST_CASE(environments_that_break_their_word_are_named) {
    const auto run = [](test::Misbehaving environment, std::int16_t action) {
        Batched<test::Misbehaving> some(environment);
        some.reset(3, core::Random(1));
        core::Buffer<std::int16_t, 2> seen;
        core::Buffer<std::int16_t, 1> chosen;
        while (!some.awaiting().empty()) {
            some.observe(seen.resize(static_cast<int>(some.awaiting().size())));
            for (std::int16_t& entry : chosen.resize(seen.count).flat()) entry = action;
            some.act(chosen.view());
        }
    };
    run({}, 1);
    for (const auto& [fault, says] : test::complaints())
        test::check_error(says, [&, &which = fault] { run({which}, 1); });
    test::check_error("entry 0 of the action of environment 0 before its step 1 is 2, valid is 0 to 1",
                      [&] { run({}, 2); });
    test::check_error("is -1, valid is 0 to 1", [&] { run({}, -1); });
    Batched<test::Misbehaving> some(test::Misbehaving{});
    some.reset(3, core::Random(1));
    core::Buffer<std::int16_t, 2> seen;
    core::Buffer<std::int16_t, 1> chosen;
    test::check_error("2 rows are given for 3 environments", [&] { some.observe(seen.resize(2)); });
    test::check_error("4 rows are given for 3 environments", [&] { some.act(chosen.zeros(4)); });
}
