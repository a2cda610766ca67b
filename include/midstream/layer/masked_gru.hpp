/// \file
/// A gated recurrent unit that a mask makes forget: h_t = m_t gru(x_t, h_{t-1}). Kipf et al. 2019 ("CompILE", arXiv
/// 1812.01483) read every segment so, the mask being the probability that the segment has begun.
#pragma once

#include "midstream/layer/gru.hpp"

namespace midstream::layer {

/// The recurrence alone, on rows in the lockstep order of sequences (core::Lockstep). Where several masks read the same
/// sequences, the input map is applied once: what is read here is p = x W_input + b_input (layer/gru.hpp).
template <int Input, int Hidden>
struct MaskedGru {
    using Cell = Gru<Input, Hidden>;                   ///< the unit, whose parameters these are
    static constexpr int input_width = Input;          ///< numbers of x_t
    static constexpr int output_width = Hidden;        ///< numbers of h_t
    static constexpr int packed_width = 3 * Hidden;    ///< numbers of p_t
    using RecurrentMap = typename Cell::RecurrentMap;  ///< from h_{t-1} to u_r, u_z, u_n

    /// Those of the unit.
    template <class T>
    using Parameters = typename Cell::template Parameters<T>;
    template <class T>
    struct Tape {
        core::Buffer<T, packed_width> gates;      ///< r, z, n; in backward p's gradients
        core::Buffer<T, packed_width> recurrent;  ///< u_r, u_z, u_n; in backward their gradients
        core::Buffer<T, Hidden> previous;         ///< h_{t-1}
        core::Buffer<T, Hidden> cells;            ///< gru(x_t, h_{t-1}), before the mask
        core::Buffer<T, Hidden> gradient;         ///< of h_t, during backward
        typename RecurrentMap::template Tape<T> recurrent_map;
    };

    /// From p and the mask to h.
    template <class T>
    static void forward(const Parameters<T>& parameters, const core::Lockstep& lockstep, core::In<T, packed_width> p,
                        core::In<T, 1> mask, core::Out<T, Hidden> h, Tape<T>& tape) {
        const auto gates = tape.gates.resize(p.count), recurrent = tape.recurrent.resize(p.count);
        const auto previous = tape.previous.resize(p.count), cells = tape.cells.resize(p.count);
        core::copy(view(p), view(gates));
        for (int t = 0; t < lockstep.steps(); ++t) {
            const int start = lockstep.start(t), active = lockstep.active(t);
            if (t == 0)
                core::clear(view(previous.slice(0, active)));
            else
                core::copy(view(h.slice(lockstep.start(t - 1), active)), view(previous.slice(start, active)));
            RecurrentMap::apply(parameters.recurrent, previous.slice(start, active), recurrent.slice(start, active));
            for (int row = start; row < start + active; ++row) {
                Cell::cell(gates, recurrent, previous, cells, row);
                core::map_row(h, row) = mask.data[row] * core::map_row(cells, row);
            }
        }
    }

    /// Adds to the gradients of p, of the mask and of the recurrent map. Spends the tape.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, const core::Lockstep& lockstep, core::Sequences sequences,
                         core::In<T, 1> mask, Tape<T>& tape, core::In<T, Hidden> dh, core::Out<T, packed_width> dp,
                         core::Out<T, 1> dmask, Gradient&& gradient) {
        const auto gates = tape.gates.view(), recurrent = tape.recurrent.view();
        const auto previous = tape.previous.view(), cells = tape.cells.view();
        const auto flow = tape.gradient.resize(dh.count);
        core::copy(view(dh), view(flow));
        for (int t = lockstep.steps() - 1; t >= 0; --t) {
            const int start = lockstep.start(t), active = lockstep.active(t);
            for (int row = start; row < start + active; ++row) {
                dmask.data[row] += core::map_row(cells, row).dot(core::map_row(flow, row));
                core::map_row(flow, row) *= mask.data[row];
                Cell::cell_backward(gates, recurrent, previous, flow, row);
            }
            if (t == 0) break;
            const auto before = view(flow.slice(lockstep.start(t - 1), active));
            core::add(view(flow.slice(start, active)), before);  // what cell_backward left: z times the gradient
            core::add_product_transposed(view(recurrent.slice(start, active)), view(parameters.recurrent.weight),
                                         before);
        }
        RecurrentMap::backward(parameters.recurrent, sequences, previous, tape.recurrent_map, recurrent, {},
                               core::part(gradient, &Parameters<T>::recurrent));
        core::add(view(gates), view(dp));
    }
};

}  // namespace midstream::layer
