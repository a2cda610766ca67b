/// \file
/// Normalisations of single rows: root mean square (Zhang & Sennrich 2019) and layer norm (Ba et al. 2016).
#pragma once

#include "midstream/layer/layer.hpp"

namespace midstream::layer {

/// y = scale * x / sqrt(mean(x^2) + 1e-6).
template <int Width>
struct RmsNorm {
    static constexpr int input_width = Width;
    static constexpr int output_width = Width;
    static constexpr double epsilon = 1e-6;  ///< added to the mean square

    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("epsilon", epsilon);
    }

    template <class T>
    struct Parameters {
        core::Vector<T, Width> scale;
        static void visit(auto& self, auto&& member) { member("scale", self.scale); }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, 1> inverse;  ///< 1 / root mean square of each row
    };
    template <class T>
    struct State {};

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random&) {
        core::map(parameters.scale).setOnes();
    }

    template <class W, class T>
    static void forward(const Parameters<W>& parameters, core::Sequences, core::In<T, Width> x, core::Out<T, Width> y,
                        Tape<T>& tape) {
        T* inverse = tape.inverse.resize(x.count).data;
        const auto scale = core::map(parameters.scale);
        for (int row = 0; row < x.count; ++row) {
            const auto input = core::map_row(x, row);
            inverse[row] = T(1) / std::sqrt(input.squaredNorm() / Width + T(epsilon));
            core::map_row(y, row) = (input.array() * scale.array() * inverse[row]).matrix();
        }
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences, core::In<T, Width> x, Tape<T>& tape,
                         core::In<T, Width> dy, core::Out<T, Width> dx, Gradient&& gradient) {
        const T* inverse = tape.inverse.view().data;
        const auto scale = core::map(parameters.scale);
        for (int row = 0; row < x.count; ++row) {
            const auto input = core::map_row(x, row).array();
            const auto output_gradient = core::map_row(dy, row).array();
            const T r = inverse[row];
            if constexpr (core::trainable<Gradient>) core::map(gradient.scale).array() += output_gradient * input * r;
            if (dx) {
                const T projection = (output_gradient * scale.array() * input).sum() * r * r / Width;
                core::map_row(dx, row).array() += r * (output_gradient * scale.array() - input * projection);
            }
        }
    }

    template <class T>
    static void reset(State<T>&) {}

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&&, core::In<T, Width> x, core::Out<T, Width> y,
                     Tape<T>& scratch) {
        forward(parameters, {}, x, y, scratch);
    }
};

/// y = scale * (x - mean(x)) / sqrt(variance(x) + 1e-5) + bias.
template <int Width>
struct LayerNorm {
    static constexpr int input_width = Width;
    static constexpr int output_width = Width;
    static constexpr double epsilon = 1e-5;  ///< added to the variance

    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("epsilon", epsilon);
    }

    template <class T>
    struct Parameters {
        core::Vector<T, Width> scale;
        core::Vector<T, Width> bias;
        static void visit(auto& self, auto&& member) {
            member("scale", self.scale);
            member("bias", self.bias);
        }
    };
    template <class T>
    struct Tape {
        core::Buffer<T, Width> normalised;
        core::Buffer<T, 1> inverse;  ///< 1 / standard deviation of each row
    };
    template <class T>
    struct State {};

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random&) {
        core::map(parameters.scale).setOnes();
        core::map(parameters.bias).setZero();
    }

    template <class W, class T>
    static void forward(const Parameters<W>& parameters, core::Sequences, core::In<T, Width> x, core::Out<T, Width> y,
                        Tape<T>& tape) {
        T* inverse = tape.inverse.resize(x.count).data;
        const auto normalised_rows = tape.normalised.resize(x.count);
        for (int row = 0; row < x.count; ++row) {
            auto normalised = core::map_row(normalised_rows, row).array();
            const auto input = core::map_row(x, row).array();
            normalised = input - input.mean();
            inverse[row] = T(1) / std::sqrt(normalised.square().mean() + T(epsilon));
            normalised *= inverse[row];
            core::map_row(y, row).array() =
                normalised * core::map(parameters.scale).array() + core::map(parameters.bias).array();
        }
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences, core::In<T, Width>, Tape<T>& tape,
                         core::In<T, Width> dy, core::Out<T, Width> dx, Gradient&& gradient) {
        const T* inverse = tape.inverse.view().data;
        const auto scale = core::map(parameters.scale).array();
        for (int row = 0; row < dy.count; ++row) {
            const auto normalised = core::map_row(tape.normalised.view(), row).array();
            const auto output_gradient = core::map_row(dy, row).array();
            if constexpr (core::trainable<Gradient>) {
                core::map(gradient.scale).array() += output_gradient * normalised;
                core::map(gradient.bias).array() += output_gradient;
            }
            if (dx) {
                const T mean = (output_gradient * scale).mean();
                const T projection = (output_gradient * scale * normalised).mean();
                core::map_row(dx, row).array() +=
                    inverse[row] * (output_gradient * scale - mean - normalised * projection);
            }
        }
    }

    template <class T>
    static void reset(State<T>&) {}

    template <class W, class StateOf, class T>
    static void step(const Parameters<W>& parameters, StateOf&&, core::In<T, Width> x, core::Out<T, Width> y,
                     Tape<T>& scratch) {
        forward(parameters, {}, x, y, scratch);
    }
};

}  // namespace midstream::layer
