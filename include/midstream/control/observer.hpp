/// \file
/// What the encoder sees of a trajectory, its future included (D.2).
///
/// An observer is ResidualStream, or a type that extracts rows of a space of its own from episodes, and tells which of
/// them are events:
///
///     struct MyObserver {
///         using Observation = data::OneHots<...>;  // or data::Dense<...>
///         static void observe(const auto& episodes, int row, auto* seen);  // seen: Observation::width elements
///         static bool event(const auto* seen);
///     };
///
/// One that names a `layer` extracts them from the residual stream there, of the observation that follows the row's,
/// which shows what the row's action leads to, of one episode at a time; as a value it holds what it has learned of
/// that layer (StreamEvents, EndedBeliefs):
///
///         static constexpr int layer = 0;
///         void observe(core::Rows<const T, Width> ahead, int row, auto* seen) const;  // line `row` of ahead: e_{t+1}
///
/// What is not observed, no code can name. Of an observer of its own kind the encoder sees events alone, and in their
/// order but not when they happen: a code can then name what will happen, but no place, no way and no time that leads
/// there. Not in the paper, whose encoder sees the residual stream; docs/laptop-scale.md has the difference that it
/// makes.
#pragma once

#include <algorithm>
#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/data/spaces.hpp"
#include "midstream/layer/embedding.hpp"

namespace midstream::control {

/// The residual stream at the layer that the metacontroller reads: the paper's observer.
struct ResidualStream {
    using Observation = data::None;
    static void observe(const auto&, int, auto*) {}
};

/// What the base model reads, row by row; every row is an event. `Space` is the base model's space of observations.
template <class Space>
struct RawInputs {
    using Observation = Space;
    static constexpr void describe(auto&& part) { part("space", std::type_identity<Space>{}); }
    static void observe(const auto& episodes, int row, auto* seen) {
        std::copy_n(episodes.observation_rows().row(row), Space::width, seen);
    }
    static bool event(const auto*) { return true; }
};

/// What is done from now on, row by row, where actions are real numbers, as the codes of a first level are to a second
/// one; every row is an event. It shows nothing of what was there before: codes then say what to do, not what to do
/// instead of what was expected. `Space` is the base model's space of actions.
template <class Space>
struct RawActions {
    static_assert(std::same_as<typename Space::template Element<float>, float>,
                  "control::RawActions observes actions that are real numbers: data::Continuous<...>");
    using Observation = data::Dense<Space::width>;
    static constexpr void describe(auto&& part) { part("space", std::type_identity<Space>{}); }
    static void observe(const auto& episodes, int row, auto* seen) {
        std::copy_n(episodes.action_rows().row(row), Space::width, seen);
    }
    static bool event(const auto*) { return true; }
};

/// Does the observer look at a layer of the residual stream, one step ahead, instead of at the episodes themselves?
template <class S>
concept ObservesStream = requires {
    { S::layer } -> std::convertible_to<int>;
};

/// Has a space, `observe` and, but for the residual stream, `event`: what the head of this file shows. The two are
/// checked with the base model's episodes (or rows of its residual stream, of this width) and the space's elements.
template <class S, class Episodes, int Width>
concept ObserverOf = requires {
    typename S::Observation::template Element<float>;
}
&&(std::same_as<S, ResidualStream> ||
   (requires(const S& observer, const Episodes& episodes, typename S::Observation::template Element<float>* seen) {
       observer.observe(episodes, 0, seen);
       { S::event(std::as_const(seen)) } -> std::convertible_to<bool>;
   }) ||
   (ObservesStream<S> && requires(const S& observer, core::Rows<const float, Width> ahead,
                                  typename S::Observation::template Element<float>* seen) {
       observer.observe(ahead, 0, seen);
       { S::event(std::as_const(seen)) } -> std::convertible_to<bool>;
   }));

/// Rows of what an observer extracts.
template <class Observer, class T>
using ObservedRows =
    core::Rows<const typename Observer::Observation::template Element<T>, Observer::Observation::width>;

/// From what is seen of a trajectory to a vector s_t of `Future::output_width` numbers for each of its rows, by an
/// embedding of the future. Events are embedded, `Future` reads them as if they followed one another, and s_t is what
/// it makes of the first event at t or later; zero where there is none.
template <class Observer, class Future>
struct ObserverEmbedding {
    static constexpr int width = Future::input_width, output_width = Future::output_width;
    using Space = typename Observer::Observation;      ///< what is seen of an event
    using Embedding = layer::Embedding<Space, width>;  ///< of events, for `Future` to read

