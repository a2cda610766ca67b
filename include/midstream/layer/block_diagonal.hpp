/// \file
/// The affine map y = x W + b whose W is block-diagonal: each of `Heads` equal slices of x is mapped on its own.
#pragma once

#include <array>

#include "midstream/layer/layer.hpp"

namespace midstream::layer {

/// y = x W + b with `Heads` blocks of Width / Heads rows and columns on the diagonal of W, and zeros beside them.
template <int Width, int Heads>
struct BlockDiagonal {
    static_assert(Heads > 0 && Width % Heads == 0 && Width >= 2 * Heads,
                  "the width of a block-diagonal map is a multiple of its heads, at least two channels each");
    static constexpr int input_width = Width;
    static constexpr int output_width = Width;
    static constexpr int block = Width / Heads;  ///< rows and columns of a block

    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("heads", Heads);
    }

    template <class T>
    struct Parameters {
        std::array<core::Matrix<T, block, block>, Heads> weight;  ///< one block per head
        core::Vector<T, Width> bias;
        static void visit(auto& self, auto&& member) {
            member("weight", self.weight);
            member("bias", self.bias);
        }
    };
    template <class T>
    struct Tape {};
    template <class T>
    struct State {};

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        for (auto& weight : parameters.weight) variance_scaling(weight, random);
        core::map(parameters.bias).setZero();
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences, core::In<T, Width> x, core::Out<T, Width> y,
                        Tape<T>&) {
        apply(parameters, x, y);
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences, core::In<T, Width> x, Tape<T>&,
                         core::In<T, Width> dy, core::Out<T, Width> dx, Gradient&& gradient) {
        if constexpr (core::trainable<Gradient>) core::add_column_sums(view(dy), gradient.bias.values);
        for (int head = 0; head < Heads; ++head) {
            const auto h = static_cast<std::size_t>(head);
            if constexpr (core::trainable<Gradient>)
                core::add_transposed_product(slice(x, head), slice(dy, head), view(gradient.weight[h]));
            if (dx) core::add_product_transposed(slice(dy, head), view(parameters.weight[h]), slice(dx, head));
        }
    }

    template <class T>
    static void reset(State<T>&) {}

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&&, core::In<T, Width> x, core::Out<T, Width> y,
                     Tape<T>&) {
        apply(parameters, x, y);
    }

    /// y = x W + b on any rows.
    template <class W, class T = core::Computed<W>>
    static void apply(const Parameters<W>& parameters, core::In<T, Width> x, core::Out<T, Width> y) {
        for (int head = 0; head < Heads; ++head)
            core::affine(slice(x, head), view(parameters.weight[static_cast<std::size_t>(head)]),
                         parameters.bias.values + head * block, slice(y, head));
    }

private:
    /// The columns of one head: rows x block, Width apart.
    template <class T>
    static core::View<T> slice(core::Rows<T, Width> rows, int head) {
        return core::columns(rows, head * block, block);
    }
};

}  // namespace midstream::layer
