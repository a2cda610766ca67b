/// \file
/// A compass for an ant: which way every colour is, and how far. Base models learn from it in minutes what they would
/// else have to find out about ways around things (docs/ant.md has the difference it makes).
#pragma once

#include <cmath>

#include "midstream/env/ant_guide.hpp"

namespace midstream::env {

/// An ExtraSight of AntPinpad. For every colour, of a shortest way there (AntGuide):
/// - the direction, in the frame of the body's yaw, of the centre of the cell that it enters next: cosine and sine;
/// - its length from centre to centre of the cells that it enters, in cells.
/// Where there is no way: the direction of the centre of the ant's own cell, and `no_way`. All colours are told alike,
/// and nothing of which one is wanted. The lengths are what is to be predicted.
struct AntCompass {
    static constexpr float no_way = 12;  ///< cells
    template <AntWorld World>
    static constexpr int width = 3 * World.grid.colours;
    template <AntWorld World>
    static constexpr int target_width = World.grid.colours;

    template <class Ant>
    static void observe(const Ant& ant, float* row) {
        const double* position = ant.simulation().position();
        const double yaw = ant_yaw(position);
        for (int colour = 0; colour < Ant::world.colours; ++colour) {
            const auto goal = AntGuide::next_centre(ant, colour);
            const double direction = std::atan2(goal[1] - position[1], goal[0] - position[0]) - yaw;
            *row++ = static_cast<float>(std::cos(direction));
            *row++ = static_cast<float>(std::sin(direction));
            *row++ = length(ant, colour);
        }
    }
    template <class Ant>
    static void target(const Ant& ant, float* row) {
        for (int colour = 0; colour < Ant::world.colours; ++colour) *row++ = length(ant, colour);
    }

private:
    template <class Ant>
    static float length(const Ant& ant, int colour) {
        const int cells = ant.distances().steps[colour][ant.agent()];
        if (cells == Distances<Ant::world>::unreachable) return no_way;
        const double* position = ant.simulation().position();
        const auto goal = AntGuide::next_centre(ant, colour);
        return static_cast<float>(cells - 1 +
                                  std::hypot(goal[0] - position[0], goal[1] - position[1]) / Ant::ant_world.cell);
    }
};

}  // namespace midstream::env
