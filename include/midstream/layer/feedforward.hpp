/// \file
/// The perceptron of several hidden layers of one width: y = f(... f(x A + a) ...) B + b. What actors and critics of
/// plain environments are made of; layer::Mlp is the one with a single hidden layer, as residual blocks have it.
#pragma once

#include "midstream/layer/linear.hpp"

namespace midstream::layer {

/// An activation works on numbers in place; its slope is a function of its own value.
struct Tanh {
    /// value = tanh(value).
    template <class T>
    static void apply(std::span<T> values) {
        Line<T> line(values.data(), static_cast<Eigen::Index>(values.size()));
        line = line.tanh();
    }
    /// gradient *= the slope where the activation has these values.
    template <class T>
    static void backward(std::span<const T> values, std::span<T> gradient) {
        const Line<const T> y(values.data(), static_cast<Eigen::Index>(values.size()));
        Line<T> dy(gradient.data(), static_cast<Eigen::Index>(gradient.size()));
        dy *= T(1) - y.square();
    }

private:
    template <class T>
    using Line = Eigen::Map<
        std::conditional_t<std::is_const_v<T>, const Eigen::ArrayX<std::remove_const_t<T>>, Eigen::ArrayX<T>>>;
};

/// max(x, 0), likewise.
struct Rectifier {
    /// value = max(value, 0).
    template <class T>
    static void apply(std::span<T> values) {
        for (T& value : values) value = std::max(value, T(0));
    }
    template <class T>
    static void backward(std::span<const T> values, std::span<T> gradient) {
        for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = values[i] > T(0) ? gradient[i] : T(0);
    }
};

/// `HiddenLayers` layers of `HiddenWidth` units, then a linear one; see the head of this file.
template <int InputWidth, int HiddenWidth, int HiddenLayers, int OutputWidth, class Activation = Tanh>
struct Feedforward {
    static_assert(HiddenLayers >= 2, "layer::Feedforward has at least 2 hidden layers; layer::Mlp has one");
    using First = Linear<InputWidth, HiddenWidth>;     ///< from the input to the first hidden layer
    using Between = Linear<HiddenWidth, HiddenWidth>;  ///< from a hidden layer to the next
    using Last = Linear<HiddenWidth, OutputWidth>;     ///< from the last hidden layer to the output
    static constexpr int input_width = InputWidth;
    static constexpr int output_width = OutputWidth;

    static constexpr void describe(auto&& part) {
        part("input", InputWidth);
        part("hidden", HiddenWidth);
        part("layers", HiddenLayers);
        part("output", OutputWidth);
        part("activation", std::type_identity<Activation>{});
    }

    template <class T>
    struct Parameters {
        typename First::template Parameters<T> first;
        std::array<typename Between::template Parameters<T>, HiddenLayers - 1> between;
        typename Last::template Parameters<T> last;
        static void visit(auto& self, auto&& member) {
            member("first", self.first);
            member("between", self.between);
            member("last", self.last);
        }
    };
    template <class T>
    struct Tape {
        std::array<core::Buffer<T, HiddenWidth>, HiddenLayers> hidden;  ///< after the activation
        core::Buffer<T, HiddenWidth> hidden_gradient, lower_gradient;
    };
    template <class T>
    struct State {};

    /// Hidden layers keep the size of their input; `last` is the variance scaling of the output.
    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random, double last = 1) {
        const auto draw = [&](auto& linear, double scale) {
            variance_scaling(linear.weight, random, scale);
            core::map(linear.bias).setZero();
        };
        draw(parameters.first, 2);
        for (auto& linear : parameters.between) draw(linear, 2);
        draw(parameters.last, last);
    }

    template <class W, class T>
    static void forward(const Parameters<W>& parameters, core::Sequences, core::In<T, InputWidth> x,
                        core::Out<T, OutputWidth> y, Tape<T>& tape) {
        apply<T>(parameters, x, y, [&](int i) { return tape.hidden[static_cast<std::size_t>(i)].resize(x.count); });
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences, core::In<T, InputWidth> x, Tape<T>& tape,
                         core::In<T, OutputWidth> dy, core::Out<T, InputWidth> dx, Gradient&& gradient) {
        typename Last::template Tape<T> none;
        auto flow = tape.hidden_gradient.zeros(x.count), lower = tape.lower_gradient.resize(x.count);
        Last::backward(parameters.last, {}, tape.hidden.back().view(), none, dy, flow,
                       core::part(gradient, &Parameters<T>::last));
        for (int i = HiddenLayers - 1; i > 0; --i) {
            const auto at = static_cast<std::size_t>(i);
            Activation::backward(std::span<const T>(tape.hidden[at].view().flat()), flow.flat());
            core::clear(view(lower));
            typename Between::template Tape<T> nothing;
            Between::backward(parameters.between[at - 1], {}, tape.hidden[at - 1].view(), nothing, flow, lower,
                              core::element(core::part(gradient, &Parameters<T>::between), i - 1));
            std::swap(flow, lower);
        }
        Activation::backward(std::span<const T>(tape.hidden[0].view().flat()), flow.flat());
        typename First::template Tape<T> nothing;
        First::backward(parameters.first, {}, x, nothing, flow, dx, core::part(gradient, &Parameters<T>::first));
    }

    template <class T>
    static void reset(State<T>&) {}

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&&, core::In<T, InputWidth> x, core::Out<T, OutputWidth> y,
                     Tape<T>& scratch) {
        forward(parameters, {}, x, y, scratch);
    }

    /// One row, without a tape: all it needs is on the stack.
    template <class W, class T = core::Computed<W>>
    static void apply_row(const Parameters<W>& parameters, const T* x, T* y) {
        alignas(core::alignment) T hidden[HiddenLayers][HiddenWidth];
        apply<T>(parameters, {x, 1}, {y, 1}, [&](int i) { return core::Rows<T, HiddenWidth>{hidden[i], 1}; });
    }

private:
    template <class T, class W, class HiddenOf>
    static void apply(const Parameters<W>& parameters, core::In<T, InputWidth> x, core::Out<T, OutputWidth> y,
                      HiddenOf&& hidden_of) {
        core::Rows<T, HiddenWidth> units = hidden_of(0);
        First::apply(parameters.first, x, units);
        Activation::apply(units.flat());
        for (int i = 1; i < HiddenLayers; ++i) {
            const core::Rows<T, HiddenWidth> next = hidden_of(i);
            Between::apply(parameters.between[static_cast<std::size_t>(i) - 1], units, next);
            Activation::apply(next.flat());
            units = next;
        }
        Last::apply(parameters.last, units, y);
    }
};

}  // namespace midstream::layer
