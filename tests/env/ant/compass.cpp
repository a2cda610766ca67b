// The compass tells the way to every colour, and nothing of the one that is wanted.
#include "midstream/env/ant/compass.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "env/worlds.hpp"
#include "midstream/env/ant/gait.hpp"
#include "midstream/env/record.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
using Ant = AntPinpad<AntWorld{}, AntCompass>;
constexpr Pinpad grid = Ant::world;
static_assert(Environment<Ant> && HasTarget<Ant> && HasSubgoal<Ant>);
static_assert(Ant::plain_width == AntPinpad<>::Observation::width && Ant::Observation::width == Ant::plain_width + 12);
static_assert(Ant::Target::width == AntPinpad<>::Target::width + 4);

/// 1 is right of A, 0 is reached around the wall, 3 around 1, which would end the episode.
const Layout<grid> layout = test::draw<grid>(
    "...."
    "A1.3"
    "#0.."
    "..2.");
constexpr int start = 4;

Ant standing(double x, double y, double yaw, const char* task = "3-1") {
    AntState state;
    const auto centre = Ant::centre(start);
    state.position = {centre[0] + x, centre[1] + y, AntRest::height, std::cos(yaw / 2), 0, 0, std::sin(yaw / 2)};
    for (int leg = 0; leg < AntDimensions::legs; ++leg) state.position[8 + 2 * leg] = AntRest::ankle;
    Ant ant(TaskDistribution::ant_pretraining());
    ant.begin(layout, parse_task(task), state);
    return ant;
}
std::vector<float> compass(const Ant& ant) {
    std::vector<float> row(Ant::Observation::width);
    ant.observe(row.data());
    return {row.begin() + Ant::plain_width, row.end()};
}
}  // namespace

BOOST_AUTO_TEST_CASE(it_points_at_the_next_cell_of_the_way_in_the_bodys_frame) {
    for (const double yaw : {0.0, 0.7, -2.5}) {
        const auto row = compass(standing(0.3, -0.2, yaw));
        const double side = Ant::ant_world.cell;
        // 0 and 2, 3 lie beyond: up first, as 1 and the wall are in the way; 1 is the cell to the right.
        struct Way {
            int colour;
            double x, y;
            int cells;
        };
        for (const auto& [colour, x, y, cells] :
             {Way{0, 0, side, 6}, Way{1, side, 0, 1}, Way{2, 0, side, 6}, Way{3, 0, side, 5}}) {
            const double direction = std::atan2(y + 0.2, x - 0.3) - yaw, first = std::hypot(y + 0.2, x - 0.3) / side;
            BOOST_TEST(std::abs(row[3 * colour] - std::cos(direction)) < 1e-6, "colour " << colour);
            BOOST_TEST(std::abs(row[3 * colour + 1] - std::sin(direction)) < 1e-6, "colour " << colour);
            BOOST_TEST(std::abs(row[3 * colour + 2] - (cells - 1 + first)) < 1e-5,
                       "colour " << colour << ": " << row[3 * colour + 2]);
        }
    }
}

BOOST_AUTO_TEST_CASE(on_a_colour_its_way_is_that_to_the_centre) {
    Ant ant = standing(0.7, 0.1, 0, "1-3");
    const AntGait gait;
    core::Random random(6);
    while (ant.progress() == 0) {
        BOOST_TEST_REQUIRE(!ant.step(gait.act(ant, random).data()).done);
    }
    const auto row = compass(ant);
    const auto torso = ant.torso();
    const auto centre = Ant::centre(ant.agent());
    const double x = centre[0] - torso[0], y = centre[1] - torso[1], yaw = ant_yaw(ant.simulation().position());
    BOOST_TEST(std::abs(row[3] - std::cos(std::atan2(y, x) - yaw)) < 1e-6);
    BOOST_TEST(std::abs(row[4] - std::sin(std::atan2(y, x) - yaw)) < 1e-6);
    BOOST_TEST(std::abs(row[5] - std::hypot(x, y) / Ant::ant_world.cell) < 1e-6);
    for (const int other : {0, 2, 3}) BOOST_TEST(row[3 * other + 2] > 1.0f);
}

BOOST_AUTO_TEST_CASE(what_is_seen_does_not_depend_on_the_task) {
    BOOST_TEST(compass(standing(0.1, 0.1, 1, "3-1")) == compass(standing(0.1, 0.1, 1, "0-2-1")),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_rest_is_what_any_ant_sees) {
    Ant ant(TaskDistribution::ant_pretraining());
    AntPinpad<> plain(TaskDistribution::ant_pretraining());
    ant.reset(core::Random(3));
    plain.reset(core::Random(3));
    std::vector<float> row(Ant::Observation::width), expected(AntPinpad<>::Observation::width);
    ant.observe(row.data());
    plain.observe(expected.data());
    BOOST_TEST(std::equal(expected.begin(), expected.end(), row.begin()));
}

BOOST_AUTO_TEST_CASE(lengths_are_predicted) {
    const Ant ant = standing(0.1, 0.1, 1);
    const auto row = compass(ant);
    std::vector<float> target(Ant::Target::width);
    ant.target(target.data());
    for (int colour = 0; colour < 4; ++colour)
        BOOST_TEST(target[AntPinpad<>::Target::width + colour] == row[3 * colour + 2]);
}

BOOST_AUTO_TEST_CASE(where_there_is_no_way_the_compass_points_home) {
    const Layout<grid> closed = test::draw<grid>(
        "A1.."
        "#0.."
        "...."
        "..23");
    AntState state;
    const auto centre = Ant::centre(0);
    state.position = {centre[0] + 0.5, centre[1], AntRest::height, 1, 0, 0, 0};
    Ant ant(TaskDistribution::ant_pretraining());
    ant.begin(closed, parse_task("1-0-3"), state);
    const auto row = compass(ant);
    BOOST_TEST(row[3 * 3] == -1.0f);
    BOOST_TEST(std::abs(row[3 * 3 + 1]) < 1e-6);
    BOOST_TEST(row[3 * 3 + 2] == AntCompass::no_way);
}

BOOST_AUTO_TEST_CASE(the_gait_walks_as_the_compass_points) {
    Ant ant(TaskDistribution::ant_pretraining());
    ant.reset(core::Random(4));
    const AntGait gait;
    core::Random random(5);
    for (int step = 0; step < 60; ++step) {
        const auto row = compass(ant);
        const double direction =
            std::atan2(row[3 * ant.colour() + 1], row[3 * ant.colour()]) + ant_yaw(ant.simulation().position());
        const auto expected = gait.act(ant, random);
        const auto found = gait.towards(direction, ant.steps() * Ant::ant_world.control_step(),
                                        ant.simulation().position(), ant.simulation().velocity());
        for (int i = 0; i < 8; ++i) BOOST_TEST(std::abs(expected[i] - found[i]) < 1e-5);
        if (ant.step(expected.data()).done) break;
    }
}
