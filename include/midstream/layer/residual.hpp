/// \file
/// The pre-norm residual block: x += mixer(norm(x)); x += mlp(norm(x)) (D.1).
#pragma once

#include "midstream/layer/mlp.hpp"
#include "midstream/layer/norm.hpp"

namespace midstream::layer {

/// y = x + inner(norm(x)).
template <class Norm, class Inner>
struct Residual {
    static_assert(
        Block<Norm> && Block<Inner>,
        "a residual branch needs a norm and an inner layer of equal input and output width that satisfy layer::Layer");
    static_assert(Norm::output_width == Inner::input_width,
                  "a residual branch needs its norm and inner layer to have one width");
    static constexpr int input_width = Inner::input_width;
    static constexpr int output_width = input_width;
    static constexpr int context = context_of<Inner>;
    static constexpr int episode = episode_of<Inner>;  ///< as the inner layer's

    static constexpr void describe(auto&& part) {
        part("norm", std::type_identity<Norm>{});
        part("inner", std::type_identity<Inner>{});
    }

    template <class T>
    struct Parameters {
        typename Norm::template Parameters<T> norm;
        typename Inner::template Parameters<T> inner;
        static void visit(auto& self, auto&& member) {
            member("norm", self.norm);
            member("inner", self.inner);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, input_width> normalised, normalised_gradient;
        typename Norm::template Tape<T> norm;
        typename Inner::template Tape<T> inner;
    };
    template <class T>
    struct State {
        typename Norm::template State<T> norm;
        typename Inner::template State<T> inner;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Norm::initialise(parameters.norm, random);
        Inner::initialise(parameters.inner, random);
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, input_width> x,
                        core::Out<T, input_width> y, Tape<T>& tape) {
        const auto normalised = tape.normalised.resize(x.count);
        Norm::forward(parameters.norm, sequences, x, normalised, tape.norm);
        Inner::forward(parameters.inner, sequences, normalised, y, tape.inner);
        core::add(view(x), view(y));
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, input_width> x,
                         Tape<T>& tape, core::In<T, input_width> dy, core::Out<T, input_width> dx,
                         Gradient&& gradient) {
        const auto normalised_gradient = tape.normalised_gradient.zeros(x.count);
        Inner::backward(parameters.inner, sequences, tape.normalised.view(), tape.inner, dy, normalised_gradient,
                        core::part(gradient, &Parameters<T>::inner));
        if (dx) core::add(view(dy), view(dx));
        Norm::backward(parameters.norm, sequences, x, tape.norm, normalised_gradient, dx,
                       core::part(gradient, &Parameters<T>::norm));
    }

    template <class T>
    static void reset(State<T>& state) {
        Norm::reset(state.norm);
        Inner::reset(state.inner);
    }

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::In<T, input_width> x,
                     core::Out<T, input_width> y, Tape<T>& scratch) {
        const auto normalised = scratch.normalised.resize(x.count);
        Norm::step(
            parameters.norm, [&](int i) -> auto& { return state_of(i).norm; }, x, normalised, scratch.norm);
        Inner::step(
            parameters.inner, [&](int i) -> auto& { return state_of(i).inner; }, normalised, y, scratch.inner);
        core::add(view(x), view(y));
    }
};

namespace detail {
/// Tells in a sentence what does not fit together in a block.
template <class Mixer, class Feedforward>
constexpr bool check_block() {
    if constexpr (check_layer<Mixer>() && check_layer<Feedforward>()) {
        static_assert(Block<Mixer>, "the mixer of a residual block needs one width of input and output");
        constexpr bool fits =
            Feedforward::input_width == Mixer::output_width && Feedforward::output_width == Mixer::output_width;
        static_assert(fits || !Block<Mixer>,
                      "the feedforward layer of a residual block needs the width of its mixer, in and out");
        return Block<Mixer> && fits;
    }
    return false;
}
}  // namespace detail

/// One block of a residual stack: a mixer over time, then an MLP, each on its own pre-norm residual branch. `Mixer` is
/// any layer::Block: attention, a Hawk mixer, or yours.
template <class Mixer, class Feedforward, template <int> class Norm = RmsNorm>
struct PreNormBlock {
    /// Whether mixer and feedforward layer make a block; where they do not, a sentence says why.
    static constexpr bool fits = detail::check_block<Mixer, Feedforward>();
    /// Something that fits stands in for what does not.
    using CheckedMixer = std::conditional_t<fits, Mixer, Linear<1, 1>>;
    static constexpr int input_width = CheckedMixer::input_width;
    static constexpr int output_width = input_width;
    static constexpr int context = context_of<CheckedMixer>;
    static constexpr int episode = episode_of<CheckedMixer>;   ///< as the mixer's
    using Mixing = Residual<Norm<input_width>, CheckedMixer>;  ///< x + mixer(norm(x))
    /// x + feedforward(norm(x)).
    using FeedforwardSublayer = Residual<Norm<input_width>, std::conditional_t<fits, Feedforward, Linear<1, 1>>>;

    static constexpr void describe(auto&& part) {
        part("mixer", std::type_identity<Mixer>{});
        part("feedforward", std::type_identity<Feedforward>{});
        part("norm", std::type_identity<Norm<input_width>>{});
    }

    template <class T>
    struct Parameters {
        typename Mixing::template Parameters<T> mixer;
        typename FeedforwardSublayer::template Parameters<T> mlp;
        static void visit(auto& self, auto&& member) {
            member("mixer", self.mixer);
            member("mlp", self.mlp);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, input_width> middle, middle_gradient;
        typename Mixing::template Tape<T> mixer;
        typename FeedforwardSublayer::template Tape<T> mlp;
    };
    template <class T>
    struct State {
        typename Mixing::template State<T> mixer;
        typename FeedforwardSublayer::template State<T> mlp;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Mixing::initialise(parameters.mixer, random);
        FeedforwardSublayer::initialise(parameters.mlp, random);
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, input_width> x,
                        core::Out<T, input_width> y, Tape<T>& tape) {
        const auto middle = tape.middle.resize(x.count);
        Mixing::forward(parameters.mixer, sequences, x, middle, tape.mixer);
        FeedforwardSublayer::forward(parameters.mlp, sequences, middle, y, tape.mlp);
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, input_width> x,
                         Tape<T>& tape, core::In<T, input_width> dy, core::Out<T, input_width> dx,
                         Gradient&& gradient) {
        const auto middle_gradient = tape.middle_gradient.zeros(x.count);
        FeedforwardSublayer::backward(parameters.mlp, sequences, tape.middle.view(), tape.mlp, dy, middle_gradient,
                                      core::part(gradient, &Parameters<T>::mlp));
        Mixing::backward(parameters.mixer, sequences, x, tape.mixer, middle_gradient, dx,
                         core::part(gradient, &Parameters<T>::mixer));
    }

    template <class T>
    static void reset(State<T>& state) {
        Mixing::reset(state.mixer);
        FeedforwardSublayer::reset(state.mlp);
    }

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::In<T, input_width> x,
                     core::Out<T, input_width> y, Tape<T>& scratch) {
        const auto middle = scratch.middle.resize(x.count);
        Mixing::step(
            parameters.mixer, [&](int i) -> auto& { return state_of(i).mixer; }, x, middle, scratch.mixer);
        FeedforwardSublayer::step(
            parameters.mlp, [&](int i) -> auto& { return state_of(i).mlp; }, middle, y, scratch.mlp);
    }
};

}  // namespace midstream::layer
