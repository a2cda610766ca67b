#include "midstream/rl/record_decisions.hpp"

#include "midstream/data/validate.hpp"
#include "midstream/rl/internal.hpp"
#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using Batch = env::Batched<test::Drift>;
using Meta = control::Metacontroller<test::TinyModel, test::tiny_meta(2, 1), control::LowRank<2>>;
using Inner = rl::Internal<Batch, Meta>;

namespace {
/// Draws codes; is after what the world's first digit says.
struct Drawer {
    core::Random random{};
    void reset(int, core::Random stream) { random = stream; }
    void act(const Inner&, std::span<const int> awaiting, auto, auto codes) {
        BOOST_REQUIRE(codes.count == static_cast<int>(awaiting.size()));
        for (float& number : codes.flat()) number = random.normal<float>();
    }
    static int subgoal(const Inner& inner, int instance) {
        return inner.environment().instance(instance).digits[0] % 3;
    }
};
/// Moves right, and does not tell what for.
struct Mover {
    static void reset(int, core::Random) {}
    static void act(const auto&, std::span<const int>, auto, auto actions) {
        for (auto& move : actions.flat()) move = 1;
    }
};
using Episodes = data::Episodes<Inner::Observation, Inner::Action>;

Episodes recorded(int count, const rl::RecordDecisionsOptions& options, const core::Random& random = core::Random(4)) {
    static const auto base = test::random_model<test::TinyModel, float>(core::Random(1), 0.3);
    static const auto meta = test::random_model<Meta, float>(core::Random(2), 0.5);
    Episodes episodes;
    rl::record_decisions(Inner(Batch(test::Drift{}), {*base, *meta}), Drawer{}, count, random, episodes, options);
    return episodes;
}
}  // namespace

BOOST_AUTO_TEST_CASE(decisions_become_episodes) {
    const auto episodes = recorded(50, {.only_successes = false, .batch = 20});
    BOOST_TEST(episodes.count() == 50);
    data::validate(episodes, {.subgoals = 3}, "what was recorded");
    BOOST_TEST(episodes.rows() > 50);
    BOOST_TEST(episodes.rows() < 50 * test::Drift::horizon);  // fewer decisions than steps
    BOOST_TEST(episodes.subgoals.size() == static_cast<std::size_t>(episodes.rows()));
    BOOST_TEST(episodes.endings.empty());
    BOOST_TEST((std::count(episodes.returns.begin(), episodes.returns.end(), 0.0f) > 0));
    // The same as what internal RL's environment shows and is told, episode by episode.
    const auto again = recorded(20, {.only_successes = false, .batch = 20});
    BOOST_TEST((std::equal(again.actions.begin(), again.actions.end(), episodes.actions.begin())));
    BOOST_TEST((std::equal(again.observations.begin(), again.observations.end(), episodes.observations.begin())));
}

BOOST_AUTO_TEST_CASE(failures_are_left_out) {
    const auto all = recorded(20, {.only_successes = false, .batch = 20});
    const auto successes = recorded(10, {.batch = 20});
    BOOST_TEST(successes.count() == 10);
    // Those of all that succeeded, in their order.
    int next = 0;
    for (int i = 0; i < all.count() && next < successes.count(); ++i) {
        if (all.returns[static_cast<std::size_t>(i)] <= 0) continue;
        BOOST_TEST(all.returns[static_cast<std::size_t>(i)] == successes.returns[static_cast<std::size_t>(next)]);
        BOOST_REQUIRE(all.sequences().length(i) == successes.sequences().length(next));
        BOOST_TEST(std::equal(all.action_rows().row(all.sequences().first(i)),
                              all.action_rows().row(all.sequences().first(i)) + all.sequences().length(i) * 2,
                              successes.action_rows().row(successes.sequences().first(next))));
        const auto labels = [](const Episodes& of, int episode) {
            const auto first = of.subgoals.begin() + of.sequences().first(episode);
            return std::vector(first, first + of.sequences().length(episode));
        };
        BOOST_TEST(labels(all, i) == labels(successes, next));
        ++next;
    }
    BOOST_TEST(next > 0);
    BOOST_TEST(*std::min_element(successes.returns.begin(), successes.returns.end()) > 0);
}

BOOST_AUTO_TEST_CASE(any_batch_of_environments_can_be_recorded_and_subgoals_are_optional) {
    data::Episodes<test::Corridor::Observation, test::Corridor::Action> episodes;
    rl::record_decisions(env::Batched(test::Corridor{}), Mover{}, 8, core::Random(1), episodes);
    BOOST_TEST(episodes.count() == 8);
    BOOST_TEST(episodes.subgoals.empty());
    BOOST_TEST(episodes.rows() == 8 * 2);  // from the middle of five cells to the right end
}

BOOST_AUTO_TEST_CASE(who_never_succeeds_is_not_recorded_for_ever) {
    struct Fails : test::Corridor {
        env::Transition step(const std::int16_t* action) { return {0, test::Corridor::step(action).done}; }
    };
    data::Episodes<Fails::Observation, Fails::Action> episodes;
    BOOST_CHECK_THROW(rl::record_decisions(env::Batched(Fails{}), Mover{}, 1, core::Random(1), episodes), core::Error);
}
