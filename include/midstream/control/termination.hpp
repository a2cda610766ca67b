/// \file
/// When a code ends, learned from where segments were seen to end: CompILE's termination policy (Kipf et al. 2019,
/// arXiv 1812.01483), in the form of the metacontroller's switching unit, so that internal RL acts with both alike.
#pragma once

#include <algorithm>
#include <cmath>

#include "midstream/control/switching_unit.hpp"
#include "midstream/layer/gru.hpp"
#include "midstream/layer/math.hpp"
#include "midstream/layer/shift.hpp"

namespace midstream::control {

/// With h_t = GRU(e_t, h_{t-1}) the logit of a switching unit on e_t, h_{t-1} and z_{t-1}, the code in force. Learns by
/// cross-entropy how probable it is that another segment begins at t; the first step of a sequence is not asked about.
/// It imitates: no gradient of it reaches codes, boundaries or the residual stream.
template <int Width, int Code, int HistoryWidth, int Hidden, class SwitchPolicy>
struct Termination {
    using History = layer::Gru<Width, HistoryWidth>;               ///< makes h_t
    static constexpr int past = Width + HistoryWidth;              ///< what is seen of the past: e_t beside h_{t-1}
    using Unit = SwitchingUnit<past, Code, Hidden, SwitchPolicy>;  ///< makes logits, in training as in acting

    template <class T>
    struct Parameters {
        typename History::template Parameters<T> history;
        typename Unit::template Parameters<T> unit;
        static void visit(auto& self, auto&& member) {
            member("history", self.history);
            member("unit", self.unit);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, Width> read;  ///< e_t
        core::Buffer<T, HistoryWidth> histories, previous, histories_gradient, previous_gradient;
        core::Buffer<T, past> past_rows, past_gradient;
        core::Buffer<T, Code> before;  ///< z_{t-1}; 0 at the first step
        core::Buffer<T, Hidden> hidden, hidden_gradient;
        core::Buffer<T, 1> logits, logits_gradient;
        typename History::template Tape<T> history;
        typename Unit::FromPast::template Tape<T> from_past;
        typename Unit::Output::template Tape<T> output;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        History::initialise(parameters.history, random);
        Unit::initialise(parameters.unit, random);
    }

    /// Keeps the residual stream, of which `forward` makes logits.
    template <class T>
    static void see(core::In<T, Width> e, Tape<T>& tape) {
        core::copy(view(e), view(tape.read.resize(e.count)));
    }

    /// From the codes of all steps to the logits, and to their cross-entropy with the probabilities that a segment
    /// begins: its sum, in nats.
    template <class T>
    static double forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Code> codes,
                          core::In<T, 1> begins, Tape<T>& tape) {
        const auto e = std::as_const(tape.read).view();
        const int rows = e.count;
        History::forward(parameters.history, sequences, e, tape.histories.resize(rows), tape.history);
        layer::shift<T, HistoryWidth>(sequences, tape.histories.view(), tape.previous.resize(rows));
        layer::shift<T, Code>(sequences, codes, tape.before.resize(rows));
        const auto past_rows = tape.past_rows.resize(rows);
        core::copy(view(e), columns(past_rows, 0, Width));
        core::copy(view(tape.previous.view()), columns(past_rows, Width, HistoryWidth));
        const auto logits = tape.logits.resize(rows);
        Unit::step(parameters.unit, past_rows, tape.before.view(), tape.hidden.resize(rows), logits);
        double sum = 0;
        for_asked(sequences, [&](int row) {
            const T logit = logits.data[row];
            sum += static_cast<double>(layer::softplus(logit) - begins.data[row] * logit);
        });
        return sum;
    }

    /// Adds `weight` times the gradient of the sum.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, 1> begins, T weight,
                         Tape<T>& tape, Gradient&& gradient) {
        if constexpr (core::trainable<Gradient>) {
            using U = typename Unit::template Parameters<T>;
            const int rows = tape.read.count;
            const auto logits_gradient = tape.logits_gradient.zeros(rows);
            for_asked(sequences, [&](int row) {
                logits_gradient.data[row] = weight * (layer::sigmoid(tape.logits.view().data[row]) - begins.data[row]);
            });
            auto& unit = core::part(gradient, &Parameters<T>::unit);
            const auto hidden_gradient = tape.hidden_gradient.zeros(rows);
            Unit::Output::backward(parameters.unit.output, sequences, tape.hidden.view(), tape.output, logits_gradient,
                                   hidden_gradient, core::part(unit, &U::output));
            const auto hidden = tape.hidden.view().flat(), flow = hidden_gradient.flat();
            for (std::size_t i = 0; i < hidden.size(); ++i) flow[i] = hidden[i] > T(0) ? flow[i] : T(0);
            core::add_transposed_product(view(tape.before.view()), view(hidden_gradient), view(unit.code));
            const auto past_gradient = tape.past_gradient.zeros(rows);
            Unit::FromPast::backward(parameters.unit.past, sequences, tape.past_rows.view(), tape.from_past,
                                     hidden_gradient, past_gradient, core::part(unit, &U::past));
            core::copy(columns(past_gradient, Width, HistoryWidth), view(tape.previous_gradient.resize(rows)));
            layer::unshift_add<T, HistoryWidth>(sequences, tape.previous_gradient.view(),
                                                tape.histories_gradient.zeros(rows));
            History::backward(parameters.history, sequences, tape.read.view(), tape.history,
                              tape.histories_gradient.view(), {}, core::part(gradient, &Parameters<T>::history));
        }
    }

private:
    /// Calls visit(row) for every row but each sequence's first, at which a code is asked for whatever the unit says.
    template <class Visit>
    static void for_asked(core::Sequences sequences, Visit&& visit) {
        for (int s = 0; s < sequences.count(); ++s)
            for (int t = 1; t < sequences.length(s); ++t) visit(sequences.row(s) + t);
    }
};

}  // namespace midstream::control
