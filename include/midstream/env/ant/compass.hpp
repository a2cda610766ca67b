/// \file
/// A compass for an ant: which way every colour is, and how far. Base models learn from it in minutes what they would
/// else have to find out about ways around things (docs/ant.md has the difference it makes).
#pragma once

#include <cmath>

#include "midstream/env/ant/guide.hpp"

namespace midstream::env {

/// An ExtraObservation of AntPinpad. For every colour, of a shortest way there (AntGuide):
/// - the direction, in the frame of the body's yaw, of the centre of the cell that it enters next: cosine and sine;
/// - its length from centre to centre of the cells that it enters, in cells.
/// On the colour itself the way is that to the centre of its cell, so that its length goes on falling where the ant
/// enters. Where there is no way: the direction of the centre of the ant's own cell, and `no_way`. All colours are told
/// alike, and nothing of which one is wanted. The lengths are what is to be predicted.
struct AntCompass {
    static constexpr float no_way = 12;  ///< cells
    static constexpr void describe(auto&& part) { part("no_way", no_way); }
    template <AntWorld World>
    static constexpr int width = 3 * World.grid.colours;
    template <AntWorld World>
    static constexpr int target_width = World.grid.colours;

    template <class Ant>
    static void observe(const Ant& ant, float* row) {
        const double yaw = ant_yaw(ant.position());
        for (int colour = 0; colour < Ant::world.colours; ++colour) {
            const Way way(ant, colour);
            const double direction = std::atan2(way.y, way.x) - yaw;
            *row++ = static_cast<float>(std::cos(direction));
            *row++ = static_cast<float>(std::sin(direction));
            *row++ = way.length;
        }
    }
    template <class Ant>
    static void target(const Ant& ant, float* row) {
        for (int colour = 0; colour < Ant::world.colours; ++colour) *row++ = Way(ant, colour).length;
    }

private:
    struct Way {
        double x, y;   ///< metres to the centre that it aims at
        float length;  ///< cells

        template <class Ant>
        Way(const Ant& ant, int colour) {
            const int cell = ant.agent(), cells = ant.distances().steps[colour][cell];
            const bool there = ant.board().contents[cell] == colour;
            const auto goal = there ? Ant::centre(cell) : AntGuide::next_centre(ant, colour);
            const double* position = ant.position();
            x = goal[0] - position[0];
            y = goal[1] - position[1];
            const double first = std::hypot(x, y) / Ant::ant_world.cell;
            if (there)
                length = static_cast<float>(first);
            else if (cells == Distances<Ant::world>::unreachable)
                length = no_way;
            else
                length = static_cast<float>(cells - 1 + first);
        }
    };
};

}  // namespace midstream::env
