// Agents in somebody else's loop decide what internal RL does, and refuse what they cannot act on.
// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
#include "support/tiny_meta.hpp"
// clang-format on
#include "midstream/core/describe.hpp"
#include "midstream/rl/agent.hpp"
#include "midstream/rl/collect.hpp"
#include "rl/toys.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

namespace {

template <int Read, int Write>
using Meta = control::Metacontroller<TinyModel, test::tiny_meta(Read, Write), control::LowRank<2>, control::SoftSwitch>;
using World = test::Logged<env::Batched<test::Drift>>;
template <class M>
using PolicyOf = test::PolicyFor<rl::Internal<World, M>>;

/// Parameters of a hierarchy whose switch opens now and then.
template <class M>
struct Trained {
    using Policy = PolicyOf<M>;
    using Mind = rl::Agent<rl::SteeredActor<M, rl::ModelActor<Policy>>>;
    core::Box<TinyModel::Parameters<float>> base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    core::Box<typename M::template Parameters<float>> meta = test::random_model<M, float>(core::Random(2), 0.7);
    core::Box<typename Policy::template Parameters<float>> policy =
        test::random_model<Policy, float>(core::Random(3), 0.3);
    rl::ActingOptions<M> acting{.temperature = 0.8f, .gain = 1.5f};

    rl::Steered<M> steered() const { return {*base, *meta, acting}; }
    Mind mind() const { return Mind({steered(), *policy}); }
};

/// Steps of an episode as a world of its own would see them.
struct Loop {
    test::Drift world{};
    float reward = 0;
    bool over = false;
    int decisions = 0;
    std::vector<std::int16_t> actions{};

