#include "midstream/env/ant/observation.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "midstream/env/ant/compass.hpp"
#include "midstream/env/ant/gait.hpp"
#include "midstream/env/ant/pinpad.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {

constexpr AntWorld small{.cell = 0.8};

/// Steps of some episodes in which what AntSensors sees is what the environment does, bit by bit.
template <AntWorld World, class ExtraObservation>
int steps_seen_alike() {
    using Ant = AntPinpad<World, ExtraObservation>;
    using Sensors = AntSensors<World, ExtraObservation>;
    static_assert(Sensors::Observation::width == Ant::Observation::width);
    Ant ant(TaskDistribution::ant_pretraining());
    const AntGait expert{.noise = 0.5};
    core::Random noise(7);
    int steps = 0;
    for (std::uint64_t episode = 0; episode < 6; ++episode) {
        ant.reset(core::Random(3).fork(episode));
        // Somebody else's memory of where the ant began: it does not matter.
        const Sensors sensors(ant.layout());
        std::vector<float> expected(Ant::Observation::width), seen(Ant::Observation::width, -1.0f);
        for (bool done = false; !done; ++steps) {
            ant.observe(expected.data());
            const mjData& data = ant.simulation().data();
            sensors.observe(data.qpos, data.qvel, seen.data());
            if (seen != expected) return -steps;
            done = ant.step(expert.act(ant, noise).data()).done;
        }
    }
    return steps;
}

}  // namespace

BOOST_AUTO_TEST_CASE(sees_what_the_environment_observes) {
    BOOST_TEST((steps_seen_alike<AntWorld{}, NoExtraObservation>()) > 300);
    BOOST_TEST((steps_seen_alike<AntWorld{}, AntCompass>()) > 300);
    BOOST_TEST((steps_seen_alike<small, AntCompass>()) > 150);
}

BOOST_AUTO_TEST_CASE(cells_are_where_their_centres_are) {
    using Cells = AntCells<small>;
    BOOST_TEST(Cells::half_side == 1.6);
    for (int cell = 0; cell < small.grid.cells(); ++cell) {
        const auto [x, y] = Cells::centre(cell);
        BOOST_TEST(Cells::cell_at(x, y) == cell);
        BOOST_TEST(Cells::cell_at(x + 0.39, y - 0.39) == cell);
    }
    BOOST_TEST(Cells::cell_at(-100, 100) == 0);
    BOOST_TEST(Cells::cell_at(100, -100) == small.grid.cells() - 1);
}

BOOST_AUTO_TEST_CASE(knows_the_ways_and_refuses_what_is_no_layout) {
    core::Random random(5);
    auto layout = sample_layout<small.grid>(random);
    const AntSensors<small> sensors(layout);
    BOOST_TEST(sensors.board().contents[layout.colours[2]] == 2);
    Board<small.grid> board;
    board.assign(layout);
    Distances<small.grid> distances;
    distances.assign(board);
    BOOST_TEST((sensors.distances().steps == distances.steps));
    layout.colours[1] = layout.walls[0];
    BOOST_CHECK_THROW((AntSensors<small>(layout)), core::Error);
}
