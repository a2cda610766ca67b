#include "midstream/rl/recorded.hpp"

#include "midstream/rl/collect.hpp"
#include "midstream/rl/internal.hpp"
#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using Batch = test::Logged<env::Batched<test::Drift>>;
using World = rl::Recorded<Batch>;
using Meta = control::Metacontroller<test::TinyModel, test::tiny_meta(2, 1), control::LowRank<2>>;
using Inner = rl::Internal<World, Meta, rl::DecisionsInForce>;
using Policy = test::PolicyFor<Inner>;
static_assert(env::BatchEnvironment<World>);
static_assert(rl::Recorded<env::Batched<test::Drift>>::horizon == test::Drift::horizon);

BOOST_AUTO_TEST_CASE(steps_are_packed_episode_by_episode_with_the_decisions_in_force) {
    const auto base = test::random_model<test::TinyModel, float>(core::Random(1), 0.3);
    const auto meta = test::random_model<Meta, float>(core::Random(2), 0.5);
    const auto policy = test::random_model<Policy, float>(core::Random(3), 0.3);
    rl::Collector<Inner, Policy> collector(Inner(World(Batch(env::Batched(test::Drift{}))), {*base, *meta}));
    for (const int count : {7, 12, 3}) {  // smaller again: what is left of larger batches must not show
        collector.collect(*policy, count, core::Random(count));
        const Inner& inner = collector.environment();
        const World& world = inner.environment();
        World::Episodes episodes;
        std::vector<int> rows;
        world.pack(episodes, rows);
        BOOST_REQUIRE(episodes.count() == count);
        BOOST_TEST(episodes.returns == std::vector(world.returns().begin(), world.returns().end()));
        BOOST_REQUIRE(inner.watcher().numbers.size() == world.steps());
        std::vector<int> in_force(rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i)
            in_force[static_cast<std::size_t>(rows[i])] = inner.watcher().numbers[i];
        int later = 0;
        for (int i = 0; i < count; ++i) {
            const auto& expected = world.environment().history(i);
            const int first = episodes.sequences().first(i), length = episodes.sequences().length(i);
            BOOST_TEST(length == world.lengths()[static_cast<std::size_t>(i)]);
            BOOST_TEST((std::vector(episodes.observations.begin() + 3 * first,
                                    episodes.observations.begin() + 3 * (first + length)) == expected.observations));
            BOOST_TEST((std::vector(episodes.actions.begin() + first, episodes.actions.begin() + first + length) ==
                        expected.actions));
            // From the first decision to the last, none left out.
            int last = 0;
            for (int row = first; row < first + length; ++row) {
                const int now = in_force[static_cast<std::size_t>(row)];
                BOOST_TEST((now == last || now == last + 1));
                later += now > last;
                last = now;
            }
            BOOST_TEST(in_force[static_cast<std::size_t>(first)] == 0);
            BOOST_TEST(last == inner.decisions()[static_cast<std::size_t>(i)] - 1);
        }
        BOOST_TEST(later > 0);
    }
}
