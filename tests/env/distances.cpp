#include "midstream/env/distances.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <queue>

#include "env/worlds.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
constexpr Pinpad small{.size = 4, .colours = 3, .walls = 3, .horizon = 40};

/// Steps to success from (cell, progress) by breadth-first search over the rules themselves; -1 where there is no way.
template <Pinpad World>
int brute_force(const Board<World>& board, const Task& task, int start, int progress) {
    std::map<std::pair<int, int>, int> seen{{{start, progress}, 0}};
    std::queue<std::pair<int, int>> open;
    open.push({start, progress});
    while (!open.empty()) {
        const auto state = open.front();
        open.pop();
        for (int move = 0; move < move_count; ++move) {
            const int x = state.first % World.size + (move == 3) - (move == 2);
            const int y = state.first / World.size + (move == 1) - (move == 0);
            if (x < 0 || y < 0 || x >= World.size || y >= World.size) continue;
            auto next = std::pair{y * World.size + x, state.second};
            const auto& layout = board.layout;
            if (std::count(layout.walls.begin(), layout.walls.end(), next.first)) continue;
            const auto found = std::find(layout.colours.begin(), layout.colours.end(), next.first);
            if (found != layout.colours.end()) {
                if (found - layout.colours.begin() != task[next.second]) continue;
                if (++next.second == task.length) return seen[state] + 1;
            }
            if (seen.insert({next, seen[state] + 1}).second) open.push(next);
        }
    }
    return -1;
}
}  // namespace

BOOST_AUTO_TEST_CASE(agrees_with_brute_force) {
    core::Random random(2);
    const std::vector<Task> tasks{parse_task("0-1-2"), parse_task("2-0-2"), parse_task("1-1"),
                                  parse_task("0-0-1-1-2-2"), parse_task("2")};
    int impossible = 0, repeated = 0;
    for (int i = 0; i < 1500; ++i) {
        Board<small> board;
        board.assign(sample_layout<small>(random));
        Distances<small> distances;
        distances.assign(board);
        const Task& task = tasks[i % tasks.size()];
        const int length = distances.path_length(board, task);
        BOOST_REQUIRE_EQUAL(length, brute_force(board, task, board.layout.agent, 0));
        BOOST_TEST(distances.solvable(board, task) == (length >= 0 && length <= 40));
        impossible += length < 0;
        // A single leg: from every cell (also from the goal itself) each move is optimal if and only if it gets nearer.
        const int goal = random.below(3);
        const Task leg(parse_task(std::to_string(goal)));
        for (int cell = 0; cell < small.cells(); ++cell) {
            if (board.contents[cell] == Board<small>::wall) continue;
            const int shortest = brute_force(board, leg, cell, 0);
            BOOST_REQUIRE_EQUAL(int{distances.steps[goal][cell]},
                                shortest < 0 ? Distances<small>::unreachable : shortest);
            const unsigned moves = distances.optimal_moves(board, cell, goal);
            repeated += cell == board.layout.colours[goal] && moves != 0;
            for (int move = 0; move < move_count; ++move) {
                const int next = board.moved(cell, move);
                const bool nearer =
                    shortest > 0 && next != cell &&
                    (board.contents[next] == goal ? shortest == 1
                                                  : board.contents[next] == Board<small>::empty &&
                                                        brute_force(board, leg, next, 0) == shortest - 1);
                BOOST_REQUIRE_EQUAL((moves >> move & 1) != 0, nearer);
            }
        }
    }
    BOOST_TEST(impossible > 100);
    BOOST_TEST(repeated > 100);
}

BOOST_AUTO_TEST_CASE(other_colours_and_walls_are_impassable) {
    constexpr Pinpad world{.size = 3, .colours = 2, .walls = 1, .horizon = 20};
    Board<world> board;
    Distances<world> distances;
    board.assign(test::draw<world>("A01 ... #.."));
    distances.assign(board);
    BOOST_TEST(distances.path_length(board, parse_task("1")) == 4);  // around colour 0
    BOOST_TEST(distances.path_length(board, parse_task("0-1-0")) == 3);
    BOOST_TEST(distances.path_length(board, parse_task("0-0")) == 3);  // off and on again
    board.assign(test::draw<world>("A0. #1. ..."));
    distances.assign(board);
    BOOST_TEST(distances.path_length(board, parse_task("1")) == -1);
    BOOST_TEST(distances.path_length(board, parse_task("0-1")) == 2);
    BOOST_TEST(distances.path_length(board, parse_task("0-0")) == 3);
}

BOOST_AUTO_TEST_CASE(a_path_longer_than_the_horizon_does_not_solve) {
    constexpr Pinpad world{.size = 3, .colours = 1, .walls = 0, .horizon = 3};
    Board<world> board;
    Distances<world> distances;
    board.assign(test::draw<world>("A.. ... ..0"));
    distances.assign(board);
    BOOST_TEST(distances.path_length(board, parse_task("0")) == 4);
    BOOST_TEST(!distances.solvable(board, parse_task("0")));
}
