/// \file
/// The multilayer perceptron with one hidden layer of rectified units: y = relu(x A + a) B + b.
#pragma once

#include "midstream/layer/linear.hpp"

namespace midstream::layer {

/// y = relu(x A + a) B + b, with `HiddenWidth` rectified units.
template <int InputWidth, int HiddenWidth, int OutputWidth = InputWidth>
struct Mlp {
    using First = Linear<InputWidth, HiddenWidth>;    ///< to the hidden units: A, a
    using Second = Linear<HiddenWidth, OutputWidth>;  ///< from the hidden units: B, b
    static constexpr int input_width = InputWidth;
    static constexpr int output_width = OutputWidth;

    static constexpr void describe(auto&& part) {
        part("input", InputWidth);
        part("hidden", HiddenWidth);
        part("output", OutputWidth);
    }

    template <class T>
    struct Parameters {
        typename First::template Parameters<T> first;
        typename Second::template Parameters<T> second;
        static void visit(auto& self, auto&& member) {
            member("first", self.first);
            member("second", self.second);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, HiddenWidth> hidden;  ///< after rectification
        core::Buffer<T, HiddenWidth> hidden_gradient;
        typename First::template Tape<T> first;
        typename Second::template Tape<T> second;
    };
    template <class T>
    struct State {};

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        First::initialise(parameters.first, random);
        Second::initialise(parameters.second, random);
    }

    template <class W, class T>
    static void forward(const Parameters<W>& parameters, core::Sequences, core::In<T, InputWidth> x,
                        core::Out<T, OutputWidth> y, Tape<T>& tape) {
        const auto hidden = tape.hidden.resize(x.count);
        core::rectified_affine(view(x), view(parameters.first.weight), parameters.first.bias.values, view(hidden));
        Second::apply(parameters.second, hidden, y);
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, InputWidth> x,
                         Tape<T>& tape, core::In<T, OutputWidth> dy, core::Out<T, InputWidth> dx, Gradient&& gradient) {
        const auto hidden = tape.hidden.view();
        Second::backward(parameters.second, sequences, hidden, tape.second, dy, {},
                         core::part(gradient, &Parameters<T>::second));
        const auto hidden_gradient = tape.hidden_gradient.resize(x.count);
        core::product_transposed_where(view(hidden), view(dy), view(parameters.second.weight), view(hidden_gradient));
        First::backward(parameters.first, sequences, x, tape.first, hidden_gradient, dx,
                        core::part(gradient, &Parameters<T>::first));
    }

    template <class T>
    static void reset(State<T>&) {}

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&&, core::In<T, InputWidth> x, core::Out<T, OutputWidth> y,
                     Tape<T>& scratch) {
        forward(parameters, {}, x, y, scratch);
    }
};

}  // namespace midstream::layer
