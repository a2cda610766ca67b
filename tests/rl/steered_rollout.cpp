#include "midstream/rl/steered_rollout.hpp"

#include "rl/toys.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;
using World = test::Logged<env::Batched<test::Drift>>;

/// Plays with `steer` and draws every action once more from the model on whole sequences, with `change` on layer Write.
template <int Read, int Write, class Steer, class Change>
void check_rollout(Steer&& steer, Change&& change) {
    const auto base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    rl::SteeredRollout<World, TinyModel, Read, Write> rollout(World(env::Batched(test::Drift{})), *base);
    const core::Random random(5);
    for (const int count : {15, 6}) {
        rollout.reset(count, random);
        std::vector<std::vector<std::array<float, 8>>> read(static_cast<std::size_t>(count));
        while (!rollout.running().empty()) {
            for (std::size_t i = 0; i < rollout.running().size(); ++i) {
                const int instance = rollout.running()[i];
                auto& row = read[static_cast<std::size_t>(instance)].emplace_back();
                std::copy_n(rollout.e_read(instance), 8, row.begin());
                BOOST_TEST(std::equal(row.begin(), row.end(), rollout.read_rows().row(static_cast<int>(i))));
            }
            rollout.advance(steer);
        }
        for (int i = 0; i < count; ++i) {
            const auto& history = rollout.environment().history(i);
            const std::vector<int> offsets{0, static_cast<int>(history.actions.size())};
            TinyModel::Tape<float> tape;
            TinyModel::embed(*base, {history.observations.data(), offsets[1]}, tape);
            TinyModel::blocks(*base, {offsets}, 0, TinyModel::depth, tape);
            for (int t = 0; t < offsets[1]; ++t)
                for (int c = 0; c < 8; ++c)
                    BOOST_TEST(std::abs(read[static_cast<std::size_t>(i)][static_cast<std::size_t>(t)]
                                            [static_cast<std::size_t>(c)] -
                                        tape.residual[Read].view().row(t)[c]) < 1e-4f);
            change(tape.residual[Write].view());
            TinyModel::blocks(*base, {offsets}, Write, TinyModel::depth, tape);
            TinyModel::heads(*base, tape);
            core::Random stream = random.fork(static_cast<std::uint64_t>(i) + 1);
            for (int t = 0; t < offsets[1]; ++t) {
                std::int16_t action;
                TinyModel::Distribution::sample(tape.action.view().row(t), stream, &action);
                BOOST_TEST(action == history.actions[static_cast<std::size_t>(t)]);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(unsteered_it_is_the_model_itself) {
    const auto nothing = [](auto&&...) {};
    check_rollout<1, 1>(nothing, nothing);
    check_rollout<3, 0>(nothing, nothing);
    check_rollout<0, 3>(nothing, nothing);
}

BOOST_AUTO_TEST_CASE(what_is_written_reaches_the_blocks_above_and_nothing_that_is_read) {
    const auto change = [](core::Rows<float, 8> rows) { core::map(rows).col(2).array() += 3; };
    const auto steer = [&](std::span<const int> live, core::Rows<float, 8> rows) {
        BOOST_TEST(static_cast<int>(live.size()) == rows.count);
        change(rows);
    };
    check_rollout<1, 1>(steer, change);
    check_rollout<0, 2>(steer, change);
    check_rollout<3, 1>(steer, change);
    check_rollout<2, 0>(steer, change);
}
