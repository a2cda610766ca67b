/// \file
/// What the agent sees of a pinpad board. An observation policy is a template over the world with two spaces and two
/// static functions that write a row; entry i of a row lies in the i-th of consecutive blocks of one-hots, which belong
/// to the colours, then the walls, then the agent. The task is never among what is seen.
#pragma once

#include <cstdint>

#include "midstream/data/spaces.hpp"
#include "midstream/env/board.hpp"

namespace midstream::env {

/// What a one of an egocentric observation says.
struct EgocentricMeaning {
    int object;  ///< colours, then walls; for the agent's own cell, the number of objects
    int dx;      ///< columns from the agent to the right to the object; of the own cell, the column
    int dy;      ///< rows from the agent down to the object; of the own cell, the row
    friend constexpr bool operator==(const EgocentricMeaning&, const EgocentricMeaning&) = default;
};

/// The paper's observation (A.1): for every colour, every wall and the agent, its cell, one-hot over the grid.
/// Predicted as a cell for each.
template <Pinpad World>
struct Absolute {
    static constexpr void describe(auto&& part) { part("world", World); }
    static constexpr int things = World.objects() + 1;  ///< colours, walls and the agent
    static_assert(World.cells() * things <= 32767,
                  "this pinpad world's absolute observation has more than 32767 entries");
    using Observation = data::OneHots<World.cells() * things, things>;
    using Target = data::Categories<World.cells(), things>;

    static void observe(const Layout<World>& layout, int agent, std::int16_t* row) {
        for (int i = 0; i < things; ++i) row[i] = static_cast<std::int16_t>(i * World.cells() + cell(layout, agent, i));
    }
    static void target(const Layout<World>& layout, int agent, std::int16_t* row) {
        for (int i = 0; i < things; ++i) row[i] = static_cast<std::int16_t>(cell(layout, agent, i));
    }
    /// Where an object lies from the agent, read back from a row.
    static Offset offset(const std::int16_t* row, int object) {
        const int agent = row[things - 1] % World.cells(), cell = row[object] % World.cells();
        return {cell % World.size - agent % World.size, cell / World.size - agent / World.size};
    }

private:
    static int cell(const Layout<World>& layout, int agent, int thing) {
        return thing < World.objects() ? layout.object(thing) : agent;
    }
};

/// For every colour and every wall its offset from the agent, one-hot over (2 G - 1) x (2 G - 1), and the agent's own
/// cell, one-hot over the grid. The same information as Absolute, from which models learn with far less data.
/// Predicted as the agent's cell, all that changes.
template <Pinpad World>
struct Egocentric {
    static constexpr void describe(auto&& part) { part("world", World); }
    static constexpr int side = 2 * World.size - 1;  ///< cells per side of the field of offsets
    static constexpr int block = side * side;        ///< entries per object
    static_assert(World.objects() * block + World.cells() <= 32767,
                  "this pinpad world's egocentric observation has more than 32767 entries");
    using Observation = data::OneHots<World.objects() * block + World.cells(), World.objects() + 1>;
    using Target = data::Categories<World.cells()>;
    using Meaning = EgocentricMeaning;  ///< what an entry says

    static void observe(const Layout<World>& layout, int agent, std::int16_t* row) {
        const int x = agent % World.size, y = agent / World.size;
        for (int i = 0; i < World.objects(); ++i) {
            const int cell = layout.object(i);
            row[i] = static_cast<std::int16_t>(index({i, cell % World.size - x, cell / World.size - y}));
        }
        row[World.objects()] = static_cast<std::int16_t>(index({World.objects(), x, y}));
    }
    static void target(const Layout<World>&, int agent, std::int16_t* row) {
        row[0] = static_cast<std::int16_t>(agent);
    }

    /// What entry `index` of the observation says; whoever initialises embeddings by geometry needs to know.
    static constexpr Meaning meaning(int index) {
        const int object = index / block, within = index % block;
        if (object >= World.objects()) {
            const int cell = index - World.objects() * block;
            return {World.objects(), cell % World.size, cell / World.size};
        }
        return {object, within % side - (World.size - 1), within / side - (World.size - 1)};
    }
    /// The entry that says this: the inverse of `meaning`.
    static constexpr int index(Meaning meaning) {
        if (meaning.object == World.objects()) return World.objects() * block + meaning.dy * World.size + meaning.dx;
        return meaning.object * block + (meaning.dy + World.size - 1) * side + meaning.dx + World.size - 1;
    }
    /// Where an object lies from the agent, read back from a row.
    static Offset offset(const std::int16_t* row, int object) {
        const Meaning seen = meaning(row[object]);
        return {seen.dx, seen.dy};
    }
};

/// As Egocentric, without the agent's own cell: instead of where on the grid it is, the agent sees which of its four
/// moves are blocked, one-hot over the 16 combinations. Nothing then names a place but what lies there.
/// Predicted as the first colour's offset, which tells all that changes.
template <Pinpad World>
struct Relative {
    static constexpr void describe(auto&& part) { part("world", World); }
    static constexpr int offsets = World.objects() * Egocentric<World>::block;  ///< entries before the blocked moves
    using Observation = data::OneHots<offsets + (1 << move_count), World.objects() + 1>;
    using Target = data::Categories<Egocentric<World>::block>;

    static void observe(const Layout<World>& layout, int agent, std::int16_t* row) {
        Egocentric<World>::observe(layout, agent, row);
        row[World.objects()] = static_cast<std::int16_t>(offsets + blocked_moves(layout, agent));
    }
    static void target(const Layout<World>& layout, int agent, std::int16_t* row) {
        std::int16_t entries[World.objects() + 1];
        Egocentric<World>::observe(layout, agent, entries);
        row[0] = entries[0];
    }
    /// What an entry says; those of the blocked moves belong to no object and have no offset.
    static constexpr EgocentricMeaning meaning(int index) {
        return index < offsets ? Egocentric<World>::meaning(index) : EgocentricMeaning{World.objects(), 0, 0};
    }
    /// Where an object lies from the agent, read back from a row.
    static Offset offset(const std::int16_t* row, int object) { return Egocentric<World>::offset(row, object); }

private:
    /// Bit m is set if move m leads off the grid or into a wall.
    static int blocked_moves(const Layout<World>& layout, int agent) {
        int bits = 0;
        for (int move = 0; move < move_count; ++move) {
            const int next = neighbours<World>[static_cast<std::size_t>(agent)][static_cast<std::size_t>(move)];
            bool blocked = next == agent;
            for (const auto wall : layout.walls) blocked |= next == wall;
            bits |= (blocked ? 1 : 0) << move;
        }
        return bits;
    }
};

}  // namespace midstream::env
