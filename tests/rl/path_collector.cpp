#include "midstream/rl/path_collector.hpp"

#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;
using World = env::Batched<test::Drift>;

template <int Read, int Write>
void check_collected() {
    using Meta = control::Metacontroller<TinyModel, test::tiny_meta(Read, Write), control::LowRank<2>>;
    using Inner = rl::Internal<World, Meta>;
    using Policy = test::PolicyFor<Inner>;
    const auto base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    const auto meta = test::random_model<Meta, float>(core::Random(2), 0.5);
    const auto policy = test::random_model<Policy, float>(core::Random(3), 0.3);
    const rl::Steered<Meta> steered(*base, *meta, {.temperature = 0.7f, .gain = 1.5f});
    rl::PathCollector<World, Meta, Policy> paths(World(test::Drift{}), steered);
    rl::Collector<Inner, Policy> plain(Inner(World(test::Drift{}), steered));
    const int count = 40;
    for (int repetition = 0; repetition < 2; ++repetition) {
        const core::Random random(10 + repetition);
        paths.collect(*policy, count, random);
        plain.collect(*policy, count, random);
        BOOST_TEST(paths.decisions().episodes().actions == plain.episodes().actions);
        BOOST_TEST(paths.decisions().episodes().returns == plain.episodes().returns);
        const auto episodes = paths.episodes();
        BOOST_REQUIRE(episodes.steps.count() == count);

        // The likelihoods are those by which the actions were drawn: the same draws once more, from the distributions
        // of a whole pass under the codes of the noise.
        using Path = rl::Pathwise<Policy, Meta>;
        typename Path::template Tape<float> tape;
        Path::decide(*policy, episodes, tape);
        Path::act(paths.frozen(), episodes, tape);
        int steps = 0, other_decisions = 0;
        for (int i = 0; i < count; ++i) {
            core::Random stream = random.fork(0).fork(static_cast<std::uint64_t>(i) + 1);
            for (int row = episodes.steps.row(i); row < episodes.steps.row(i + 1); ++row, ++steps) {
                std::int16_t action;
                TinyModel::Distribution::sample(tape.base.action.view().row(row), stream, &action, 0.7f);
                BOOST_TEST(action == *episodes.actions.row(row), "episode " << i << ", row " << row);
                const float p =
                    TinyModel::Distribution::probabilities(tape.base.action.view().row(row), 0, 0.7f)[action];
                BOOST_TEST(std::abs(paths.action_log_probabilities()[static_cast<std::size_t>(row)] - std::log(p)) <
                           1e-4f);
                other_decisions += episodes.in_force[static_cast<std::size_t>(row)] > 0;
            }
        }
        BOOST_TEST(steps > 4 * count);
        BOOST_TEST(other_decisions > count);
        const auto codes = paths.decisions().episodes().action_rows();
        for (std::size_t i = 0; i < codes.flat().size(); ++i)
            BOOST_TEST(std::abs(tape.codes.view().data[i] - codes.data[i]) < 1e-4f);
    }
}
BOOST_AUTO_TEST_CASE(reads_below_where_it_writes) { check_collected<1, 2>(); }
BOOST_AUTO_TEST_CASE(reads_above_where_it_writes) { check_collected<2, 0>(); }

BOOST_AUTO_TEST_CASE(modes_have_no_likelihood) {
    using Meta = control::Metacontroller<TinyModel, test::tiny_meta(1, 1), control::LowRank<2>>;
    using Policy = test::PolicyFor<rl::Internal<World, Meta>>;
    const auto base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    const auto meta = test::random_model<Meta, float>(core::Random(2), 0.5);
    using Paths = rl::PathCollector<World, Meta, Policy>;
    BOOST_CHECK_THROW(Paths(World(test::Drift{}), {*base, *meta, {.temperature = 0}}), core::Error);
}
