/// \file
/// The inference network of a metacontroller (Eq. 11 to 14; D.2): from a residual stream the past that the switch sees,
/// and what the encoder, which sees the future too, says of every step.
#pragma once

#include "midstream/control/future.hpp"
#include "midstream/control/observer.hpp"
#include "midstream/layer/gru.hpp"
#include "midstream/layer/mlp.hpp"
#include "midstream/layer/shift.hpp"

namespace midstream::control {

/// With h_t = GRU(e_t, h_{t-1}) of `HistoryWidth` numbers and s_t the embedding of what `Observer` extracts, `Output`
/// numbers encoded_t = MLP(e_t, h_{t-1}, s_t) for every step; of an observer other than ResidualStream, MLP(s_t).
template <class Observer, class Future, int HistoryWidth, int Hidden, int Output>
struct InferenceNetwork {
    static constexpr int width = Future::input_width,  ///< numbers of e_t
        embedding = Future::output_width;              ///< numbers of s_t
    /// e_t beside h_{t-1}: what the switch sees of the past.
    static constexpr int past = width + HistoryWidth;
    /// Does the encoder see the residual stream, and with it all that the switch sees, or something else alone?
    static constexpr bool sees_residual = std::is_same_v<Observer, ResidualStream>;
    /// Numbers that the encoder's MLP reads for each step.
    static constexpr int encoder_width = (sees_residual ? past : 0) + embedding;
    using Observing = ObserverEmbedding<Observer, Future>;      ///< makes s_t
    using History = layer::Gru<width, HistoryWidth>;            ///< makes h_t
    using Encoder = layer::Mlp<encoder_width, Hidden, Output>;  ///< makes encoded_t

    template <class T>
    struct Parameters {
        typename Observing::template Parameters<T> future;
        typename History::template Parameters<T> history;
        typename Encoder::template Parameters<T> encoder;
        static void visit(auto& self, auto&& member) {
            member("future", self.future);
            member("history", self.history);
            member("encoder", self.encoder);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, past> past_rows, past_gradient;  ///< what forward leaves, and backward finds its gradient in
        core::Buffer<T, HistoryWidth> histories, previous_histories, histories_gradient, previous_histories_gradient;
        core::Buffer<T, embedding> embedded, embedded_gradient;
        core::Buffer<T, encoder_width> encoder_input, encoder_input_gradient;
        ObservedRows<Observer, T> observed;
        typename Observing::template Tape<T> future;
        typename History::template Tape<T> history;
        typename Encoder::template Tape<T> encoder;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Observing::template initialise<T>(parameters.future, random);
        History::initialise(parameters.history, random);
        Encoder::initialise(parameters.encoder, random);
    }

    /// `observed` has what the encoder sees, if that is not the residual stream, and outlives the backward pass.
    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e,
                        ObservedRows<Observer, T> observed, core::Out<T, Output> encoded, Tape<T>& tape) {
        const int rows = e.count;
        History::forward(parameters.history, sequences, e, tape.histories.resize(rows), tape.history);
        layer::shift<T, HistoryWidth>(sequences, tape.histories.view(), tape.previous_histories.resize(rows));
        tape.observed = observed;
        Observing::template forward<T>(parameters.future, sequences, e, observed, tape.embedded.resize(rows),
                                       tape.future);
        const auto past_rows = tape.past_rows.resize(rows);
        const auto encoder_input = tape.encoder_input.resize(rows);
        core::copy(view(e), columns(past_rows, 0, width));
        core::copy(view(tape.previous_histories.view()), columns(past_rows, width, HistoryWidth));
        if constexpr (sees_residual) core::copy(view(past_rows), columns(encoder_input, 0, past));
        core::copy(view(tape.embedded.view()), columns(encoder_input, encoder_width - embedding, embedding));
        Encoder::forward(parameters.encoder, sequences, encoder_input, encoded, tape.encoder);
    }

    /// From the gradient of what is encoded, and that of the past in tape.past_gradient; adds to that of e (if wanted)
    /// and of the parameters.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e,
                         Tape<T>& tape, core::In<T, Output> encoded_gradient, core::Out<T, width> e_gradient,
                         Gradient&& gradient) {
        using P = Parameters<T>;
        const int rows = e.count;
        const auto past_gradient = tape.past_gradient.view();
        const auto encoder_input_gradient = tape.encoder_input_gradient.zeros(rows);
        Encoder::backward(parameters.encoder, sequences, tape.encoder_input.view(), tape.encoder, encoded_gradient,
                          encoder_input_gradient, core::part(gradient, &P::encoder));
        if constexpr (sees_residual) core::add(columns(encoder_input_gradient, 0, past), view(past_gradient));
        core::copy(columns(encoder_input_gradient, encoder_width - embedding, embedding),
                   view(tape.embedded_gradient.resize(rows)));
        Observing::template backward<T>(parameters.future, sequences, e, tape.observed, tape.future,
                                        tape.embedded_gradient.view(), e_gradient, core::part(gradient, &P::future));
        core::copy(columns(past_gradient, width, HistoryWidth), view(tape.previous_histories_gradient.resize(rows)));
        layer::unshift_add<T, HistoryWidth>(sequences, tape.previous_histories_gradient.view(),
                                            tape.histories_gradient.zeros(rows));
        History::backward(parameters.history, sequences, e, tape.history, tape.histories_gradient.view(), e_gradient,
                          core::part(gradient, &P::history));
        if (e_gradient) core::add(columns(past_gradient, 0, width), view(e_gradient));
    }
};

}  // namespace midstream::control
