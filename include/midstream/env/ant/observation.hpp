/// \file
/// What an ant on a grid of coloured cells sees, from its motion and from what lies where: for AntPinpad, and for a
/// simulator of one's own, whose MuJoCo knows qpos and qvel (docs/how-to/agent.md).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "midstream/data/spaces.hpp"
#include "midstream/env/ant/model.hpp"
#include "midstream/env/ant/simulation.hpp"
#include "midstream/env/board.hpp"
#include "midstream/env/distances.hpp"

namespace midstream::env {

/// An ant-pinpad: its grid, and how the ant moves on it. Grid and horizon are the paper's, which gives no other
/// numbers; docs/ant.md says why these.
struct AntWorld {
    /// The pinpad in whose cells the ant's task is set.
    Pinpad grid{.size = 4, .colours = 4, .walls = 1, .horizon = 500};
    double cell = 1.6;                                ///< the side of a cell, metres
    double time_step = 0.01;                          ///< seconds
    int frame_skip = 5;                               ///< time steps for each action
    AntIntegrator integrator = AntIntegrator::euler;  ///< how time steps are computed
    static constexpr void describe(const auto& self, auto&& part) {
        part("grid", self.grid);
        part("cell", self.cell);
        part("time_step", self.time_step);
        part("frame_skip", self.frame_skip);
        part("integrator", self.integrator);
    }

    /// Seconds from one action to the next.
    constexpr double control_step() const { return time_step * frame_skip; }
    friend constexpr bool operator==(const AntWorld&, const AntWorld&) = default;
};

/// Cells in metres: seen from above columns run along x, rows against y, and the origin is in the middle.
template <AntWorld World>
struct AntCells {
    static constexpr AntWorld ant_world = World;                           ///< grid and motion
    static constexpr Pinpad world = World.grid;                            ///< the grid alone
    static constexpr double half_side = World.grid.size * World.cell / 2;  ///< of the grid, metres

    /// The centre of a cell, in metres.
    static constexpr std::array<double, 2> centre(int cell) {
        return {(cell % world.size + 0.5) * World.cell - half_side, half_side - (cell / world.size + 0.5) * World.cell};
    }
    /// The cell of a place in metres, which must be finite. Cells at the edge reach outward without end.
    static int cell_at(double x, double y) {
        const auto along = [](double distance) {
            return static_cast<int>(std::clamp(std::floor(distance / World.cell), 0.0, world.size - 1.0));
        };
        return along(half_side - y) * world.size + along(x + half_side);
    }
};

/// sign(x) ln(1 + |x|)
inline float symlog(double x) { return static_cast<float>(std::copysign(std::log1p(std::abs(x)), x)); }

/// What an ant sees besides what the paper lets it see: `width` numbers that `observe(ant, row)` writes, `target_width`
/// of which, or functions of them, `target` gives to be predicted. The ant is an AntPinpad, or that of AntSensors, and
/// has position(), velocity(), agent(), board(), distances() and AntCells. This is nothing; AntCompass
/// (env/ant/compass.hpp) is another.
struct NoExtraObservation {
    template <AntWorld>
    static constexpr int width = 0;
    template <AntWorld>
    static constexpr int target_width = 0;
    static void observe(const auto&, float*) {}
    static void target(const auto&, float*) {}
};

/// Numbers of an ant's own pose and motion.
inline constexpr int ant_proprioception = AntState::positions - 2 + AntState::velocities;

/// Numbers that an ant sees in this world.
template <AntWorld World, class ExtraObservation = NoExtraObservation>
inline constexpr int ant_observation_width = ant_proprioception + 2 + 2 * World.grid.objects() +
                                             2 + ExtraObservation::template width<World>;

/// Writes an ant's proprioception and place, as AntPinpad has them; returns where it stopped.
template <class Ant>
float* observe_ant_itself(const Ant& ant, float* row) {
    const double *position = ant.position(), *velocity = ant.velocity();
    for (int i = 2; i < AntState::positions; ++i) *row++ = symlog(position[i]);
    for (int i = 0; i < AntState::velocities; ++i) *row++ = symlog(velocity[i]);
    for (int axis = 0; axis < 2; ++axis)
        *row++ = static_cast<float>(position[axis] / AntCells<Ant::ant_world>::half_side);
    return row;
}

/// Writes all that an ant sees, as AntPinpad lists it.
template <class ExtraObservation, class Ant>
void observe_ant(const Ant& ant, float* row) {
    using Cells = AntCells<Ant::ant_world>;
    row = observe_ant_itself(ant, row);
    const double* torso = ant.position();
    for (int i = 0; i < Cells::world.objects(); ++i) {
        const auto there = Cells::centre(ant.board().layout.object(i));
        for (int axis = 0; axis < 2; ++axis)
            *row++ = static_cast<float>((there[axis] - torso[axis]) / Cells::half_side);
    }
    const auto here = Cells::centre(ant.agent());
    for (int axis = 0; axis < 2; ++axis)
        *row++ = static_cast<float>((torso[axis] - here[axis]) / (Cells::ant_world.cell / 2));
    ExtraObservation::observe(ant, row);
}

/// The sensors of an ant that somebody else moves: what AntPinpad<World, ExtraObservation> observes, to the last bit,
/// without its rules, its task and its simulation.
template <AntWorld World = AntWorld{}, class ExtraObservation = NoExtraObservation>
class AntSensors : public AntCells<World> {
public:
    using Observation = data::Dense<ant_observation_width<World, ExtraObservation>>;

    /// Looks at this layout; where the ant began does not matter. Throws if two things of it share a cell.
    explicit AntSensors(const Layout<World.grid>& layout) {
        board_.assign(layout);
        distances_.assign(board_);
    }
    /// Writes a row of Observation. `position` and `velocity` are MuJoCo's qpos and qvel of a body made by ant_mjcf.
    void observe(const double* position, const double* velocity, float* row) const {
        observe_ant<ExtraObservation>(Ant(*this, position, velocity), row);
    }

    /// What lies in which cell.
    const Board<World.grid>& board() const { return board_; }
    /// Between cells, in cells.
    const Distances<World.grid>& distances() const { return distances_; }

private:
    /// The ant at a moment.
    class Ant : public AntCells<World> {
    public:
        Ant(const AntSensors& sensors, const double* position, const double* velocity)
            : sensors_(&sensors), position_(position), velocity_(velocity) {}
        const double* position() const { return position_; }
        const double* velocity() const { return velocity_; }
        int agent() const { return Ant::cell_at(position_[0], position_[1]); }
        const auto& board() const { return sensors_->board(); }
        const auto& distances() const { return sensors_->distances(); }

    private:
        const AntSensors* sensors_;
        const double *position_, *velocity_;
    };

    Board<World.grid> board_{};
    Distances<World.grid> distances_{};
};

}  // namespace midstream::env
