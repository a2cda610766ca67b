/// \file
/// What a layer is. A layer is a type without state: it names its widths, owns three plain aggregates and has static
/// functions on packed batches.
///
///     struct MyLayer {
///         static constexpr int input_width = ..., output_width = ...;
///         template <class T> struct Parameters { ...; static void visit(auto& self, auto&& member); };
///         template <class T> struct Tape  { ... };   // what backward needs, and scratch; grows, never shrinks
///         template <class T> struct State { ... };   // what one instance carries from step to step
///         template <class T> static void initialise(Parameters<T>&, core::Random&);
///         template <class T> static void forward(const Parameters<T>&, core::Sequences, core::In<T, input_width> x,
///                                                core::Out<T, output_width> y, Tape<T>&);
///         template <class T, class Gradient>
///         static void backward(const Parameters<T>&, core::Sequences, core::In<T, input_width> x, Tape<T>&,
///                              core::In<T, output_width> dy, core::Out<T, input_width> dx, Gradient&& gradient);
///         template <class T> static void reset(State<T>&);
///         template <class T, class StateOf> static void step(const Parameters<T>&, StateOf&& state_of,
///                              core::In<T, input_width> x, core::Out<T, output_width> y, Tape<T>& scratch);
///     };
///
/// Conventions, the same for every layer:
/// - step t of sequence s is row sequences.row(s) + t of x and y, and nothing passes from one sequence to another;
/// - forward overwrites y; x and y never overlap;
/// - backward takes the x of the last forward, *adds* to dx and to the gradient; a null dx is not computed; the
///   gradient is a Parameters<T>& or core::Frozen; it may use up the tape: one backward for every forward;
/// - Parameters may be one core::Matrix or core::Vector by another name, and Tape and State any aggregate: a layer
///   with one kind of number needs no structs;
/// - weights for acting may be of another type than what is computed, core::EightBits: layers that allow for it have
///   `template <class W, class StateOf, class T> static void step(const Parameters<W>&, ..., Tape<T>& scratch)`;
/// - a layer that takes no sequence longer than so many steps says so by a constant `context`;
/// - step advances x.count instances by one step; row i belongs to the instance whose state is `state_of(i)`.
/// Nothing allocates once the tape has seen its largest batch. Checkpoints name a layer by its type; one that is a
/// template lists its arguments for that in `describe(part)` (core/describe.hpp).
///
/// examples/corridor has a layer of its own; tests/support/layer_check.hpp checks any layer's gradients and steps.
#pragma once

#include <limits>
#include <type_traits>

#include "midstream/core/eight_bits.hpp"
#include "midstream/core/parameters.hpp"
#include "midstream/core/product.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/sequences.hpp"
#include "midstream/core/tensor.hpp"

namespace midstream::layer {

/// See the head of this file.
template <class L, class T = float>
concept Layer = requires(const typename L::template Parameters<T>& parameters,
                         typename L::template Parameters<T>& gradient, typename L::template Tape<T>& tape,
                         typename L::template State<T>& state, core::Random& random, core::Sequences sequences,
                         core::Rows<const T, L::input_width> x, core::Rows<T, L::input_width> dx,
                         core::Rows<T, L::output_width> y, core::Rows<const T, L::output_width> dy,
                         typename L::template State<T>& (*state_of)(int)) {
    requires core::ParameterStruct<typename L::template Parameters<T>>;
    L::initialise(gradient, random);
    L::forward(parameters, sequences, x, y, tape);
    L::backward(parameters, sequences, x, tape, dy, dx, gradient);
    L::backward(parameters, sequences, x, tape, dy, dx, core::Frozen{});
    L::reset(state);
    L::step(parameters, state_of, x, y, tape);
};

/// Tells in a sentence what a type lacks to be a Layer.
template <class L, class T = float>
constexpr bool check_layer() {
    constexpr bool named = requires {
        typename std::integral_constant<int, L::input_width>;
        typename std::integral_constant<int, L::output_width>;
        typename L::template Parameters<T>;
        typename L::template Tape<T>;
        typename L::template State<T>;
        requires core::ParameterStruct<typename L::template Parameters<T>>;
    };
    static_assert(named,
                  "a layer names its `input_width` and `output_width`, and has three templates: Parameters<T> (with "
                  "`visit`), Tape<T> and State<T>");
    if constexpr (named) {
        using P = typename L::template Parameters<T>;
        using Tape = typename L::template Tape<T>;
        using State = typename L::template State<T>;
        using In = core::Rows<const T, L::input_width>;
        using DIn = core::Rows<T, L::input_width>;
        using Out = core::Rows<T, L::output_width>;
        using DOut = core::Rows<const T, L::output_width>;
        static_assert(
            requires(P & p, core::Random & random) { L::initialise(p, random); },
            "a layer draws its parameters by `static void initialise(Parameters<T>&, core::Random&)`");
        static_assert(
            requires(const P& p, core::Sequences sequences, In x, Out y, Tape& tape) {
                L::forward(p, sequences, x, y, tape);
            },
            "a layer has `static void forward(const Parameters<T>&, core::Sequences, core::In<T, input_width> x, "
            "core::Out<T, output_width> y, Tape<T>&)`");
        static_assert(
            requires(const P& p, core::Sequences sequences, In x, Tape& tape, DOut dy, DIn dx, P& gradient) {
                L::backward(p, sequences, x, tape, dy, dx, gradient);
                L::backward(p, sequences, x, tape, dy, dx, core::Frozen{});
            },
            "a layer has `static void backward(const Parameters<T>&, core::Sequences, core::In<T, input_width> x, "
            "Tape<T>&, core::In<T, output_width> dy, core::Out<T, input_width> dx, Gradient&& gradient)`, whose last "
            "argument is a Parameters<T>& or core::Frozen");
        static_assert(
            requires(State & state) { L::reset(state); },
            "a layer begins a sequence by `static void reset(State<T>&)`");
        static_assert(
            requires(const P& p, State& (*state_of)(int), In x, Out y, Tape& tape) {
                L::step(p, state_of, x, y, tape);
            },
            "a layer has `static void step(const Parameters<T>&, StateOf&& state_of, core::In<T, input_width> x, "
            "core::Out<T, output_width> y, Tape<T>& scratch)`");
    }
    return Layer<L, T>;
}

/// A layer whose output has its input's width: what mixes a residual stream, or is a block of one.
template <class L, class T = float>
concept Block = Layer<L, T> &&(L::input_width == L::output_width);

/// The context of what takes sequences of whatever length.
inline constexpr int unbounded = std::numeric_limits<int>::max();
/// The longest sequence that a layer or a stack takes: its constant `context`, or `unbounded` where it has none.
template <class L>
inline constexpr int context_of = unbounded;
/// Its constant `context`.
template <class L>
requires requires { L::context; }
inline constexpr int context_of<L> = L::context;
/// The longest episode that a layer or a stack acts in, step by step: its constant `episode`, or its context where it
/// has none. It is longer than that where attention slides.
template <class L>
inline constexpr int episode_of = context_of<L>;
/// Its constant `episode`.
template <class L>
requires requires { L::episode; }
inline constexpr int episode_of<L> = L::episode;

/// State or tape of a layer that has none.
struct Nothing {};

/// Variance scaling as everywhere in the paper: normal with variance scale / fan_in.
template <class T, int R, int C>
void variance_scaling(core::Matrix<T, R, C>& matrix, core::Random& random, double scale = 0.1) {
    const double deviation = std::sqrt(scale / R);
    for (T& value : matrix.values) value = static_cast<T>(deviation * random.normal());
}

}  // namespace midstream::layer
