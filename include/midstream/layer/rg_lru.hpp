/// \file
/// The real-gated linear recurrent unit of Griffin and Hawk (De et al. 2024, arXiv 2402.19427; the paper's D.1).
#pragma once

#include <cmath>
#include <limits>

#include "midstream/layer/block_diagonal.hpp"
#include "midstream/layer/layer.hpp"
#include "midstream/layer/math.hpp"

namespace midstream::layer {

/// From x_t, with r_t = sigmoid(x_t W_a + b_a) and i_t = sigmoid(x_t W_x + b_x), both maps block-diagonal:
///
///     log a_t = -8 softplus(lambda) r_t,    h_t = a_t h_{t-1} + sqrt(1 - a_t^2) (i_t x_t),    h_0 = 0,
///
/// everything but the two maps channel by channel. The output is h_t; the first step is scaled like all others.
template <int Width, int Heads = 8>
struct RgLru {
    static constexpr int input_width = Width;
    static constexpr int output_width = Width;
    using Gate = BlockDiagonal<Width, Heads>;  ///< from x_t to the logits of r_t, and of i_t

    /// At r_t = 1 the decay a_t is exp(-8 softplus(lambda)); `initialise` draws it uniformly from this range.
    static constexpr double least_decay = 0.9,  ///< the least of that range
        greatest_decay = 0.999;                 ///< the largest

    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("heads", Heads);
        part("sharpness", sharpness);
        part("least_decay", least_decay);
        part("greatest_decay", greatest_decay);
    }

    template <class T>
    struct Parameters {
        typename Gate::template Parameters<T> recurrence_gate;  ///< W_a, b_a
        typename Gate::template Parameters<T> input_gate;       ///< W_x, b_x
        core::Vector<T, Width> lambda;
        static void visit(auto& self, auto&& member) {
            member("recurrence_gate", self.recurrence_gate);
            member("input_gate", self.input_gate);
            member("lambda", self.lambda);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, Width> recurrence_gate;  ///< r_t; in backward the gradient of its logit
        core::Buffer<T, Width> input_gate;       ///< i_t; in backward the gradient of its logit
        core::Buffer<T, Width> decay;            ///< a_t
        core::Buffer<T, Width> scale;            ///< sqrt(1 - a_t^2)
        core::Buffer<T, Width> hidden;           ///< h_t
        typename Gate::template Tape<T> gate;
    };
    template <class T>
    struct State {
        core::Vector<T, Width> hidden;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Gate::initialise(parameters.recurrence_gate, random);
        Gate::initialise(parameters.input_gate, random);
        for (T& lambda : parameters.lambda.values) {
            const double decay = least_decay + (greatest_decay - least_decay) * random.uniform();
            lambda = static_cast<T>(std::log(std::expm1(-std::log(decay) / sharpness)));  // the inverse of softplus
        }
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Width> x,
                        core::Out<T, Width> y, Tape<T>& tape) {
        gates(parameters, x, tape);
        const auto hidden = tape.hidden.resize(x.count);
        for (int s = 0; s < sequences.count(); ++s) {
            const int first = sequences.row(s);
            for (int row = first; row < first + sequences.length(s); ++row) {
                auto h = core::map_row(hidden, row).array();
                h = drive(x, tape, row);
                if (row > first)
                    h += core::map_row(tape.decay.view(), row).array() * core::map_row(hidden, row - 1).array();
            }
        }
        core::map(y) = core::map(hidden);
    }

