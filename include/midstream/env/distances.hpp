/// \file
/// Exact distances on a pinpad board by dynamic programming. A leg is the way to the next colour; on it walls and all
/// other colours are impassable (C.1.1: cells that would end the episode).
#pragma once

#include <array>
#include <cstdint>

#include "midstream/env/board.hpp"
#include "midstream/env/tasks.hpp"

namespace midstream::env {

/// How many steps every leg takes, for every colour as its goal and every cell as its start.
template <Pinpad World>
struct Distances {
    static constexpr int unreachable = 0xffff;  ///< in place of steps, where no leg leads there

    std::array<std::array<std::uint16_t, World.cells()>, World.colours> steps;  ///< steps[goal][start cell]

    /// Computes the legs of a board.
    void assign(const Board<World>& board) {
        for (int colour = 0; colour < World.colours; ++colour)
            assign(board, board.layout.colours[colour], steps[colour]);
    }

    /// The moves from `cell` that begin a shortest leg to `colour`, as bits 1 << move; none where there is no leg.
    unsigned optimal_moves(const Board<World>& board, int cell, int colour) const {
        const int shortest = steps[colour][cell];
        if (shortest == unreachable) return 0;
        unsigned moves = 0;
        for (int move = 0; move < move_count; ++move) {
            const int next = board.moved(cell, move), content = board.contents[next];
            if (next == cell) continue;
            const bool begins_shortest = content == colour
                                             ? shortest == 1
                                             : content == Board<World>::empty && steps[colour][next] + 1 == shortest;
            if (begins_shortest) moves |= 1u << move;
        }
        return moves;
    }

    /// The steps of the shortest legal path from the layout's start through the whole task; -1 where there is none.
    int path_length(const Board<World>& board, const Task& task) const {
        int cell = board.layout.agent, total = 0;
        for (const int colour : task.span()) {
            if (steps[colour][cell] == unreachable) return -1;
            total += steps[colour][cell];
            cell = board.layout.colours[colour];
        }
        return total;
    }

    /// Whether the task can be completed before the horizon.
    bool solvable(const Board<World>& board, const Task& task) const {
        const int length = path_length(board, task);
        return length >= 0 && length <= World.horizon;
    }

private:
    static void assign(const Board<World>& board, int goal, std::array<std::uint16_t, World.cells()>& steps_to) {
        steps_to.fill(unreachable);
        steps_to[goal] = 0;
        std::array<std::int16_t, World.cells()> queue;
        int head = 0, tail = 0;
        queue[tail++] = static_cast<std::int16_t>(goal);
        while (head < tail) {
            const int cell = queue[head++];
            for (const int next : neighbours<World>[cell]) {
                if (steps_to[next] != unreachable || board.contents[next] == Board<World>::wall) continue;
                steps_to[next] = static_cast<std::uint16_t>(steps_to[cell] + 1);
                // A leg may start on another colour (the one just visited) but not lead through it.
                if (board.contents[next] == Board<World>::empty) queue[tail++] = static_cast<std::int16_t>(next);
            }
        }
        // A leg that starts on its own goal leads off it and back.
        steps_to[goal] = unreachable;
        for (const int next : neighbours<World>[goal])
            if (board.contents[next] == Board<World>::empty) steps_to[goal] = 2;
    }
};

}  // namespace midstream::env
