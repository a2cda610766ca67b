/// \file
/// What an ant touches: an observer for the encoder of a metacontroller (control/observer.hpp), as env::Touch is in the
/// gridworld.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>

#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/data/spaces.hpp"

namespace midstream::env {

/// 1 + the colour whose cell the torso's centre enters with this row's action, or 0; entering one is an event. `Ant` is
/// an AntPinpad. Where an action leads is read from the row's target, the next place, which rows of recorded episodes
/// hold to the last: what ends an episode is never observed, and would else be out of view. Throws where there are no
/// targets, and where a position, the target's included, is not finite.
template <class Ant>
struct AntTouch {
    static constexpr int colours = Ant::world.colours,  ///< of the grid
        size = Ant::world.size;                         ///< cells per side of the grid
    using Observation = data::OneHots<colours + 1, 1>;
    static constexpr void describe(auto&& part) { part("ant", std::type_identity<Ant>{}); }

    static void observe(const auto& episodes, int row, std::int16_t* seen) {
        constexpr auto target_width = static_cast<std::size_t>(std::remove_cvref_t<decltype(episodes)>::target_width);
        core::require(episodes.targets.size() == static_cast<std::size_t>(episodes.rows()) * target_width,
                      "what an ant touches is read from targets, which these episodes do not have");
        const auto* observation = episodes.observation_rows().row(row);
        const auto* next = episodes.target_row(row) + Ant::proprioception;
        const auto* here = observation + Ant::proprioception;
        const auto* ways = here + 2;
        seen[0] = 0;
        for (int colour = 0; colour < colours; ++colour) {
            const auto* way = ways + 2 * colour;
            bool inside = true, entered = false;
            for (int axis = 0; axis < 2; ++axis) {
                const int cell = along(here[axis] + way[axis], row);
                inside = inside && along(next[axis], row) == cell;
                entered = entered || along(here[axis], row) != cell;
            }
            if (inside && entered) seen[0] = static_cast<std::int16_t>(1 + colour);
        }
    }
    template <class Element>
    static bool event(const Element* seen) {
        return seen[0] != 0;
    }

private:
    /// The column, or row from below, of a coordinate in units of half the grid's side. Cells at the edge reach outward
    /// without end.
    static int along(double coordinate, int row) {
        core::require(core::is_finite(coordinate), [&] {
            return "a position in the observation or the target of row " + std::to_string(row) + " is " +
                   core::to_text(coordinate) + ", not finite";
        });
        return static_cast<int>(std::clamp(std::floor((coordinate + 1) * size / 2), 0.0, size - 1.0));
    }
};

}  // namespace midstream::env
