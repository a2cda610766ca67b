/// \file
/// A compass for an ant: which way every colour is. Base models learn from it in minutes what they would else have to
/// find out about ways around things (docs/ant.md has the difference it makes).
#pragma once

#include <cmath>

#include "midstream/env/ant_guide.hpp"

namespace midstream::env {

/// An ExtraSight of AntPinpad: for every colour the direction, in the frame of the body's yaw, of the centre of the cell
/// that a shortest way there enters next (AntGuide): cosine and sine. Where there is no way, and so no next cell, of the
/// centre of the ant's own. It tells the ways to all colours alike, and nothing of which one is wanted.
struct AntCompass {
    template <AntWorld World>
    static constexpr int width = 2 * World.grid.colours;

    template <class Ant>
    static void observe(const Ant& ant, float* row) {
        const double* position = ant.simulation().position();
        const double yaw = ant_yaw(position);
        for (int colour = 0; colour < Ant::world.colours; ++colour) {
            const auto goal = AntGuide::next_centre(ant, colour);
            const double direction = std::atan2(goal[1] - position[1], goal[0] - position[0]) - yaw;
            *row++ = static_cast<float>(std::cos(direction));
            *row++ = static_cast<float>(std::sin(direction));
        }
    }
};

}  // namespace midstream::env
