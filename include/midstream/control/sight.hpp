/// \file
/// What the encoder sees of a trajectory, its future included (paper section 5, steps 2 and 4).
///
/// A sight is ResidualStream, or a type that extracts rows of a space of its own from the base model's observations:
///
///     struct MySight {
///         using Observation = data::OneHots<...>;  // or data::Dense<...>
///         static void observe(const std::int16_t* observation, std::int16_t* row);
///     };
///
/// What is not in sight, no code can name: a sight of what the agent touches, as env::Contact, keeps codes from naming
/// the places and ways that lead there. Not in the paper; docs/laptop-scale.md has the difference it makes.
#pragma once

#include "midstream/core/contract.hpp"
#include "midstream/layer/embedding.hpp"

namespace midstream::control {

/// The residual stream at the layer that the metacontroller reads: the paper's sight.
struct ResidualStream {};

/// What a base model's observations lie in.
template <class Base, class T>
using ObservationRows = core::Rows<const typename Base::Observation::template Element<T>, Base::Observation::width>;

/// Extracts rows and embeds them into `Width` numbers, for what the encoder learns from them.
template <class Sight, class Base, int Width>
struct SightEmbedding {
    using Space = typename Sight::Observation;
    using Embedding = layer::Embedding<Space, Width>;
    template <class T>
    using Parameters = typename Embedding::template Parameters<T>;
    template <class T>
    struct Tape {
        std::vector<typename Space::template Element<T>> rows;
        core::Buffer<T, Width> embedded, gradient;
        core::Rows<const typename Space::template Element<T>, Space::width> view() const { return {rows.data(), embedded.count}; }
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Embedding::initialise(parameters, random);
    }
    /// The rows that the embedding of the future reads.
    template <class T>
    static core::In<T, Width> forward(const Parameters<T>& parameters, core::In<T, Width> residual, ObservationRows<Base, T> observations, Tape<T>& tape) {
        core::require(observations.count == residual.count, "a sight of observations needs a row of them for each of the residual stream");
        const auto embedded = tape.embedded.resize(residual.count);
        tape.rows.resize(static_cast<std::size_t>(residual.count) * Space::width);
        for (int row = 0; row < residual.count; ++row) Sight::observe(observations.row(row), tape.rows.data() + static_cast<std::ptrdiff_t>(row) * Space::width);
        Embedding::forward(parameters, tape.view(), embedded);
        return embedded;
    }
    template <class T>
    static core::In<T, Width> seen(Tape<T>& tape, core::In<T, Width>) {
        return tape.embedded.view();
    }
    /// Where the gradient of those rows is added up, for `backward` to use: not into the residual stream's.
    template <class T>
    static core::Out<T, Width> gradient(Tape<T>& tape, core::Out<T, Width>) {
        return tape.gradient.zeros(tape.embedded.count);
    }
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, Tape<T>& tape, Gradient&& gradient) {
        Embedding::backward(parameters, tape.view(), tape.gradient.view(), gradient);
    }
};

/// The residual stream as it is.
template <class Base, int Width>
struct SightEmbedding<ResidualStream, Base, Width> {
    template <class T>
    using Parameters = core::NoParameters;
    template <class T>
    struct Tape {};

    template <class T>
    static void initialise(Parameters<T>&, core::Random&) {}
    template <class T>
    static core::In<T, Width> forward(const Parameters<T>&, core::In<T, Width> residual, ObservationRows<Base, T>, Tape<T>&) {
        return residual;
    }
    template <class T>
    static core::In<T, Width> seen(Tape<T>&, core::In<T, Width> residual) {
        return residual;
    }
    template <class T>
    static core::Out<T, Width> gradient(Tape<T>&, core::Out<T, Width> residual_gradient) {
        return residual_gradient;
    }
    template <class T, class Gradient>
    static void backward(const Parameters<T>&, Tape<T>&, Gradient&&) {}
};

}  // namespace midstream::control