    void begin(core::Random random) { world.reset(random); }
    template <class Mind>
    void step(Mind& mind) {
        std::array<std::int16_t, test::Drift::Observation::width> seen;
        world.observe(seen.data());
        const auto& decision = mind.act(seen);
        BOOST_REQUIRE(decision.fault == rl::Fault::none);
        decisions += decision.opened;
        actions.push_back(decision.action[0]);
        const auto transition = world.step(decision.action.data());
        reward += transition.reward;
        over = transition.done;
    }
};

template <class M>
void check_decisions() {
    const Trained<M> trained;
    constexpr int count = 40;
    const core::Random random(5);
    rl::Collector<rl::Internal<World, M>, PolicyOf<M>> collector(
        rl::Internal<World, M>(World(env::Batched(test::Drift{})), trained.steered()));

    // One by one: bit by bit internal RL with one instance.
    auto mind = trained.mind();
    int decisions = 0, steps = 0;
    for (std::uint64_t episode = 0; episode < count; ++episode) {
        const core::Random stream = random.fork(episode);
        collector.collect(*trained.policy, 1, stream);
        const auto& history = collector.environment().environment().history(0);
        mind.reset(stream);
        Loop loop;
        loop.begin(stream.fork(0).fork(0).fork(0));
        while (!loop.over) loop.step(mind);
        BOOST_TEST(loop.actions == history.actions, boost::test_tools::per_element());
        BOOST_TEST(loop.decisions == collector.environment().decisions()[0]);
        BOOST_TEST(loop.reward == collector.environment().returns()[0]);
        decisions += loop.decisions;
        steps += static_cast<int>(loop.actions.size());
        for (int c = 0; c < 3; ++c)
            BOOST_TEST(mind.code()[static_cast<std::size_t>(c)] == collector.environment().code(0)[c]);
    }
    BOOST_TEST(decisions > count);
    BOOST_TEST(decisions < steps);

    // Side by side: internal RL with as many.
    collector.collect(*trained.policy, count, random);
    mind.reset(count, random);
    env::Batched<test::Drift> worlds(test::Drift{});
    worlds.reset(count, random.fork(0).fork(0));
    core::Buffer<std::int16_t, test::Drift::Observation::width> seen;
    while (!worlds.awaiting().empty()) {
        worlds.observe(seen.resize(static_cast<int>(worlds.awaiting().size())));
        const auto actions = mind.act(worlds.awaiting(), std::as_const(seen).view());
        BOOST_REQUIRE(mind.fault() == rl::Fault::none);
        worlds.act(actions);
    }
    BOOST_TEST(
        std::vector<float>(worlds.returns().begin(), worlds.returns().end()) ==
            std::vector<float>(collector.environment().returns().begin(), collector.environment().returns().end()),
        boost::test_tools::per_element());
    BOOST_TEST(std::vector<int>(worlds.lengths().begin(), worlds.lengths().end()) ==
                   std::vector<int>(collector.lengths().begin(), collector.lengths().end()),
               boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_CASE(decides_as_internal_rl_does) {
    check_decisions<Meta<1, 2>>();
    check_decisions<Meta<2, 2>>();
    check_decisions<Meta<3, 1>>();
    check_decisions<Meta<0, 0>>();
}

BOOST_AUTO_TEST_CASE(an_episode_that_begins_anew_is_that_of_an_agent_of_its_own) {
    const Trained<Meta<3, 1>> trained;
    auto alone = trained.mind(), many = trained.mind();
    alone.reset(core::Random(8));
    many.reset(3, core::Random(9));
    const std::array<std::int16_t, 3> seen{0, 3, 6};
    std::vector<std::int16_t> rows;
    for (int i = 0; i < 3; ++i) rows.insert(rows.end(), seen.begin(), seen.end());
    const std::array<int, 3> all{0, 1, 2};
    for (int step = 0; step < 4; ++step) many.act(all, {rows.data(), 3});
    many.begin(1, core::Random(8));
    BOOST_TEST(many.steps(1) == 0);
    BOOST_TEST(many.steps(2) == 4);
    const int one = 1;
    for (int step = 0; step < 8; ++step)
        BOOST_TEST(many.act(std::span(&one, 1), {seen.data(), 1}).row(0)[0] == alone.act(seen).action[0]);
}

BOOST_AUTO_TEST_CASE(acting_allocates_nothing) {
    const Trained<Meta<1, 2>> trained;
    const std::array<std::int16_t, 3> seen{1, 4, 7}, wrong{-1, 4, 7};
    auto mind = trained.mind();
    mind.reset(core::Random(1));
    int opened = 0;
    BOOST_TEST(test::allocations([&] {
                   for (int step = 0; step < 10; ++step) opened += mind.act(seen).opened;
                   mind.act(wrong);  // a fault
               }) == 0);
    BOOST_TEST(opened > 1);  // so that the policy was asked

    // Side by side: all of them, then some, one of whom begins anew, one alone, and all again with a row too few.
    auto many = trained.mind();
    many.reset(4, core::Random(2));
    std::vector<std::int16_t> rows;
    for (int i = 0; i < 4; ++i) rows.insert(rows.end(), seen.begin(), seen.end());
    const std::array<int, 4> all{0, 1, 2, 3};
    const std::array<int, 2> some{0, 2};
    int acted = 0;
    BOOST_TEST(test::allocations([&] {
                   for (int step = 0; step < 4; ++step) acted += many.act(all, {rows.data(), 4}).count;
                   many.begin(2, core::Random(3));
                   acted += many.act(some, {rows.data(), 2}).count;
                   acted += many.act(std::span(all).last(1), {rows.data(), 1}).count;
                   acted += many.act(all, {rows.data(), 4}).count;
                   acted += many.act(all, {rows.data(), 3}).count;
               }) == 0);
    BOOST_TEST(acted == 4 * 4 + 2 + 1 + 4);
    BOOST_TEST((many.fault() == rl::Fault::observation));
}

BOOST_AUTO_TEST_CASE(copies_go_their_own_ways) {
    const Trained<Meta<1, 2>> trained;
    auto mind = trained.mind();
    mind.reset(core::Random(1));
    const std::array<std::int16_t, 3> seen{1, 4, 7};
    auto copy = mind;
    for (int step = 0; step < 10; ++step) mind.act(seen);
    BOOST_TEST(copy.steps() == 0);
    for (int step = 0; step < 10; ++step) copy.act(seen);
    BOOST_TEST(copy.distributions().row(0)[0] == mind.distributions().row(0)[0]);
}

BOOST_AUTO_TEST_CASE(without_a_policy_it_follows_its_callers_codes) {
    using M = Meta<1, 2>;
    const Trained<M> trained;
    rl::Agent<rl::SteeredActor<M>> mind(trained.steered());
    mind.reset(core::Random(1));
    const std::array<std::int16_t, 3> seen{0, 3, 6};
    mind.act(seen);
    const float left_alone = mind.distributions().row(0)[0];
    mind.reset(core::Random(1));
    const std::array<float, 3> code{3, -2, 1};
    mind.set_code(code);
    BOOST_TEST(mind.act(seen).opened);
    BOOST_TEST(mind.distributions().row(0)[0] != left_alone);
    BOOST_TEST(
        std::vector<float>(mind.code().begin(), mind.code().end()) == std::vector<float>(code.begin(), code.end()),
        boost::test_tools::per_element());
    BOOST_CHECK_THROW(mind.set_code(code, 1), core::Error);
    BOOST_CHECK_THROW(mind.code(-1), core::Error);
    BOOST_CHECK_THROW(mind.begin(2, core::Random(1)), core::Error);
}

BOOST_AUTO_TEST_CASE(without_a_metacontroller_it_is_the_model) {
    const Trained<Meta<1, 2>> trained;
    rl::Agent<rl::ModelActor<TinyModel>> mind(rl::ModelActor<TinyModel>(*trained.base, 0));
    mind.reset(core::Random(1));
    typename TinyModel::State<float> state;
    TinyModel::reset(state);
    TinyModel::Tape<float> tape;
    for (const std::array<std::int16_t, 3> seen : {std::array<std::int16_t, 3>{0, 3, 6}, {1, 5, 8}, {2, 4, 7}}) {
        mind.act(seen);
        TinyModel::step(
            *trained.base, [&](int) -> auto& { return state; }, core::Rows<const std::int16_t, 3>{seen.data(), 1},
            tape);
        for (int c = 0; c < 4; ++c) BOOST_TEST(mind.distributions().row(0)[c] == tape.action.view().row(0)[c]);
    }
}

BOOST_AUTO_TEST_CASE(two_levels_nest) {
    using M = Meta<1, 2>;
    using Pilot = PolicyOf<M>;
    using Upper = control::Metacontroller<Pilot, test::tiny_upper, control::LowRank<2>>;
    using Inner = rl::Internal<World, M>;
    using Outer = rl::Internal<Inner, Upper>;
    using Manager = test::PolicyFor<Outer>;
    const Trained<M> trained;
    const auto upper = test::random_model<Upper, float>(core::Random(5), 0.7);
    const auto manager = test::random_model<Manager, float>(core::Random(6), 0.3);
    using Mind = rl::Agent<rl::SteeredActor<M, rl::SteeredActor<Upper, rl::ModelActor<Manager>>>>;
    Mind mind({trained.steered(), {{*trained.policy, *upper}, *manager}});

    // Bit by bit internal RL on internal RL.
    rl::Collector<Outer, Manager> collector(
        Outer(Inner(World(env::Batched(test::Drift{})), trained.steered()), {*trained.policy, *upper}));
    int decisions = 0, choices = 0;
    for (std::uint64_t episode = 0; episode < 20; ++episode) {
        const core::Random stream = core::Random(7).fork(episode);
        collector.collect(*manager, 1, stream);
        const Inner& inner = collector.environment().environment();
        mind.reset(stream);
        Loop loop;
        loop.begin(stream.fork(0).fork(0).fork(0).fork(0));
        while (!loop.over) loop.step(mind);
        BOOST_TEST(loop.actions == inner.environment().history(0).actions, boost::test_tools::per_element());
        BOOST_TEST(loop.decisions == inner.decisions()[0]);
        BOOST_TEST(mind.code()[0] == inner.code(0)[0]);
        BOOST_TEST(mind.actor().choice().code(0)[0] == collector.environment().code(0)[0]);
        decisions += loop.decisions;
        choices += collector.environment().decisions()[0];
    }
    BOOST_TEST(choices > 20);
    BOOST_TEST(choices < decisions);
}

BOOST_AUTO_TEST_CASE(what_it_cannot_act_on_is_a_fault) {
    const Trained<Meta<1, 2>> trained;
    auto mind = trained.mind();
    const std::array<std::int16_t, 3> seen{0, 3, 6};
    BOOST_TEST((mind.act(seen).fault == rl::Fault::no_episode));
    mind.reset(core::Random(1));
    for (const std::int16_t bad : {std::int16_t(-1), std::int16_t(9), std::int16_t(32767)}) {
        BOOST_TEST((mind.act(std::array<std::int16_t, 3>{0, bad, 6}).fault == rl::Fault::observation));
        BOOST_TEST(mind.act(std::array<std::int16_t, 3>{0, bad, 6}).action[0] == 0);
    }
    BOOST_TEST(mind.steps() == 0);
    for (int step = 0; step < test::tiny_shape.context; ++step) BOOST_TEST((mind.act(seen).fault == rl::Fault::none));
    BOOST_TEST((mind.act(seen).fault == rl::Fault::context_used_up));
    mind.reset(core::Random(1));
    BOOST_TEST((mind.act(seen).fault == rl::Fault::none));
    for (const rl::Fault fault : {rl::Fault::none, rl::Fault::no_episode, rl::Fault::observation,
                                  rl::Fault::context_used_up, rl::Fault::result_not_finite})
        BOOST_TEST(std::string(rl::to_string(fault)) != "");
    const std::array<int, 2> twice{0, 0};
    const std::array<std::int16_t, 6> two{0, 3, 6, 0, 3, 6};
    BOOST_TEST(mind.act(twice, {two.data(), 2}).count == 0);
    BOOST_TEST((mind.fault() == rl::Fault::no_episode));

    auto broken = trained;
    core::flat<float>(*broken.base)[0] = std::numeric_limits<float>::quiet_NaN();
    for (float& value : core::flat<float>(*broken.base)) value = std::numeric_limits<float>::quiet_NaN();
    auto lost = broken.mind();
    lost.reset(core::Random(1));
    BOOST_TEST((lost.act(seen).fault == rl::Fault::result_not_finite));
}

BOOST_AUTO_TEST_CASE(impossible_options_are_refused) {
    Trained<Meta<1, 2>> trained;
    trained.acting.temperature = -1;
    BOOST_CHECK_THROW(trained.mind(), core::Error);
    BOOST_CHECK_THROW(rl::ModelActor<TinyModel>(*trained.base, std::numeric_limits<float>::quiet_NaN()), core::Error);
}

/// A model that was trained on sequences as long as its context, and acts for as long as anybody likes.
BOOST_AUTO_TEST_CASE(a_long_life) {
    constexpr auto sliding = [] {
        auto shape = test::tiny_shape;
        shape.slides = true;
        return shape;
    }();
    using Model = model::Autoregressive<TinyModel::Observation, TinyModel::Action, model::Transformer<sliding>,
                                        TinyModel::Target>;
    BOOST_TEST(core::text(core::describe<Model>()) == core::text(core::describe<TinyModel>()));
    const auto parameters = test::random_model<Model, float>(core::Random(1), 0.3);
    rl::Agent<rl::ModelActor<Model>> mind(rl::ModelActor<Model>{*parameters});
    mind.reset(core::Random(2));
    const long before = test::allocation_count;
    for (std::int16_t step = 0; step < 10 * sliding.context; ++step) {
        const std::array<std::int16_t, 3> seen{static_cast<std::int16_t>(step % 3), 4, 7};
        if (mind.act(seen).fault != rl::Fault::none) BOOST_FAIL("step " << step << ": " << rl::to_string(mind.fault()));
    }
    BOOST_TEST(test::allocation_count == before);
    BOOST_TEST(mind.steps() == 10 * sliding.context);
}
