/// \file
/// A world, a model and controllers in which it is known what every code does.
#pragma once

#include <boost/test/unit_test.hpp>

#include "midstream/control/metacontroller.hpp"
#include "midstream/control/supervised.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/env/record.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

namespace midstream::test {

/// A hall with three doors. Behind each is a colour, drawn anew for every episode; actions 0 to 2 go through a door and
/// back, action 3 stays. The goals are three colours in turn, none twice running. Unlike in a pinpad world the goal can
/// be seen (which the model below ignores), so that an encoder can be set by hand.
template <int Horizon = 8>
struct Doors {
    static constexpr int colours = 3, stay = 3, horizon = Horizon;
    using Observation = data::OneHots<12, 4>;  ///< 3 c + (door of colour c) for each c, then 9 + goal
    using Action = data::Categories<4>;

    std::array<int, 3> door{}, goals{};
    int progress = 0, at = -1, steps = 0;

    void reset(core::Random random) {
        door = {0, 1, 2};
        for (int i = 0; i < 2; ++i) std::swap(door[i], door[i + random.below(3 - i)]);
        goals[0] = random.below(3);
        for (int i = 1; i < 3; ++i) goals[i] = (goals[i - 1] + 1 + random.below(2)) % 3;
        progress = steps = 0;
        at = -1;
    }
    int subgoal() const { return goals[std::min(progress, 2)]; }
    void observe(std::int16_t* row) const {
        for (int colour = 0; colour < 3; ++colour) row[colour] = static_cast<std::int16_t>(3 * colour + door[colour]);
        row[3] = static_cast<std::int16_t>(9 + subgoal());
    }
    env::Transition step(const std::int16_t* action) {
        ++steps;
        at = -1;
        for (int colour = 0; colour < 3; ++colour)
            if (door[colour] == *action) at = colour;
        if (at >= 0 && at != subgoal()) return {0, true};
        if (at >= 0 && ++progress == 3) return {1, true};
        return {0, steps == horizon};
    }
};

struct DoorsExpert {
    template <class E>
    std::array<std::int16_t, 1> act(const E& environment, core::Random&) const {
        return {static_cast<std::int16_t>(environment.door[environment.subgoal()])};
    }
};

inline constexpr auto behind_door = [](const auto& environment) { return environment.at; };

/// Coordinates 0 to 11 of the residual stream are the observation; whatever writes to 12 + d makes it go through door
/// d; left to itself it stays.
inline constexpr model::TransformerShape doors_shape{
    .depth = 2, .width = 16, .heads = 2, .mlp = 4, .context = 16, .buckets = 4, .max_distance = 8};
using DoorsModel = model::Autoregressive<Doors<>::Observation, Doors<>::Action, model::Transformer<doors_shape>>;

template <class T, int R, int C>
T& at(core::Matrix<T, R, C>& matrix, int row, int column) {
    return matrix.values[row * C + column];
}

inline core::Box<DoorsModel::Parameters<float>> doors_model() {
    core::Box<DoorsModel::Parameters<float>> parameters;  // blocks of zeros change nothing
    for (int i = 0; i < 12; ++i) at(parameters->embedding.rows, i, i) = 1;
    core::map(parameters->norm.scale).setOnes();
    for (int door = 0; door < 3; ++door) at(parameters->action_head.weight, 12 + door, door) = 20;
    parameters->action_head.bias.values[Doors<>::stay] = 20;
    return parameters;
}

/// Component k reads where colour k is; all write "go there".
using DoorsControllers = control::Supervised<DoorsModel, 1, 3, control::LowRank<3>>;
inline core::Box<DoorsControllers::Parameters<float>> doors_controllers() {
    core::Box<DoorsControllers::Parameters<float>> parameters;
    for (int colour = 0; colour < 3; ++colour)
        for (int door = 0; door < 3; ++door) {
            at(parameters->down, 3 * colour + door, 3 * colour + door) = 1;
            at(parameters->up, 3 * colour + door, 12 + door) = 20;
        }
    return parameters;
}

/// What the three axes of code space mean: go to a colour wherever it is, or through a door whatever is behind it. Both
/// explain any one layout equally well.
enum class CodesMean { colours, doors };

inline constexpr control::MetacontrollerShape doors_meta_shape{.read = 1,
                                                               .write = 1,
                                                               .code = 3,
                                                               .encoder_hidden = 9,
                                                               .decoder_hidden = 3,
                                                               .switch_hidden = 2,
                                                               .history = 2,
                                                               .embedding = 2};
using DoorsMeta = control::Metacontroller<DoorsModel, doors_meta_shape, control::LowRank<3>, control::AlwaysSwitch>;

/// The same with a switch; all gates of what doors_meta gives it are at one half.
using SwitchedDoorsMeta = control::Metacontroller<DoorsModel, doors_meta_shape, control::LowRank<3>>;

/// Its encoder infers the colour, or the door, that the goal calls for.
template <class Meta = DoorsMeta>
core::Box<typename Meta::template Parameters<float>> doors_meta(CodesMean meaning) {
    core::Box<typename Meta::template Parameters<float>> parameters;
    for (int axis = 0; axis < 3; ++axis) at(parameters->decoder.hidden.weight, axis, axis) = 5;
    for (int colour = 0; colour < 3; ++colour)
        for (int door = 0; door < 3; ++door) {
            const int hidden = 3 * colour + door;  // the goal is this colour, and behind this door
            at(parameters->inference.encoder.first.weight, 9 + colour, hidden) = 1;
            at(parameters->inference.encoder.first.weight, hidden, hidden) = 1;
            parameters->inference.encoder.first.bias.values[hidden] = -1;
            at(parameters->inference.encoder.second.weight, hidden, meaning == CodesMean::colours ? colour : door) = 1;
        }
    auto& bank =
        parameters->decoder.bank;  // component 0 has coefficient 1, component 1 + axis the hidden unit of that axis
    for (int door = 0; door < 3; ++door) {
        if (meaning == CodesMean::colours) {
            for (int colour = 0; colour < 3; ++colour) at(bank.down, 3 * colour + door, 3 * (1 + colour) + door) = 1;
            at(bank.up, door, 12 + door) = 20;
        } else {
            at(bank.down, door, 0) = 1;  // colour 0 is somewhere: a constant
            at(bank.up, 3 * (1 + door), 12 + door) = 20;
        }
    }
    return parameters;
}

}  // namespace midstream::test
