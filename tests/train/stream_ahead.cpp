#include "midstream/train/stream_ahead.hpp"

#include "midstream/train/stages.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

namespace {
using Episodes = train::EpisodesOf<TinyModel, double>;
}  // namespace

BOOST_AUTO_TEST_CASE(row_t_is_the_stream_of_the_next_observation) {
    const auto base = test::random_model<TinyModel, double>(core::Random(1));
    const auto episodes = test::random_episodes<TinyModel, double>(core::Random(3));
    TinyModel::Tape<double> tape;
    TinyModel::forward(*base, episodes.sequences(), episodes.observation_rows(), tape);
    for (int layer = 0; layer <= TinyModel::depth; ++layer) {
        train::StreamAhead<TinyModel, double> stream;
        const auto ahead = stream.rows(*base, episodes, layer);
        BOOST_TEST(ahead.count == episodes.rows());
        const auto now = std::as_const(tape.residual[static_cast<std::size_t>(layer)]).view();
        for (int s = 0; s < episodes.count(); ++s) {
            const int first = episodes.offsets[static_cast<std::size_t>(s)],
                      end = episodes.offsets[static_cast<std::size_t>(s) + 1];
            for (int row = first; row + 1 < end; ++row)
                BOOST_TEST((core::map_row(ahead, row) - core::map_row(now, row + 1)).norm() < 1e-12);
            // The last row's: the episode with its ending as a row.
            Episodes longer;
            longer.offsets = {0, end - first + 1};
            longer.observations.assign(episodes.observations.begin() + 3 * first,
                                       episodes.observations.begin() + 3 * end);
            longer.observations.insert(longer.observations.end(), episodes.endings.begin() + 3 * s,
                                       episodes.endings.begin() + 3 * (s + 1));
            TinyModel::Tape<double> whole;
            TinyModel::forward(*base, longer.sequences(), longer.observation_rows(), whole);
            const auto last = std::as_const(whole.residual[static_cast<std::size_t>(layer)]).view();
            BOOST_TEST((core::map_row(ahead, end - 1) - core::map_row(last, end - first)).norm() < 1e-12);
        }
    }
}

BOOST_AUTO_TEST_CASE(endings_are_needed_and_travel_with_their_episodes) {
    const auto base = test::random_model<TinyModel, double>(core::Random(1));
    train::StreamAhead<TinyModel, double> stream;
    auto without = test::random_episodes<TinyModel, double>(core::Random(3));
    without.endings.clear();
    BOOST_CHECK_EXCEPTION(stream.rows(*base, without, 0), core::Error, [](const core::Error& error) {
        return std::string(error.what()).find("what the last action of an episode leads to") != std::string::npos;
    });
    const auto episodes = test::random_episodes<TinyModel, double>(core::Random(3));
    Episodes copied;
    for (const int episode : {2, 0}) train::append_episode(episodes, episode, copied);
    BOOST_TEST(std::equal(copied.endings.begin(), copied.endings.begin() + 3, episodes.endings.begin() + 6));
    BOOST_TEST(std::equal(copied.endings.begin() + 3, copied.endings.end(), episodes.endings.begin()));
    copied.clear();
    BOOST_TEST(copied.endings.empty());
}
