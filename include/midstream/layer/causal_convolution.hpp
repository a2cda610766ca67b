/// \file
/// The short temporal convolution before the RG-LRU (D.1): depthwise, causal, within each sequence.
#pragma once

#include <algorithm>

#include "midstream/layer/layer.hpp"

namespace midstream::layer {

/// y_t = b + sum_k w_k * x_{t-k} for k = 0, ..., Taps - 1, each channel on its own; x is zero before a sequence begins.
template <int Width, int Taps = 4>
struct CausalConvolution {
    static_assert(Taps >= 2, "a temporal convolution has at least two taps");
    static constexpr int input_width = Width;
    static constexpr int output_width = Width;

    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("taps", Taps);
    }

    template <class T>
    struct Parameters {
        core::Matrix<T, Taps, Width> weight;  ///< row k multiplies the input k steps ago
        core::Vector<T, Width> bias;
        static void visit(auto& self, auto&& member) {
            member("weight", self.weight);
            member("bias", self.bias);
        }
    };
    template <class T>
    struct Tape {};
    template <class T>
    struct State {
        core::Matrix<core::Computed<T>, Taps - 1, Width> past;  ///< row k - 1 is the input k steps ago
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        variance_scaling(parameters.weight, random);
        core::map(parameters.bias).setZero();
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Width> x,
                        core::Out<T, Width> y, Tape<T>&) {
        const auto weight = core::map(parameters.weight);
        for_each_row(sequences, [&](int row, int reach) {
            auto output = core::map_row(y, row);
            output = core::map(parameters.bias);
            for (int k = 0; k <= reach; ++k) output += weight.row(k).cwiseProduct(core::map_row(x, row - k));
        });
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Width> x, Tape<T>&,
                         core::In<T, Width> dy, core::Out<T, Width> dx, Gradient&& gradient) {
        const auto weight = core::map(parameters.weight);
        for_each_row(sequences, [&](int row, int reach) {
            const auto output = core::map_row(dy, row);
            if (dx)
                for (int k = 0; k <= reach; ++k) core::map_row(dx, row - k) += weight.row(k).cwiseProduct(output);
            if constexpr (core::trainable<Gradient>) {
                core::map(gradient.bias) += output;
                for (int k = 0; k <= reach; ++k)
                    core::map(gradient.weight).row(k) += output.cwiseProduct(core::map_row(x, row - k));
            }
        });
    }

    template <class T>
    static void reset(State<T>& state) {
        core::map(state.past).setZero();
    }

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&& state_of, core::In<T, Width> x, core::Out<T, Width> y,
                     Tape<T>&) {
        const auto weight = [&](int k) { return core::line(parameters.weight, k); };
        for (int i = 0; i < x.count; ++i) {
            auto& state = state_of(i);
            auto past = core::map(state.past);
            auto output = core::map_row(y, i);
            output = core::map(parameters.bias) + weight(0).cwiseProduct(core::map_row(x, i));
            for (int k = 1; k < Taps; ++k) output += weight(k).cwiseProduct(past.row(k - 1));
            for (int k = Taps - 2; k > 0; --k) past.row(k) = past.row(k - 1);
            past.row(0) = core::map_row(x, i);
        }
    }

private:
    /// Calls work(row, reach) for every row, where `reach` is how many steps back the taps may look from there.
    template <class Work>
    static void for_each_row(core::Sequences sequences, Work&& work) {
        for (int s = 0; s < sequences.count(); ++s)
            for (int t = 0; t < sequences.length(s); ++t) work(sequences.row(s) + t, std::min(t, Taps - 1));
    }
};

}  // namespace midstream::layer
