/// \file
/// The temporal mixing block of Hawk (De et al. 2024, arXiv 2402.19427; the paper's D.1).
#pragma once

#include "midstream/layer/causal_convolution.hpp"
#include "midstream/layer/gelu.hpp"
#include "midstream/layer/layer.hpp"
#include "midstream/layer/linear.hpp"
#include "midstream/layer/rg_lru.hpp"

namespace midstream::layer {

/// Two linear branches of x, one through GeLU (tanh form), one through a short causal convolution and the RG-LRU;
/// their product through an output linear map:
///
///     y = (gelu(x W_gate) * rg_lru(convolution(x W_in))) W_out      (biases left out here)
template <int Width, int RecurrentWidth = Width, int Taps = 4, int Heads = 8>
struct HawkMixer {
    static constexpr int input_width = Width;
    static constexpr int output_width = Width;
    using Branch = Linear<Width, RecurrentWidth>;                 ///< either branch's first map
    using Convolution = CausalConvolution<RecurrentWidth, Taps>;  ///< over time, of the second branch
    using Recurrence = RgLru<RecurrentWidth, Heads>;              ///< over time, after the convolution
    using Output = Linear<RecurrentWidth, Width>;                 ///< from the product of the branches

    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("recurrent", std::type_identity<Recurrence>{});
        part("taps", Taps);
        part("heads", Heads);
    }

    template <class T>
    struct Parameters {
        typename Branch::template Parameters<T> gate;   ///< the branch through GeLU
        typename Branch::template Parameters<T> input;  ///< the branch through time
        typename Convolution::template Parameters<T> convolution;
        typename Recurrence::template Parameters<T> recurrence;
        typename Output::template Parameters<T> output;
        static void visit(auto& self, auto&& member) {
            member("gate", self.gate);
            member("input", self.input);
            member("convolution", self.convolution);
            member("recurrence", self.recurrence);
            member("output", self.output);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, RecurrentWidth> gate;       ///< the first branch before GeLU
        core::Buffer<T, RecurrentWidth> activated;  ///< ... and after; scratch in backward
        core::Buffer<T, RecurrentWidth> input;      ///< the second branch before the convolution
        core::Buffer<T, RecurrentWidth> convolved;
        core::Buffer<T, RecurrentWidth> hidden;
        core::Buffer<T, RecurrentWidth> product;
        core::Buffer<T, RecurrentWidth> dproduct, dconvolved, dinput;
        typename Branch::template Tape<T> branch;
        typename Convolution::template Tape<T> convolution;
        typename Recurrence::template Tape<T> recurrence;
        typename Output::template Tape<T> output;
    };
    template <class T>
    struct State {
        typename Convolution::template State<T> convolution;
        typename Recurrence::template State<T> recurrence;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Branch::initialise(parameters.gate, random);
        Branch::initialise(parameters.input, random);
        Convolution::initialise(parameters.convolution, random);
        Recurrence::initialise(parameters.recurrence, random);
        Output::initialise(parameters.output, random);
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Width> x,
                        core::Out<T, Width> y, Tape<T>& tape) {
        branches(parameters, x, tape);
        Convolution::forward(parameters.convolution, sequences, tape.input.view(), tape.convolved.view(),
                             tape.convolution);
        Recurrence::forward(parameters.recurrence, sequences, tape.convolved.view(), tape.hidden.view(),
                            tape.recurrence);
        join(parameters, y, tape);
    }

    /// Spends the tape: a second backward needs another forward.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Width> x,
                         Tape<T>& tape, core::In<T, Width> dy, core::Out<T, Width> dx, Gradient&& gradient) {
        const auto dproduct = tape.dproduct.zeros(x.count);
        const auto dconvolved = tape.dconvolved.zeros(x.count);
        const auto dinput = tape.dinput.zeros(x.count);
        Output::backward(parameters.output, sequences, tape.product.view(), tape.output, dy, dproduct,
                         core::part(gradient, &Parameters<T>::output));

        const auto dhidden = tape.activated.view();
        core::map(dhidden).array() *= core::map(dproduct).array();
        Recurrence::backward(parameters.recurrence, sequences, tape.convolved.view(), tape.recurrence, dhidden,
                             dconvolved, core::part(gradient, &Parameters<T>::recurrence));
        Convolution::backward(parameters.convolution, sequences, tape.input.view(), tape.convolution, dconvolved,
                              dinput, core::part(gradient, &Parameters<T>::convolution));
        Branch::backward(parameters.input, sequences, x, tape.branch, dinput, dx,
                         core::part(gradient, &Parameters<T>::input));

        const auto dgate = dproduct;
        core::map(dgate).array() *= core::map(tape.hidden.view()).array();
        gelu_backward<T, RecurrentWidth>(tape.gate.view(), dgate, dgate);
        Branch::backward(parameters.gate, sequences, x, tape.branch, dgate, dx,
                         core::part(gradient, &Parameters<T>::gate));
    }

    template <class T>
    static void reset(State<T>& state) {
        Convolution::reset(state.convolution);
        Recurrence::reset(state.recurrence);
    }

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::In<T, Width> x, core::Out<T, Width> y,
                     Tape<T>& tape) {
        branches(parameters, x, tape);
        Convolution::step(
            parameters.convolution, [&](int i) -> auto& { return state_of(i).convolution; }, tape.input.view(),
            tape.convolved.view(), tape.convolution);
        Recurrence::step(
            parameters.recurrence, [&](int i) -> auto& { return state_of(i).recurrence; }, tape.convolved.view(),
            tape.hidden.view(), tape.recurrence);
        join(parameters, y, tape);
    }

private:
    /// What comes before time: both branches, and room for what follows.
    template <class W, class T>
    static void branches(const Parameters<W>& parameters, core::In<T, Width> x, Tape<T>& tape) {
        Branch::apply(parameters.gate, x, tape.gate.resize(x.count));
        Branch::apply(parameters.input, x, tape.input.resize(x.count));
        tape.convolved.resize(x.count);
        tape.hidden.resize(x.count);
    }
    /// What comes after time.
    template <class W, class T>
    static void join(const Parameters<W>& parameters, core::Out<T, Width> y, Tape<T>& tape) {
        const auto activated = tape.activated.resize(y.count), product = tape.product.resize(y.count);
        gelu<T, RecurrentWidth>(tape.gate.view(), activated);
        core::map(product).array() = core::map(activated).array() * core::map(tape.hidden.view()).array();
        Output::apply(parameters.output, product, y);
    }
};

}  // namespace midstream::layer
