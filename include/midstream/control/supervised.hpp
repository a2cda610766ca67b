/// \file
/// Supervised controllers (C.3): one linear controller per true subgoal, trained and switched by labels.
/// What they can do tells whether the base model is steerable, at which layer.
#pragma once

#include <span>
#include <string>

#include "midstream/control/controllers.hpp"

namespace midstream::control {

/// A bank of controllers of layer `WriteLayer`, of which the row's label chooses the one that acts.
template <class BaseModel, int WriteLayer, int Subgoals, class Form = LowRank<16>>
struct Supervised {
    static_assert(Subgoals >= 1, "supervised controllers are for at least one subgoal");
    static_assert(WriteLayer >= 0 && WriteLayer <= BaseModel::depth,
                  "a supervised controller writes to a layer that the base model does not have");
    using Base = BaseModel;  ///< the model that is steered
    static constexpr int width = Base::width;
    static constexpr int read = WriteLayer;                      ///< as `write`: nothing else is read
    static constexpr int write = WriteLayer;                     ///< the base model's layer that it changes
    static constexpr int subgoals = Subgoals;                    ///< labels: 0, ..., subgoals - 1
    using Bank = typename Form::template Bank<width, Subgoals>;  ///< the controllers, one for each subgoal
    static constexpr void describe(auto&& part) {
        part("base", std::type_identity<Base>{});
        part("layer", WriteLayer);
        part("subgoals", Subgoals);
        part("form", std::type_identity<Form>{});
    }

    /// Those of the bank.
    template <class T>
    using Parameters = typename Bank::template Parameters<T>;
    template <class T>
    struct Tape {
        core::Buffer<T, Subgoals> coefficients;
        typename Bank::template Tape<T> bank;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random random) {
        Bank::initialise(parameters, random);
    }

    /// steered = e + gain * U_g e with g the label of the row. Throws unless there is one for each row, from 0 to
    /// Subgoals - 1.
    template <class T>
    static void forward(const Parameters<T>& parameters, core::In<T, width> e, std::span<const std::int16_t> labels,
                        core::Out<T, width> steered, Tape<T>& tape, T gain = 1) {
        core::require(static_cast<int>(labels.size()) == e.count, [&] {
            return "supervised controllers have " + std::to_string(labels.size()) + " labels for " +
                   std::to_string(e.count) + " rows";
        });
        const auto coefficients = tape.coefficients.zeros(e.count);
        for (int row = 0; row < e.count; ++row) {
            const int label = labels[static_cast<std::size_t>(row)];
            coefficients.row(row)[core::require_index(label, Subgoals, "the label of a supervised controller")] = 1;
        }
        Bank::forward(parameters, e, coefficients, steered, tape.bank, gain);
    }

    /// Adds to the gradient of the parameters; the base model below is frozen.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::In<T, width> e, Tape<T>& tape,
                         core::In<T, width> steered_gradient, Gradient&& gradient) {
        Bank::backward(parameters, e, tape.coefficients.view(), tape.bank, steered_gradient, {}, {}, gradient);
    }
};

}  // namespace midstream::control