    template <class T>
    struct Parameters {
        typename Embedding::template Parameters<T> event;
        typename Future::template Parameters<T> future;
        static void visit(auto& self, auto&& member) {
            member("event", self.event);
            member("future", self.future);
        }
    };
    template <class T>
    struct Tape {
        std::vector<typename Space::template Element<T>> events;  ///< rows of the space, events alone
        std::vector<int> offsets;  ///< of the sequences of events; one for each that has any
        std::vector<int> next;     ///< for every row of the trajectories its event, or -1
        core::Buffer<T, width> embedded, embedded_gradient;
        core::Buffer<T, output_width> seen, seen_gradient;
        typename Future::template Tape<T> future;
        core::Sequences sequences() const { return {offsets}; }
        ObservedRows<Observer, T> rows() const { return {events.data(), offsets.back()}; }
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Embedding::initialise(parameters.event, random);
        Future::initialise(parameters.future, random);
    }

    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> residual,
                        ObservedRows<Observer, T> rows, core::Out<T, output_width> y, Tape<T>& tape) {
        core::require(rows.count == residual.count && rows.count == sequences.rows(),
                      "an observer of its own needs a row of what is seen for each row of the residual stream");
        gather_events(sequences, rows, tape);
        const int count = tape.offsets.back();
        const auto embedded = tape.embedded.resize(count);
        Embedding::forward(parameters.event, tape.rows(), embedded);
        Future::forward(parameters.future, tape.sequences(), embedded, tape.seen.resize(count), tape.future);
        for (int row = 0; row < rows.count; ++row) {
            const int event = tape.next[static_cast<std::size_t>(row)];
            if (event < 0)
                core::map_row(y, row).setZero();
            else
                core::map_row(y, row) = core::map_row(tape.seen.view(), event);
        }
    }

    /// Nothing flows back into the residual stream: it is not seen.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences, core::In<T, width>,
                         ObservedRows<Observer, T> rows, Tape<T>& tape, core::In<T, output_width> dy,
                         core::Out<T, width>, Gradient&& gradient) {
        const int count = tape.offsets.back();
        const auto seen_gradient = tape.seen_gradient.zeros(count);
        for (int row = 0; row < rows.count; ++row)
            if (const int event = tape.next[static_cast<std::size_t>(row)]; event >= 0)
                core::map_row(seen_gradient, event) += core::map_row(dy, row);
        const auto embedded_gradient = tape.embedded_gradient.zeros(count);
        Future::backward(parameters.future, tape.sequences(), tape.embedded.view(), tape.future, seen_gradient,
                         embedded_gradient, core::part(gradient, &Parameters<T>::future));
        Embedding::backward(parameters.event, tape.rows(), embedded_gradient,
                            core::part(gradient, &Parameters<T>::event));
    }

private:
    template <class T>
    static void gather_events(core::Sequences sequences, ObservedRows<Observer, T> rows, Tape<T>& tape) {
        tape.events.clear();
        tape.offsets.assign(1, 0);
        tape.next.assign(static_cast<std::size_t>(rows.count), -1);
        for (int s = 0; s < sequences.count(); ++s) {
            int waiting = sequences.row(s), count = tape.offsets.back();
            const int end = waiting + sequences.length(s);
            for (int row = waiting; row < end; ++row) {
                if (!Observer::event(rows.row(row))) continue;
                tape.events.insert(tape.events.end(), rows.row(row), rows.row(row) + Space::width);
                for (; waiting <= row; ++waiting) tape.next[static_cast<std::size_t>(waiting)] = count;
                ++count;
            }
            if (count > tape.offsets.back()) tape.offsets.push_back(count);
        }
    }
};

/// The embedding of the residual stream itself, as the paper has it.
template <class Future>
struct ObserverEmbedding<ResidualStream, Future> {
    static constexpr int width = Future::input_width, output_width = Future::output_width;
    /// Those of the embedding of the future alone.
    template <class T>
    using Parameters = typename Future::template Parameters<T>;
    /// That of the embedding of the future alone.
    template <class T>
    using Tape = typename Future::template Tape<T>;

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Future::initialise(parameters, random);
    }
    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> residual,
                        ObservedRows<ResidualStream, T>, core::Out<T, output_width> y, Tape<T>& tape) {
        Future::forward(parameters, sequences, residual, y, tape);
    }
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> residual,
                         ObservedRows<ResidualStream, T>, Tape<T>& tape, core::In<T, output_width> dy,
                         core::Out<T, width> residual_gradient, Gradient&& gradient) {
        Future::backward(parameters, sequences, residual, tape, dy, residual_gradient, gradient);
    }
};

}  // namespace midstream::control
