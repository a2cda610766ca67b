/// \file
/// The affine map y = x W + b.
#pragma once

#include "midstream/layer/layer.hpp"

namespace midstream::layer {

/// y = x W + b, with W of `InputWidth` rows and `OutputWidth` columns.
template <int InputWidth, int OutputWidth>
struct Linear {
    static constexpr int input_width = InputWidth;
    static constexpr int output_width = OutputWidth;

    static constexpr void describe(auto&& part) {
        part("input", InputWidth);
        part("output", OutputWidth);
    }

    template <class T>
    struct Parameters {
        core::Matrix<T, InputWidth, OutputWidth> weight;
        core::Vector<T, OutputWidth> bias;
        static void visit(auto& self, auto&& member) {
            member("weight", self.weight);
            member("bias", self.bias);
        }
    };
    template <class T>
    struct Tape {};
    template <class T>
    struct State {};

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        variance_scaling(parameters.weight, random);
        core::map(parameters.bias).setZero();
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences, core::In<T, InputWidth> x,
                        core::Out<T, OutputWidth> y, Tape<T>&) {
        apply(parameters, x, y);
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences, core::In<T, InputWidth> x, Tape<T>&,
                         core::In<T, OutputWidth> dy, core::Out<T, InputWidth> dx, Gradient&& gradient) {
        if constexpr (core::trainable<Gradient>) {
            core::add_transposed_product(view(x), view(dy), view(gradient.weight));
            core::add_column_sums(view(dy), gradient.bias.values);
        }
        if (dx) core::add_product_transposed(view(dy), view(parameters.weight), view(dx));
    }

    template <class T>
    static void reset(State<T>&) {}

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&&, core::In<T, InputWidth> x, core::Out<T, OutputWidth> y,
                     Tape<T>&) {
        apply(parameters, x, y);
    }

    /// y = x W + b on any rows.
    template <class W, class T = core::Computed<W>>
    static void apply(const Parameters<W>& parameters, core::In<T, InputWidth> x, core::Out<T, OutputWidth> y) {
        core::affine(view(x), view(parameters.weight), parameters.bias.values, view(y));
    }
};

}  // namespace midstream::layer
