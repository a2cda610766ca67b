/// \file
/// The gated recurrent unit, in the equations of `torch.nn.GRU` (the metacontroller's history; D.2).
#pragma once

#include "midstream/layer/layer.hpp"
#include "midstream/layer/linear.hpp"

namespace midstream::layer {

/// With (p_r, p_z, p_n) = x_t W_input + b_input and (u_r, u_z, u_n) = h_{t-1} W_recurrent + b_recurrent:
///
///     r = sigmoid(p_r + u_r),  z = sigmoid(p_z + u_z),  n = tanh(p_n + r u_n),  h_t = (1 - z) n + z h_{t-1},  h_0 = 0.
///
/// The output is h_t. The input map is one product over all rows; the recurrence runs in lockstep over the sequences.
template <int Input, int Hidden>
struct Gru {
    static constexpr int input_width = Input;
    static constexpr int output_width = Hidden;
    using InputMap = Linear<Input, 3 * Hidden>;       ///< from x_t to p_r, p_z, p_n
    using RecurrentMap = Linear<Hidden, 3 * Hidden>;  ///< from h_{t-1} to u_r, u_z, u_n

    static constexpr void describe(auto&& part) {
        part("input", Input);
        part("hidden", Hidden);
    }

    template <class T>
    struct Parameters {
        typename InputMap::template Parameters<T> input;  ///< columns r, z, n, as for the next
        typename RecurrentMap::template Parameters<T> recurrent;
        static void visit(auto& self, auto&& member) {
            member("input", self.input);
            member("recurrent", self.recurrent);
        }
    };
    template <class T>
    struct Tape {
        core::Lockstep lockstep;
        core::Buffer<T, 3 * Hidden> packed;     ///< p_r, p_z, p_n and their gradients, in packed order
        core::Buffer<T, 3 * Hidden> gates;      ///< r, z, n in lockstep order, as all that follow; then p's gradients
        core::Buffer<T, 3 * Hidden> recurrent;  ///< u_r, u_z, u_n, then their gradients
        core::Buffer<T, Hidden> previous;       ///< h_{t-1}
        core::Buffer<T, Hidden> hidden;         ///< h_t; in backward its gradient
        typename InputMap::template Tape<T> input_map;
        typename RecurrentMap::template Tape<T> recurrent_map;
    };
    template <class T>
    struct State {
        core::Vector<T, Hidden> hidden;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        InputMap::initialise(parameters.input, random);
        RecurrentMap::initialise(parameters.recurrent, random);
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Input> x,
                        core::Out<T, Hidden> y, Tape<T>& tape) {
        const core::Lockstep& lockstep = tape.lockstep;
        tape.lockstep.assign(sequences);
        const core::Rows<const T, 3 * Hidden> packed = tape.packed.resize(x.count);
        InputMap::apply(parameters.input, x, tape.packed.view());
        const auto gates = tape.gates.resize(x.count), recurrent = tape.recurrent.resize(x.count);
        const auto previous = tape.previous.resize(x.count), hidden = tape.hidden.resize(x.count);
        lockstep.gather(packed, gates);
        for (int t = 0; t < lockstep.steps(); ++t) {
            const int start = lockstep.start(t), active = lockstep.active(t);
            if (t == 0)
                core::clear(view(previous.slice(0, active)));
            else
                core::copy(view(hidden.slice(lockstep.start(t - 1), active)), view(previous.slice(start, active)));
            RecurrentMap::apply(parameters.recurrent, previous.slice(start, active), recurrent.slice(start, active));
            for (int row = start; row < start + active; ++row) cell(gates, recurrent, previous, hidden, row);
        }
        const core::Rows<const T, Hidden> result = hidden;
        lockstep.scatter(result, y);
    }

