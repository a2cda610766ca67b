/// \file
/// What the encoder knows of the future: the sequence embedding s = f_emb(e_1:T) (Eq. 11 to 14; D.2).
#pragma once

#include <concepts>

#include "midstream/layer/gru.hpp"
#include "midstream/layer/linear.hpp"
#include "midstream/layer/mlp.hpp"
#include "midstream/model/hawk.hpp"

namespace midstream::control {

/// A Hawk stack of `Depth` layers as wide as what it reads: the paper's sequence embedder.
template <int Width, int Depth = 1>
using FutureHawk = model::Hawk<model::HawkShape{.depth = Depth,
                                                .width = Width,
                                                .recurrent = Width,
                                                .heads = Width >= 64 ? 8 : std::max(1, Width / 8),
                                                .taps = 4,
                                                .mlp = 2 * Width}>;

/// A block whose mixer is a GRU. Over a dozen steps it learns what comes next in a small part of the updates that
/// FutureHawk takes, whose memory begins at decays of 0.9 and more (docs/laptop-scale.md). Not in the paper.
template <int Width>
using FutureGru = model::Repeat<layer::PreNormBlock<layer::Gru<Width, Width>, layer::Mlp<Width, 2 * Width>>, 1>;

/// One vector for the whole sequence, the stack's output at the last step: the embedding of the paper, which does
/// not say how it is read off the stack (D.2).
struct LastStep {
    /// Does the stack read sequences backwards in time?
    static constexpr bool reversed = false;
    /// The row whose output is the embedding of `row`, in a sequence that begins at `first` and has `length` rows.
    static constexpr int source(int first, int length, int) { return first + length - 1; }
};

/// A vector for every step t that summarises steps t, ..., T: the stack reads sequences backwards.
struct EveryStep {
    static constexpr bool reversed = true;  ///< stacks are causal: what they have read is what they know
    /// Every row has an embedding of its own.
    static constexpr int source(int, int, int row) { return row; }
};

/// Says which rows an embedding summarises: LastStep or EveryStep, or another with the same members.
template <class S>
concept FutureScope = requires {
    { S::reversed } -> std::convertible_to<bool>;
    { S::source(0, 1, 0) } -> std::convertible_to<int>;
};

/// The rows of every sequence in opposite order; its own inverse.
template <class T, int Width>
void reverse_sequences(core::Sequences sequences, core::In<T, Width> x, core::Rows<T, Width> y) {
    for (int s = 0; s < sequences.count(); ++s) {
        const int first = sequences.row(s), length = sequences.length(s);
        for (int t = 0; t < length; ++t) std::copy_n(x.row(first + t), Width, y.row(first + length - 1 - t));
    }
}

/// A residual stack over the sequence, then a linear map to `OutputWidth`; `Scope` is LastStep or EveryStep.
template <class Stack, int OutputWidth, class Scope = LastStep>
struct FutureEmbedding {
    static constexpr int input_width = Stack::width;
    static constexpr int output_width = OutputWidth;
    using Map = layer::Linear<input_width, OutputWidth>;  ///< from the stack's last layer to the embedding

    static constexpr void describe(auto&& part) {
        part("stack", std::type_identity<Stack>{});
        part("output", OutputWidth);
        part("scope", std::type_identity<Scope>{});
    }

    template <class T>
    struct Parameters {
        typename Stack::template Parameters<T> stack;
        typename Map::template Parameters<T> map;
        static void visit(auto& self, auto&& member) {
            member("stack", self.stack);
            member("map", self.map);
        }
    };
    template <class T>
    struct Tape {
        std::array<core::Buffer<T, input_width>, Stack::depth + 1> residual;
        core::Buffer<T, input_width> flow, scratch;
        core::Buffer<T, OutputWidth> mapped, mapped_gradient;
        typename Stack::template Tape<T> stack;
        typename Map::template Tape<T> map;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Stack::initialise(parameters.stack, random);
        Map::initialise(parameters.map, random);
    }

    /// y row t = the embedding that step t sees.
    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, input_width> x,
                        core::Out<T, OutputWidth> y, Tape<T>& tape) {
        const auto first_layer = tape.residual[0].resize(x.count);
        if constexpr (Scope::reversed)
            reverse_sequences<T, input_width>(sequences, x, first_layer);
        else
            core::map(first_layer) = core::map(x);
        Stack::forward(parameters.stack, sequences, tape.residual.data(), 0, Stack::depth, tape.stack);
        auto last_layer = tape.residual[Stack::depth].view();
        if constexpr (Scope::reversed) {
            reverse_sequences<T, input_width>(sequences, last_layer, tape.scratch.resize(x.count));
            last_layer = tape.scratch.view();
        }
        const auto mapped = tape.mapped.resize(x.count);
        Map::apply(parameters.map, last_layer, mapped);
        for_rows(sequences, [&](int row, int source) { core::map_row(y, row) = core::map_row(mapped, source); });
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, input_width> x,
                         Tape<T>& tape, core::In<T, OutputWidth> dy, core::Out<T, input_width> dx,
                         Gradient&& gradient) {
        const auto mapped_gradient = tape.mapped_gradient.zeros(x.count);
        for_rows(sequences,
                 [&](int row, int source) { core::map_row(mapped_gradient, source) += core::map_row(dy, row); });
        core::Rows<const T, input_width> last_layer = tape.residual[Stack::depth].view();
        if constexpr (Scope::reversed) {
            reverse_sequences<T, input_width>(sequences, last_layer, tape.scratch.resize(x.count));
            last_layer = tape.scratch.view();
        }
        Map::backward(parameters.map, sequences, last_layer, tape.map, mapped_gradient, tape.flow.zeros(x.count),
                      core::part(gradient, &Parameters<T>::map));
        reverse(sequences, tape);
        Stack::backward(parameters.stack, sequences, tape.residual.data(), 0, Stack::depth, tape.stack, tape.flow,
                        tape.scratch, core::part(gradient, &Parameters<T>::stack));
        if (!dx) return;
        reverse(sequences, tape);
        core::map(dx) += core::map(tape.flow.view());
    }

private:
    template <class Visit>
    static void for_rows(core::Sequences sequences, Visit&& visit) {
        for (int s = 0; s < sequences.count(); ++s) {
            const int first = sequences.row(s), length = sequences.length(s);
            for (int row = first; row < first + length; ++row) visit(row, Scope::source(first, length, row));
        }
    }
    /// Turns tape.flow round in time, where the stack reads backwards.
    template <class T>
    static void reverse(core::Sequences sequences, Tape<T>& tape) {
        if constexpr (Scope::reversed) {
            reverse_sequences<T, input_width>(sequences, tape.flow.view(), tape.scratch.resize(tape.flow.count));
            std::swap(tape.flow, tape.scratch);
        }
    }
};

}  // namespace midstream::control