    /// Spends the tape: a second backward needs another forward.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Width> x,
                         Tape<T>& tape, core::In<T, Width> dy, core::Out<T, Width> dx, Gradient&& gradient) {
        const auto r = tape.recurrence_gate.view(), i = tape.input_gate.view();
        // The gradient is taken in log L, where L = -log a_t = 8 softplus(lambda) r_t: with respect to a_t or to L it
        // grows without bound as a_t nears 1, while L d sqrt(1 - a_t^2) / dL = L a_t^2 / sqrt(1 - a_t^2) fades out.
        const Row<T> rate = T(sharpness) * softplus(lambda_of(parameters));
        Row<T> drate_log = Row<T>::Zero();  // the gradient of log softplus(lambda)
        Row<T> dh;
        for (int s = 0; s < sequences.count(); ++s) {
            const int first = sequences.row(s);
            dh.setZero();
            for (int row = first + sequences.length(s) - 1; row >= first; --row) {
                const Row<T> a = core::map_row(tape.decay.view(), row).array();
                const Row<T> b = core::map_row(tape.scale.view(), row).array();
                const Row<T> input = core::map_row(x, row).array();
                auto r_row = core::map_row(r, row).array();
                auto i_row = core::map_row(i, row).array();
                dh += core::map_row(dy, row).array();
                const Row<T> loss_rate = rate * r_row;
                Row<T> dlog = i_row * input * a.square() / b.max(std::numeric_limits<T>::min());
                if (row > first) dlog -= a * core::map_row(tape.hidden.view(), row - 1).array();
                dlog *= dh * loss_rate;
                drate_log += dlog;
                r_row = dlog * (T(1) - r_row);
                if (dx) core::map_row(dx, row).array() += dh * b * i_row;
                i_row = dh * b * input * i_row * (T(1) - i_row);
                dh *= a;
            }
        }
        Gate::backward(parameters.recurrence_gate, sequences, x, tape.gate, r, dx,
                       core::part(gradient, &Parameters<T>::recurrence_gate));
        Gate::backward(parameters.input_gate, sequences, x, tape.gate, i, dx,
                       core::part(gradient, &Parameters<T>::input_gate));
        if constexpr (core::trainable<Gradient>) {
            const Row<T> slope = core::map(parameters.lambda).array().logistic();
            core::map(gradient.lambda).array() +=
                drate_log * slope / softplus(lambda_of(parameters)).max(std::numeric_limits<T>::min());
        }
    }

    template <class T>
    static void reset(State<T>& state) {
        core::map(state.hidden).setZero();
    }

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::In<T, Width> x, core::Out<T, Width> y,
                     Tape<T>& tape) {
        gates(parameters, x, tape);
        for (int row = 0; row < x.count; ++row) {
            auto& state = state_of(row);
            auto h = core::map(state.hidden).array();
            h = core::map_row(tape.decay.view(), row).array() * h + drive(x, tape, row);
            core::map_row(y, row).array() = h;
        }
    }

private:
    static constexpr double sharpness = 8;  // the paper's constant c

    template <class T>
    using Row = Eigen::Array<T, 1, Width>;

    template <class W>
    static Row<core::Computed<W>> lambda_of(const Parameters<W>& parameters) {
        return core::map(parameters.lambda).array();
    }

    /// r, i, a and sqrt(1 - a^2) of all rows.
    template <class W, class T>
    static void gates(const Parameters<W>& parameters, core::In<T, Width> x, Tape<T>& tape) {
        const auto r = tape.recurrence_gate.resize(x.count), i = tape.input_gate.resize(x.count);
        const auto decay = tape.decay.resize(x.count), scale = tape.scale.resize(x.count);
        Gate::apply(parameters.recurrence_gate, x, r);
        Gate::apply(parameters.input_gate, x, i);
        const Row<T> rate = T(sharpness) * softplus(lambda_of(parameters));
        for (int row = 0; row < x.count; ++row) {
            auto r_row = core::map_row(r, row).array();
            auto i_row = core::map_row(i, row).array();
            r_row = r_row.logistic();
            i_row = i_row.logistic();
            // Since m = a - 1 is taken directly, 1 - a^2 = -m (2 + m) loses no digits as a nears 1.
            const Row<T> m = (-rate * r_row).expm1();
            core::map_row(decay, row).array() = T(1) + m;
            core::map_row(scale, row).array() = (-m * (T(2) + m)).sqrt();
        }
    }

    /// sqrt(1 - a_t^2) (i_t x_t) of one row.
    template <class T>
    static Row<T> drive(core::Rows<const T, Width> x, Tape<T>& tape, int row) {
        return core::map_row(tape.scale.view(), row).array() * core::map_row(tape.input_gate.view(), row).array() *
               core::map_row(x, row).array();
    }
};

}  // namespace midstream::layer