    /// Spends the tape: a second backward needs another forward.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Input> x,
                         Tape<T>& tape, core::In<T, Hidden> dy, core::Out<T, Input> dx, Gradient&& gradient) {
        const core::Lockstep& lockstep = tape.lockstep;
        const auto gates = tape.gates.view(), recurrent = tape.recurrent.view();
        const auto previous = tape.previous.view(), dhidden = tape.hidden.view();
        lockstep.gather(dy, dhidden);
        for (int t = lockstep.steps() - 1; t >= 0; --t) {
            const int start = lockstep.start(t), active = lockstep.active(t);
            for (int row = start; row < start + active; ++row) cell_backward(gates, recurrent, previous, dhidden, row);
            if (t == 0) break;
            const auto dprevious = view(dhidden.slice(lockstep.start(t - 1), active));
            core::add(view(dhidden.slice(start, active)), dprevious);  // what cell_backward left: z dh
            core::add_product_transposed(view(recurrent.slice(start, active)), view(parameters.recurrent.weight),
                                         dprevious);
        }
        RecurrentMap::backward(parameters.recurrent, sequences, previous, tape.recurrent_map, recurrent, {},
                               core::part(gradient, &Parameters<T>::recurrent));
        const core::Rows<const T, 3 * Hidden> dgates = gates;
        lockstep.scatter(dgates, tape.packed.view());
        InputMap::backward(parameters.input, sequences, x, tape.input_map, tape.packed.view(), dx,
                           core::part(gradient, &Parameters<T>::input));
    }

    template <class T>
    static void reset(State<T>& state) {
        core::map(state.hidden).setZero();
    }

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::In<T, Input> x, core::Out<T, Hidden> y,
                     Tape<T>& tape) {
        const auto gates = tape.gates.resize(x.count), recurrent = tape.recurrent.resize(x.count);
        const auto previous = tape.previous.resize(x.count);
        for (int i = 0; i < x.count; ++i) core::map_row(previous, i) = core::map(state_of(i).hidden);
        InputMap::apply(parameters.input, x, gates);
        RecurrentMap::apply(parameters.recurrent, previous, recurrent);
        for (int i = 0; i < x.count; ++i) {
            cell(gates, recurrent, previous, y, i);
            core::map(state_of(i).hidden) = core::map_row(y, i);
        }
    }

    // The cell alone, for other recurrences (masked_gru.hpp).

    /// Turns p into r, z, n in place and writes h_t, of one row.
    template <class T>
    static void cell(core::Rows<T, 3 * Hidden> gates, core::Rows<T, 3 * Hidden> recurrent,
                     core::Rows<T, Hidden> previous, core::Rows<T, Hidden> hidden, int row) {
        auto r = group(gates, row, 0), z = group(gates, row, 1), n = group(gates, row, 2);
        r = (r + group(recurrent, row, 0)).logistic();
        z = (z + group(recurrent, row, 1)).logistic();
        n = (n + r * group(recurrent, row, 2)).tanh();
        core::map_row(hidden, row).array() = n + z * (core::map_row(previous, row).array() - n);
    }

    /// Turns r, z, n into the gradients of p, u into its gradients, and dh_t into its direct part of dh_{t-1}, z dh_t.
    template <class T>
    static void cell_backward(core::Rows<T, 3 * Hidden> gates, core::Rows<T, 3 * Hidden> recurrent,
                              core::Rows<T, Hidden> previous, core::Rows<T, Hidden> dhidden, int row) {
        const Row<T> r = group(gates, row, 0), z = group(gates, row, 1), n = group(gates, row, 2);
        auto dh = core::map_row(dhidden, row).array();
        const Row<T> dn = dh * (T(1) - z) * (T(1) - n.square());
        const Row<T> dr = dn * group(recurrent, row, 2) * r * (T(1) - r);
        const Row<T> dz = dh * (core::map_row(previous, row).array() - n) * z * (T(1) - z);
        group(gates, row, 0) = dr;
        group(gates, row, 1) = dz;
        group(gates, row, 2) = dn;
        group(recurrent, row, 0) = dr;
        group(recurrent, row, 1) = dz;
        group(recurrent, row, 2) = dn * r;
        dh *= z;
    }

private:
    template <class T>
    using Row = Eigen::Array<T, 1, Hidden>;

    /// One of the three groups of columns of a row: 0 for r, 1 for z, 2 for n.
    template <class T>
    static auto group(core::Rows<T, 3 * Hidden> rows, int row, int index) {
        return core::EigenMap<T, 1, Hidden>(rows.row(row) + index * Hidden).array();
    }
};

}  // namespace midstream::layer
