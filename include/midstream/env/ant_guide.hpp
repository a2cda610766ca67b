/// \file
/// What the ant's expert is told besides what the ant sees (paper section 3.2): the way, and what progress along it is
/// worth. The expert's data are recorded from the plain AntPinpad, which tells neither.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "midstream/env/ant_pinpad.hpp"

namespace midstream::env {

/// The way to the next colour, cell by cell: the move that begins a shortest leg, the first in the order up, down,
/// left, right where there are several. Cells from which no leg leads there, walls among them, have none.
struct AntGuide {
    static constexpr int none = -1;

    template <class E>
    static int move(const E& environment, int cell) {
        const unsigned moves = environment.distances().optimal_moves(environment.board(), cell, environment.colour());
        for (int move = 0; move < move_count; ++move)
            if (moves >> move & 1) return move;
        return none;
    }
    /// The direction at the ant's own cell as a unit vector in metres; zero where there is none.
    template <class E>
    static std::array<double, 2> direction(const E& environment) {
        const int chosen = move(environment, environment.agent());
        if (chosen == none) return {};
        return {static_cast<double>(move_offsets[chosen].dx), -static_cast<double>(move_offsets[chosen].dy)};
    }
    /// Writes for every cell its move, one-hot: move_count * cells numbers.
    template <class E>
    static void observe(const E& environment, float* row) {
        std::fill_n(row, move_count * E::world.cells(), 0.0f);
        for (int cell = 0; cell < E::world.cells(); ++cell) {
            const int chosen = move(environment, cell);
            if (chosen != none) row[cell * move_count + chosen] = 1;
        }
    }
};

/// The guide's word for where the ant is, in the ant's own frame (x along its yaw, y to its left): the direction at its
/// own cell, a unit vector; from the torso to the centre of the cell that this leads to (of its own where no way leads
/// on), in cells; the torso's velocity, through symlog. Nothing that the rest of what the expert is told does not
/// imply, but only by products of many numbers, which a network is slow to learn.
struct AntCompass {
    static constexpr int width = 6;

    template <class E>
    static void observe(const E& ant, float* row) {
        const double* q = ant.simulation().position() + 3;
        const double yaw = std::atan2(2 * (q[0] * q[3] + q[1] * q[2]), 1 - 2 * (q[2] * q[2] + q[3] * q[3]));
        const double along = std::cos(yaw), across = std::sin(yaw);
        const auto turn = [&](double x, double y) { return std::array<double, 2>{along * x + across * y, along * y - across * x}; };
        const auto direction = AntGuide::direction(ant);
        const int here = ant.agent(), move = AntGuide::move(ant, here);
        const auto goal = E::centre(move == AntGuide::none ? here : ant.board().moved(here, move));
        const auto torso = ant.torso();
        const double* velocity = ant.simulation().velocity();
        const auto heading = turn(direction[0], direction[1]), way = turn(goal[0] - torso[0], goal[1] - torso[1]), speed = turn(velocity[0], velocity[1]);
        for (int axis = 0; axis < 2; ++axis) {
            row[axis] = static_cast<float>(heading[axis]);
            row[2 + axis] = static_cast<float>(way[axis] / E::ant_world.cell);
            row[4 + axis] = symlog(speed[axis]);
        }
    }
};

/// What the guided ant is paid besides the task's own reward.
struct AntWage {
    float progress = 1;  ///< for a metre a second along the guide's direction
    float effort = 0;    ///< taken off for the mean square of the torques, as they were asked for

    friend constexpr bool operator==(const AntWage&, const AntWage&) = default;
};

/// AntPinpad as its expert meets it: what the guide writes follows what the ant sees, then what the compass does if there
/// is one, and to the reward is added a wage: `progress` times the torso's mean velocity during the step, in metres a
/// second, along the direction that the guide gave at its beginning, and less the effort. Returns are then no measure
/// of success; `completed` is.
template <AntWorld World = AntWorld{}, bool Compass = false>
class GuidedAntPinpad {
public:
    using Ant = AntPinpad<World>;
    static constexpr int map_width = Ant::Observation::width + move_count * Ant::world.cells();
    using Observation = data::Dense<map_width + (Compass ? AntCompass::width : 0)>;
    using Action = typename Ant::Action;
    static constexpr Pinpad world = Ant::world;
    static constexpr int horizon = Ant::horizon;

    explicit GuidedAntPinpad(Ant ant, AntWage wage = {}) : ant_(std::move(ant)), wage_(wage) {}

    void reset(core::Random random) { ant_.reset(random); }
    void observe(float* row) const { observe(ant_, row); }
    /// The expert's view of an ant that is not guided.
    static void observe(const Ant& ant, float* row) {
        ant.observe(row);
        AntGuide::observe(ant, row + Ant::Observation::width);
        if constexpr (Compass) AntCompass::observe(ant, row + map_width);
    }

    Transition step(const float* action) {
        const auto direction = AntGuide::direction(ant_);
        const auto before = ant_.torso();
        Transition transition = ant_.step(action);
        if (ant_.diverged()) return transition;
        const auto after = ant_.torso();
        double way = 0, effort = 0;
        for (int axis = 0; axis < 2; ++axis) way += (after[axis] - before[axis]) * direction[axis];
        for (int i = 0; i < Action::width; ++i) effort += action[i] * action[i];
        transition.reward += wage_.progress * static_cast<float>(way / World.control_step()) - wage_.effort * static_cast<float>(effort / Action::width);
        return transition;
    }

    int subgoal() const { return ant_.subgoal(); }
    bool completed() const { return ant_.progress() == ant_.task().length; }
    bool truncated() const { return ant_.truncated(); }
    const Ant& ant() const { return ant_; }

private:
    Ant ant_;
    AntWage wage_;
};

}  // namespace midstream::env
