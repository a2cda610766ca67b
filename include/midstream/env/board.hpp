/// \file
/// The board of a gridworld-pinpad (A.1): its size, what lies where, and where moves lead.
/// Cells are numbered row by row from the upper left; moves are 0 up, 1 down, 2 left, 3 right.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"

namespace midstream::env {

/// The size of a gridworld-pinpad and what it contains. The defaults are the paper's.
struct Pinpad {
    int size = 7;       ///< cells per side, G
    int colours = 8;    ///< O
    int walls = 4;      ///< W
    int horizon = 100;  ///< steps, T
    static constexpr void describe(const auto& self, auto&& part) {
        part("size", self.size);
        part("colours", self.colours);
        part("walls", self.walls);
        part("horizon", self.horizon);
    }

    /// Cells of the grid.
    constexpr int cells() const { return size * size; }
    /// Coloured cells and walls.
    constexpr int objects() const { return colours + walls; }
    friend constexpr bool operator==(const Pinpad&, const Pinpad&) = default;
};

/// "5 x 5 with 4 colours, 1 wall and horizon 50"
inline std::string to_string(const Pinpad& world) {
    return std::to_string(world.size) + " x " + std::to_string(world.size) + " with " + std::to_string(world.colours) +
           " colours, " + std::to_string(world.walls) +
           (world.walls == 1 ? " wall and horizon " : " walls and horizon ") + std::to_string(world.horizon);
}

/// Columns to the right and rows down.
struct Offset {
    int dx = 0,  ///< columns; negative to the left
        dy = 0;  ///< rows; negative upwards
    friend constexpr bool operator==(const Offset&, const Offset&) = default;
};

/// How many moves there are.
inline constexpr int move_count = 4;
/// What each move adds to the agent's place if nothing blocks it.
inline constexpr std::array<Offset, move_count> move_offsets{{{0, -1}, {0, 1}, {-1, 0}, {1, 0}}};

/// neighbours<World>[cell][move]: the cell next to `cell`; at the edge of the grid, `cell` itself.
template <Pinpad World>
inline constexpr auto neighbours = [] {
    std::array<std::array<std::int16_t, move_count>, World.cells()> table{};
    for (int cell = 0; cell < World.cells(); ++cell) {
        for (int move = 0; move < move_count; ++move) {
            const int column = cell % World.size + move_offsets[move].dx,
                      row = cell / World.size + move_offsets[move].dy;
            const bool inside = column >= 0 && column < World.size && row >= 0 && row < World.size;
            table[cell][move] = static_cast<std::int16_t>(inside ? row * World.size + column : cell);
        }
    }
    return table;
}();

/// Where everything lies when an episode begins.
template <Pinpad World>
struct Layout {
    static_assert(World.size >= 1 && World.colours >= 1 && World.walls >= 0 && World.horizon >= 1,
                  "a pinpad world has at least 1 cell, 1 colour, 0 walls and 1 step");
    static_assert(World.cells() > World.objects(),
                  "this pinpad world is too small for its colours, its walls and the agent");
    static_assert(World.size <= 181 && World.colours <= 127,
                  "a pinpad world has at most 181 cells per side and 127 colours");

    std::int16_t agent = 0;                             ///< the cell that it begins in
    std::array<std::int16_t, World.colours> colours{};  ///< the cell of each colour
    std::array<std::int16_t, World.walls> walls{};      ///< the cell of each wall

    /// The cell of an object: the colours, then the walls.
    constexpr int object(int index) const {
        return index < World.colours ? colours[index] : walls[index - World.colours];
    }
    friend constexpr bool operator==(const Layout&, const Layout&) = default;
};

/// Everything on cells of its own, uniformly at random.
template <Pinpad World>
Layout<World> sample_layout(core::Random& random) {
    std::array<std::int16_t, World.cells()> cells;
    for (int cell = 0; cell < World.cells(); ++cell) cells[cell] = static_cast<std::int16_t>(cell);
    int taken = 0;
    const auto take = [&] {
        std::swap(cells[taken], cells[taken + random.below(World.cells() - taken)]);
        return cells[taken++];
    };
    Layout<World> layout;
    layout.agent = take();
    for (auto& cell : layout.colours) cell = take();
    for (auto& cell : layout.walls) cell = take();
    return layout;
}

/// A layout that can be asked what lies on a cell.
template <Pinpad World>
struct Board {
    static constexpr int empty = -1;  ///< what lies on a cell without a colour or wall; the agent does not count
    static constexpr int wall = -2;   ///< what lies on a wall's cell

    Layout<World> layout;                             ///< that was assigned last
    std::array<std::int8_t, World.cells()> contents;  ///< a colour, empty or wall

    /// Requires that no two things, the agent included, share a cell.
    void assign(const Layout<World>& where) {
        layout = where;
        contents.fill(empty);
        for (int i = 0; i < World.objects(); ++i) {
            const int cell = checked(where.object(i));
            core::require(contents[cell] == empty && cell != checked(where.agent), [&] {
                return "a layout of " + to_string(World) + " has two things on cell " + std::to_string(cell);
            });
            contents[cell] = static_cast<std::int8_t>(i < World.colours ? i : wall);
        }
    }

    /// Where a move from `cell` leads: to itself against a wall or the edge of the grid.
    int moved(int cell, int move) const {
        const int next = neighbours<World>[cell][move];
        return contents[next] == wall ? cell : next;
    }

private:
    static int checked(int cell) {
        core::require_range(cell, 0, World.cells() - 1, "a cell of a layout");
        return cell;
    }
};

}  // namespace midstream::env
