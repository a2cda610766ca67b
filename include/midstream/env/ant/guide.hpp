/// \file
/// What the ant's expert is told besides what the ant sees (C.1.1): the way, and what progress along it is
/// worth. The expert's data are recorded from the plain AntPinpad, which tells neither.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "midstream/env/ant/pinpad.hpp"

namespace midstream::env {

/// The way to the next colour, cell by cell: the move that begins a shortest leg, the first in the order up, down,
/// left, right where there are several. Cells from which no leg leads there, walls among them, have none.
struct AntGuide {
    static constexpr int none = -1;  ///< in place of a move, where no leg leads there

    /// The move from a cell towards the environment's next colour, or `none`.
    template <class E>
    static int move(const E& environment, int cell) {
        return move(environment, cell, environment.colour());
    }
    /// The same, were this the next colour.
    template <class E>
    static int move(const E& environment, int cell, int colour) {
        const unsigned moves = environment.distances().optimal_moves(environment.board(), cell, colour);
        for (int move = 0; move < move_count; ++move)
            if (moves >> move & 1) return move;
        return none;
    }
    /// Where that move leads from the ant's own cell: the centre of the cell it is aimed at, in metres; of its own,
    /// where there is none.
    template <class E>
    static std::array<double, 2> next_centre(const E& environment, int colour) {
        const int cell = environment.agent(), chosen = move(environment, cell, colour);
        return E::centre(chosen == none ? cell : environment.board().moved(cell, chosen));
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

/// How an expert sees the ant and moves it: `observe` writes `width<Ant>` numbers, `act` turns the expert's action into
/// torques. This one is the paper's: what the ant sees, then the guide's whole map; actions are torques.
struct AntMap {
    template <class Ant>
    static constexpr int width = Ant::Observation::width + move_count* Ant::world.cells();

    template <class Ant>
    static void observe(const Ant& ant, float* row) {
        ant.observe(row);
        AntGuide::observe(ant, row + Ant::Observation::width);
    }
    template <class Ant>
    static void act(const Ant&, const float* action, float* torques) {
        std::copy_n(action, Ant::Action::width, torques);
    }
};

/// What the guided ant is paid besides the task's own reward.
struct AntRewardWeights {
    float progress = 1;  ///< for a metre a second along the guide's direction
    float effort = 0;    ///< taken off for the mean square of the torques, as they were asked for
    float failure = 0;   ///< taken off where an episode ends neither in completion nor for lack of time
    static constexpr void describe(const auto& self, auto&& part) {
        part("progress", self.progress);
        part("effort", self.effort);
        part("failure", self.failure);
    }

    friend constexpr bool operator==(const AntRewardWeights&, const AntRewardWeights&) = default;
};

/// AntPinpad as its expert meets it, by a view such as AntMap. To the reward is added `progress` times the
/// torso's mean velocity during the step, in metres a second, along the direction that the guide gave at its beginning,
/// less effort and failure. Returns are then no measure of success; `completed` is.
template <AntWorld World = AntWorld{}, class View = AntMap>
class GuidedAntPinpad {
public:
    using Ant = AntPinpad<World>;  ///< the ant that is guided
    using Observation = data::Dense<View::template width<Ant>>;
    using Action = typename Ant::Action;
    static constexpr Pinpad world = Ant::world;  ///< its grid
    static constexpr int horizon = Ant::horizon;

    static constexpr void describe(auto&& part) {
        part("ant", std::type_identity<Ant>{});
        part("view", std::type_identity<View>{});
    }
    static void describe(const auto& self, auto&& part) {
        part("ant", self.ant_);
        part("reward_weights", self.reward_weights_);
    }

    /// Guides copies of this ant. Call `reset` before anything else.
    explicit GuidedAntPinpad(Ant ant, AntRewardWeights reward_weights = {})
        : ant_(std::move(ant)), reward_weights_(reward_weights) {}

    void reset(core::Random random) { ant_.reset(random); }
    void observe(float* row) const { observe(ant_, row); }
    /// The expert's view of an ant that is not guided.
    static void observe(const Ant& ant, float* row) { View::observe(ant, row); }
    /// The torques by which the expert's action moves such an ant.
    static void act(const Ant& ant, const float* action, float* torques) { View::act(ant, action, torques); }

    Transition step(const float* action) {
        float torques[Action::width];
        act(ant_, action, torques);
        const auto direction = AntGuide::direction(ant_);
        const auto before = ant_.torso();
        Transition transition = ant_.step(torques);
        if (transition.done && !completed() && !truncated()) transition.reward -= reward_weights_.failure;
        if (ant_.diverged()) return transition;
        const auto after = ant_.torso();
        double way = 0, effort = 0;
        for (int axis = 0; axis < 2; ++axis) way += (after[axis] - before[axis]) * direction[axis];
        for (const float torque : torques) effort += torque * torque;
        transition.reward += reward_weights_.progress * static_cast<float>(way / World.control_step()) -
                             reward_weights_.effort * static_cast<float>(effort / Action::width);
        return transition;
    }

    int subgoal() const { return ant_.subgoal(); }
    /// Whether the task is completed: every colour visited.
    bool completed() const { return ant_.progress() == ant_.task().length; }
    bool truncated() const { return ant_.truncated(); }
    /// The ant as it is without a guide.
    const Ant& ant() const { return ant_; }

private:
    Ant ant_;
    AntRewardWeights reward_weights_;
};

}  // namespace midstream::env
