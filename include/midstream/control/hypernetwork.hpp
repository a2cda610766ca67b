/// \file
/// The hypernetwork of a metacontroller (D.2): it decodes a code into a linear controller of the residual stream.
#pragma once

#include "midstream/control/controllers.hpp"
#include "midstream/layer/linear.hpp"

namespace midstream::control {

/// U(z) = U_0 + sum_k tanh(W z + b)_k U_k: an MLP with one hidden layer whose output is a controller of form `Form`.
/// Its last layer is a bank of controllers, one component for each hidden unit and one for the bias.
template <class Form, int Width, int Code, int Hidden>
struct Hypernetwork {
    static constexpr int code_width = Code;     ///< numbers of a code
    using Units = layer::Linear<Code, Hidden>;  ///< from codes to the hidden units, before their tanh
    /// Controllers in the bank: U_0 of the bias, then one for each hidden unit.
    static constexpr int components = Hidden + 1;
    using Bank = typename Form::template Bank<Width, components>;  ///< the controllers U_k that codes combine
    /// The controller of one code, for acting while it is in force.
    template <class T>
    using Controller = typename Bank::template Controller<T>;

    template <class T>
    struct Parameters {
        typename Units::template Parameters<T> hidden;
        typename Bank::template Parameters<T> bank;
        static void visit(auto& self, auto&& member) {
            member("hidden", self.hidden);
            member("bank", self.bank);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, components> coefficients, coefficients_gradient;
        core::Buffer<T, Hidden> hidden_gradient;
        typename Units::template Tape<T> hidden;
        typename Bank::template Tape<T> bank;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Units::initialise(parameters.hidden, random);
        Bank::initialise(parameters.bank, random);
    }

    /// The bank's coefficients of codes: 1, then the hidden units.
    template <class W, class T = core::Computed<W>>
    static void decode(const Parameters<W>& parameters, core::In<T, Code> codes,
                       core::Out<T, components> coefficients) {
        core::affine(view(codes), view(parameters.hidden.weight), parameters.hidden.bias.values,
                     columns(coefficients, 1, Hidden));
        for (int row = 0; row < codes.count; ++row) {
            T* line = coefficients.row(row);
            line[0] = 1;
            core::EigenMap<T, 1, Hidden> units(line + 1);
            units = units.array().tanh().matrix();
        }
    }

    /// steered = e + U(z) e, row by row.
    template <class T>
    static void forward(const Parameters<T>& parameters, core::In<T, Code> codes, core::In<T, Width> e,
                        core::Out<T, Width> steered, Tape<T>& tape) {
        decode(parameters, codes, tape.coefficients.resize(codes.count));
        Bank::forward(parameters.bank, e, tape.coefficients.view(), steered, tape.bank);
    }

    /// Adds to the gradients with respect to codes, e (if wanted) and parameters.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Code> codes,
                         core::In<T, Width> e, Tape<T>& tape, core::In<T, Width> steered_gradient,
                         core::Out<T, Code> codes_gradient, core::Out<T, Width> e_gradient, Gradient&& gradient) {
        const auto coefficients_gradient = tape.coefficients_gradient.zeros(codes.count);
        Bank::backward(parameters.bank, e, tape.coefficients.view(), tape.bank, steered_gradient, coefficients_gradient,
                       e_gradient, core::part(gradient, &Parameters<T>::bank));
        // The hidden units: tanh, of which the coefficients after the first are the values.
        const auto hidden_gradient = tape.hidden_gradient.resize(codes.count);
        for (int row = 0; row < codes.count; ++row)
            for (int i = 0; i < Hidden; ++i) {
                const T unit = tape.coefficients.view().row(row)[i + 1];
                hidden_gradient.row(row)[i] = coefficients_gradient.row(row)[i + 1] * (T(1) - unit * unit);
            }
        Units::backward(parameters.hidden, sequences, codes, tape.hidden, hidden_gradient, codes_gradient,
                        core::part(gradient, &Parameters<T>::hidden));
    }

    /// Forms the controller of one code.
    template <class W, class T>
    static void combine(const Parameters<W>& parameters, const T* code, Controller<T>& controller,
                        core::Buffer<T, components>& scratch) {
        const auto coefficients = scratch.resize(1);
        decode(parameters, core::Rows<const T, Code>{code, 1}, coefficients);
        Bank::combine(parameters.bank, coefficients.data, controller);
    }
    /// Forms those of many codes, `controller_of(i)` of row i: at once, where the form can.
    template <class W, class T, class ControllerOf>
    static void combine_all(const Parameters<W>& parameters, core::In<T, Code> codes, ControllerOf&& controller_of,
                            core::Buffer<T, components>& scratch, core::AlignedVector<T>& numbers) {
        const auto coefficients = scratch.resize(codes.count);
        decode(parameters, codes, coefficients);
        if constexpr (requires { Bank::combine_all(parameters.bank, coefficients, controller_of, numbers); })
            Bank::combine_all(parameters.bank, coefficients, controller_of, numbers);
        else
            for (int row = 0; row < codes.count; ++row)
                Bank::combine(parameters.bank, coefficients.row(row), controller_of(row));
    }
    /// e += gain * U e for one row.
    template <class T>
    static void steer(const Controller<T>& controller, T* e, T gain) {
        Bank::steer(controller, e, gain);
    }
};

}  // namespace midstream::control
