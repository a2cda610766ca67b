#include "midstream/env/board.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>

#include "env/worlds.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
constexpr Pinpad small{.size = 3, .colours = 2, .walls = 2, .horizon = 9};
}

BOOST_AUTO_TEST_CASE(moves_lead_next_door_and_stop_at_walls_and_edges) {
    Board<small> board;
    board.assign(
        test::draw<small>("A#0"
                          "..1"
                          "#.."));
    BOOST_TEST(board.moved(4, 0) == 4);  // a wall above
    BOOST_TEST(board.moved(4, 1) == 7);
    BOOST_TEST(board.moved(4, 2) == 3);
    BOOST_TEST(board.moved(4, 3) == 5);
    BOOST_TEST(board.moved(0, 0) == 0);  // the edges
    BOOST_TEST(board.moved(8, 1) == 8);
    BOOST_TEST(board.moved(3, 2) == 3);
    BOOST_TEST(board.moved(5, 3) == 5);
    BOOST_TEST(int{board.contents[2]} == 0);
    BOOST_TEST(int{board.contents[1]} == Board<small>::wall);
    BOOST_TEST(int{board.contents[0]} == Board<small>::empty);
}

BOOST_AUTO_TEST_CASE(neighbours_are_mutual) {
    constexpr Pinpad world{};
    constexpr int opposite[move_count] = {1, 0, 3, 2};
    for (int cell = 0; cell < world.cells(); ++cell)
        for (int move = 0; move < move_count; ++move) {
            const int next = neighbours<world>[cell][move];
            if (next != cell) BOOST_TEST(neighbours<world>[next][opposite[move]] == cell);
        }
}

BOOST_AUTO_TEST_CASE(sampled_layouts_never_overlap_and_are_uniform) {
    core::Random random(1);
    constexpr int draws = 9000;
    int agent_at[9] = {}, wall_at[9] = {};
    for (int i = 0; i < draws; ++i) {
        const auto layout = sample_layout<small>(random);
        std::set<int> cells{layout.agent};
        for (int object = 0; object < small.objects(); ++object) cells.insert(layout.object(object));
        BOOST_TEST(cells.size() == 5u);
        BOOST_TEST((*cells.begin() >= 0 && *cells.rbegin() < 9));
        ++agent_at[layout.agent];
        ++wall_at[layout.walls[1]];
    }
    for (int cell = 0; cell < 9; ++cell)
        for (const int count : {agent_at[cell], wall_at[cell]})
            BOOST_TEST(std::abs(count - draws / 9.0) < 4 * std::sqrt(draws / 9.0));
}

BOOST_AUTO_TEST_CASE(impossible_layouts_are_refused) {
    Board<small> board;
    auto layout = test::draw<small>("A#0 ..1 #..");
    layout.walls[0] = layout.colours[1];
    BOOST_CHECK_THROW(board.assign(layout), core::Error);
    layout = test::draw<small>("A#0 ..1 #..");
    layout.agent = layout.colours[0];
    BOOST_CHECK_THROW(board.assign(layout), core::Error);
    layout = test::draw<small>("A#0 ..1 #..");
    layout.walls[0] = 9;
    BOOST_CHECK_THROW(board.assign(layout), core::Error);
    layout.walls[0] = 1;
    layout.agent = -1;
    BOOST_CHECK_THROW(board.assign(layout), core::Error);
}
