/// \file
/// From observations to the residual stream: one layer for each kind of observation space.
#pragma once

#include "midstream/data/spaces.hpp"
#include "midstream/layer/linear.hpp"

namespace midstream::layer {

/// Reads rows of an observation space into rows of width `Width`; specialised for each space.
template <class Space, int Width>
struct Embedding;

/// The sum of one row of parameters for each one: equal to a product with the 0/1 vector, which is never formed.
template <int Dimension, int Count, int Width>
struct Embedding<data::OneHots<Dimension, Count>, Width> {
    static constexpr void describe(auto&& part) {
        part("space", std::type_identity<data::OneHots<Dimension, Count>>{});
        part("width", Width);
    }

    template <class T>
    struct Parameters {
        core::Matrix<T, Dimension, Width> rows;
        static void visit(auto& self, auto&& member) { member("rows", self.rows); }
    };

    /// Variance scaling with the number of ones as fan-in: the other entries contribute nothing.
    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        const double deviation = std::sqrt(0.1 / Count);
        for (T& value : parameters.rows.values) value = static_cast<T>(deviation * random.normal());
    }

    /// Throws if an index is out of bounds: environments and observers are users' own.
    template <class W, class T = core::Computed<W>>
    static void forward(const Parameters<W>& parameters, core::Rows<const std::int16_t, Count> x,
                        core::Out<T, Width> y) {
        const auto of = [&](int row, int i) {
            return core::line(parameters.rows,
                              core::require_index(x.row(row)[i], Dimension, "an index of an observation"));
        };
        for (int row = 0; row < x.count; ++row) {
            auto sum = core::map_row(y, row);
            sum = of(row, 0);
            for (int i = 1; i < Count; ++i) sum += of(row, i);
        }
    }

    template <class T, class Gradient>
    static void backward(const Parameters<T>&, core::Rows<const std::int16_t, Count> x, core::In<T, Width> dy,
                         Gradient&& gradient) {
        if constexpr (core::trainable<Gradient>) {
            auto rows = core::map(gradient.rows);
            for (int row = 0; row < x.count; ++row)
                for (int i = 0; i < Count; ++i) rows.row(x.row(row)[i]) += core::map_row(dy, row);
        }
    }
};

/// An affine map.
template <int Inputs, int Width>
struct Embedding<data::Dense<Inputs>, Width> {
    using Map = Linear<Inputs, Width>;  ///< from observations to rows of the stream
    static constexpr void describe(auto&& part) {
        part("space", std::type_identity<data::Dense<Inputs>>{});
        part("width", Width);
    }
    template <class T>
    using Parameters = typename Map::template Parameters<T>;  ///< those of the map

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Map::initialise(parameters, random);
    }
    template <class W, class T = core::Computed<W>>
    static void forward(const Parameters<W>& parameters, core::In<T, Inputs> x, core::Out<T, Width> y) {
        Map::apply(parameters, x, y);
    }
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::In<T, Inputs> x, core::In<T, Width> dy,
                         Gradient&& gradient) {
        typename Map::template Tape<T> tape;
        Map::backward(parameters, {}, x, tape, dy, core::Rows<T, Inputs>{}, gradient);
    }
};

}  // namespace midstream::layer
