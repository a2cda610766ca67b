/// \file
/// The delay by one step within each sequence: what an autoregressive reader sees of a state, h_{t-1} beside e_t.
#pragma once

#include <algorithm>

#include "midstream/core/product.hpp"
#include "midstream/core/sequences.hpp"

namespace midstream::layer {

/// previous_t = h_{t-1} within each sequence, and zero at its first step. The two must not overlap.
template <class T, int Width>
void shift(core::Sequences sequences, core::In<T, Width> h, core::Rows<T, Width> previous) {
    for (int s = 0; s < sequences.count(); ++s) {
        const int first = sequences.row(s), length = sequences.length(s);
        if (length == 0) continue;
        std::fill_n(previous.row(first), Width, T(0));
        core::copy(view(h.slice(first, length - 1)), view(previous.slice(first + 1, length - 1)));
    }
}

/// The adjoint of `shift`: dh_t += dprevious_{t+1} within each sequence.
template <class T, int Width>
void unshift_add(core::Sequences sequences, core::In<T, Width> dprevious, core::Rows<T, Width> dh) {
    for (int s = 0; s < sequences.count(); ++s) {
        const int first = sequences.row(s), length = sequences.length(s);
        if (length < 2) continue;
        core::add(view(dprevious.slice(first + 1, length - 1)), view(dh.slice(first, length - 1)));
    }
}

}  // namespace midstream::layer
