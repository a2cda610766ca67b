/// \file
/// CompILE's inference (Kipf et al. 2019, arXiv 1812.01483; the paper's baseline, C.4.3): a sequence is cut into at
/// most so many segments, and a code is read off each.
///
/// Segment i = 0, ..., Count - 1 is read by the same recurrent unit, which a mask has forget all that lies before it.
/// From its states come the places where the next segment may begin (control/boundaries.hpp), and from the state at the
/// segment's last step what the encoder says of its code. The last segment lasts to the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "midstream/control/boundaries.hpp"
#include "midstream/core/random.hpp"
#include "midstream/layer/masked_gru.hpp"
#include "midstream/layer/mlp.hpp"

namespace midstream::control {

/// From rows of `Width` numbers to `Count` segments for each sequence and, for each segment, `Output` numbers.
/// `Hidden` is the size of the recurrent state and of both heads' hidden layers.
template <int Width, int Hidden, int Output, int Count>
struct Segments {
    static_assert(Count >= 1, "a sequence has at least one segment");
    static constexpr int width = Width;
    static constexpr int output = Output;                 ///< numbers that are said of a segment
    static constexpr int count = Count;                   ///< segments of a sequence, at most
    using Reader = layer::MaskedGru<Width, Hidden>;       ///< reads a segment
    using BoundaryHead = layer::Mlp<Hidden, Hidden, 2>;   ///< logits: a segment begins here; none begins after this
    using CodeHead = layer::Mlp<Hidden, Hidden, Output>;  ///< what is said of a segment's code

    template <class T>
    struct Parameters {
        typename Reader::template Parameters<T> reader;
        typename BoundaryHead::template Parameters<T> boundary;
        typename CodeHead::template Parameters<T> encoder;
        static void visit(auto& self, auto&& member) {
            member("reader", self.reader);
            member("boundary", self.boundary);
            member("encoder", self.encoder);
        }
    };

    /// Of one segment in every sequence. Rows are steps, packed; of those named `step_` in lockstep order; of
    /// `readout` and `said` sequences.
    template <class T>
    struct Segment {
        core::Buffer<T, 1> begun,                               ///< the probability that it has begun
            begun_gradient,                                     ///< of that, during backward
            step_begun,                                         ///< that in lockstep order
            step_begun_gradient;                                ///< likewise
        core::Buffer<T, Hidden> states,                         ///< what the reader knows of it
            step_states;                                        ///< that in lockstep order
        core::Buffer<T, 2> heads;                               ///< logits of both kinds
        core::Buffer<T, Hidden> readout;                        ///< the state at its last step, a row for each sequence
        core::Buffer<T, Output> said;                           ///< what is said of it, likewise
        BoundaryTape<T> boundary;                               ///< where the next one begins
        typename Reader::template Tape<T> reader;               ///< of the states
        typename BoundaryHead::template Tape<T> boundary_head;  ///< of the logits
        typename CodeHead::template Tape<T> code_head;          ///< of what is said
    };
    template <class T>
    struct Tape {
        /// A row for each step: what of it belongs to each segment; rows sum to 1.
        core::Buffer<T, Count> shares, shares_gradient;
        /// A row for each step: the probability that a segment begins there, but for the first one.
        core::Buffer<T, 1> begins;
        /// Row s * Count + i: the probability that sequence s has a segment i.
        core::Buffer<T, 1> present, present_gradient;
        double boundary_divergence = 0;  ///< KL(posterior of boundaries to the prior), summed, in nats
        std::array<Segment<T>, Count> segments;
        BoundaryOptions options;

        core::Lockstep lockstep;
        LengthPrior lengths;
        core::Buffer<T, Reader::packed_width> packed, step_packed, step_packed_gradient;
        core::Buffer<T, Hidden> states_gradient, step_states_gradient, readout_gradient;
        core::Buffer<T, 2> heads_gradient;
        core::Buffer<T, Output> said_gradient;
        typename Reader::Cell::InputMap::template Tape<T> input_map;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        Reader::Cell::initialise(parameters.reader, random);
        BoundaryHead::initialise(parameters.boundary, random);
        CodeHead::initialise(parameters.encoder, random);
    }

    /// Row s * Count + i of `said` is what the encoder says of segment i of sequence s, whose boundary is drawn from
    /// random.fork(s).fork(i). Leaves in the tape which steps belong to which segment.
    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Width> x,
                        core::Random random, const BoundaryOptions& options, core::Out<T, Output> said, Tape<T>& tape) {
        const int rows = x.count;
        tape.options = options;
        tape.lockstep.assign(sequences);
        tape.lengths.assign(options.length, tape.lockstep.steps());
        tape.boundary_divergence = 0;
        Reader::Cell::InputMap::apply(parameters.reader.input, x, tape.packed.resize(rows));
        tape.lockstep.gather(std::as_const(tape.packed).view(), tape.step_packed.resize(rows));
        for (T& value : tape.segments[0].begun.resize(rows).flat()) value = 1;
        const auto shares = tape.shares.resize(rows);
        const auto begins = tape.begins.zeros(rows);
        const auto present = tape.present.resize(sequences.count() * Count);
        for (int i = 0; i < Count; ++i) {
            auto& segment = tape.segments[static_cast<std::size_t>(i)];
            const auto begun = segment.begun.view();
            read(parameters, sequences, tape, segment);
            draw(parameters, sequences, random, i, tape, segment);
            tell(parameters, sequences, segment);
            const auto ended = segment.boundary.ended.view();
            for (int row = 0; row < rows; ++row) shares.row(row)[i] = begun.data[row] * (T(1) - ended.data[row]);
            for (int s = 0; s < sequences.count(); ++s) {
                const int first = sequences.row(s), length = sequences.length(s);
                std::copy_n(segment.said.view().row(s), Output, said.row(s * Count + i));
                present.data[s * Count + i] = length > 0 ? begun.data[first + length - 1] : T(0);
                for (int row = first + 1; i > 0 && row < first + length; ++row)
                    begins.data[row] += begun.data[row] - begun.data[row - 1];
            }
            if (i + 1 == Count) break;
            const auto next = tape.segments[static_cast<std::size_t>(i) + 1].begun.resize(rows);
            for (int row = 0; row < rows; ++row) next.data[row] = begun.data[row] * ended.data[row];
        }
        for (T& value : begins.flat()) value = std::min(value, T(1));
    }

    /// From the gradients of what is said and, in the tape, of shares and of `present`, and the weight of the
    /// boundaries' divergence: adds to those of x (if wanted) and of the parameters. Where boundaries are the likeliest
    /// ones, they are constants, and cost nothing.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Width> x,
                         Tape<T>& tape, core::In<T, Output> said_gradient, T divergence_weight, core::Out<T, Width> dx,
                         Gradient&& gradient) {
        const int rows = x.count;
        const auto step_packed_gradient = tape.step_packed_gradient.zeros(rows);
        for (auto& segment : tape.segments) segment.begun_gradient.zeros(rows);
        for (int i = Count - 1; i >= 0; --i) {
            auto& segment = tape.segments[static_cast<std::size_t>(i)];
            const auto begun = segment.begun.view(), ended = segment.boundary.ended.view();
            const auto begun_gradient = segment.begun_gradient.view();
            const auto places_gradient = segment.boundary.gradient.zeros(rows);  // at first of `ended`
            for (int row = 0; row < rows; ++row) {
                const T share = tape.shares_gradient.view().row(row)[i];
                begun_gradient.data[row] += share * (T(1) - ended.data[row]);
                places_gradient.data[row] -= share * begun.data[row];
            }
            if (i + 1 < Count) {
                const auto next = tape.segments[static_cast<std::size_t>(i) + 1].begun_gradient.view();
                for (int row = 0; row < rows; ++row) {
                    begun_gradient.data[row] += next.data[row] * ended.data[row];
                    places_gradient.data[row] += next.data[row] * begun.data[row];
                }
            }
            for (int s = 0; s < sequences.count(); ++s) {
                const int first = sequences.row(s), length = sequences.length(s);
                if (length == 0) continue;
                begun_gradient.data[first + length - 1] += tape.present_gradient.view().data[s * Count + i];
                for (int t = length - 2; t > 0; --t)
                    places_gradient.data[first + t] += places_gradient.data[first + t + 1];
                places_gradient.data[first] = 0;  // nothing has ended at the first step, whatever is drawn
            }
            const auto states_gradient = tape.states_gradient.zeros(rows);
            untell(parameters, sequences, i, said_gradient, tape, segment, gradient);
            if (i + 1 < Count && tape.options.drawn)
                undraw(parameters, sequences, divergence_weight, tape, segment, gradient);
            tape.lockstep.gather(core::Rows<const T, Hidden>(states_gradient), tape.step_states_gradient.resize(rows));
            const auto step_begun_gradient = segment.step_begun_gradient.zeros(rows);
            Reader::backward(parameters.reader, tape.lockstep, sequences, segment.step_begun.view(), segment.reader,
                             tape.step_states_gradient.view(), step_packed_gradient, step_begun_gradient,
                             core::part(gradient, &Parameters<T>::reader));
            for (int row = 0; row < rows; ++row)
                begun_gradient.data[tape.lockstep.rows[static_cast<std::size_t>(row)]] += step_begun_gradient.data[row];
        }
        tape.lockstep.scatter(core::Rows<const T, Reader::packed_width>(step_packed_gradient), tape.packed.view());
        Reader::Cell::InputMap::backward(
            parameters.reader.input, sequences, x, tape.input_map, tape.packed.view(), dx,
            core::part(core::part(gradient, &Parameters<T>::reader), &Reader::template Parameters<T>::input));
    }

private:
    /// The states of a segment, from where it has begun.
    template <class T>
    static void read(const Parameters<T>& parameters, core::Sequences, Tape<T>& tape, Segment<T>& segment) {
        const int rows = segment.begun.count;
        tape.lockstep.gather(std::as_const(segment.begun).view(), segment.step_begun.resize(rows));
        Reader::forward(parameters.reader, tape.lockstep, tape.step_packed.view(), segment.step_begun.view(),
                        segment.step_states.resize(rows), segment.reader);
        tape.lockstep.scatter(std::as_const(segment.step_states).view(), segment.states.resize(rows));
    }

    /// Where the next segment begins.
    template <class T>
    static void draw(const Parameters<T>& parameters, core::Sequences sequences, core::Random random, int index,
                     Tape<T>& tape, Segment<T>& segment) {
        auto& boundary = segment.boundary;
        const int rows = segment.begun.count;
        const auto places = boundary.places.zeros(rows), ended = boundary.ended.zeros(rows);
        if (index + 1 == Count) {
            for (int s = 0; s < sequences.count(); ++s)
                if (sequences.length(s) > 0) places.data[sequences.row(s)] = 1;
            return;
        }
        BoundaryHead::forward(parameters.boundary, sequences, segment.states.view(), segment.heads.resize(rows),
                              segment.boundary_head);
        const auto logits = boundary.logits.resize(rows), posterior = boundary.posterior.resize(rows),
                   prior = boundary.prior.resize(rows);
        for (int s = 0; s < sequences.count(); ++s) {
            const int first = sequences.row(s), length = sequences.length(s);
            const auto of = [&](auto all) { return all.slice(first, length); };
            for (int t = 0; t < length; ++t)
                logits.data[first + t] =
                    segment.heads.view().row(t > 0 ? first + t : first + length - 1)[t > 0 ? 0 : 1];
            tape.boundary_divergence +=
                Boundary<T>::draw(of(segment.begun.view()), tape.options, tape.lengths,
                                  random.fork(static_cast<std::uint64_t>(s)).fork(static_cast<std::uint64_t>(index)),
                                  of(logits), of(posterior), of(prior), of(places), of(ended));
        }
    }
    template <class T, class Gradient>
    static void undraw(const Parameters<T>& parameters, core::Sequences sequences, T divergence_weight, Tape<T>& tape,
                       Segment<T>& segment, Gradient&& gradient) {
        auto& boundary = segment.boundary;
        const auto heads_gradient = tape.heads_gradient.zeros(segment.begun.count);
        for (int s = 0; s < sequences.count(); ++s) {
            const int first = sequences.row(s), length = sequences.length(s);
            const auto of = [&](auto all) { return all.slice(first, length); };
            Boundary<T>::backward(of(segment.begun.view()), tape.options, tape.lengths, of(boundary.posterior.view()),
                                  of(boundary.prior.view()), of(boundary.places.view()), divergence_weight,
                                  of(boundary.gradient.view()), of(segment.begun_gradient.view()),
                                  boundary.prior_gradient);
            for (int t = 0; t < length; ++t)
                heads_gradient.row(t > 0 ? first + t : first + length - 1)[t > 0 ? 0 : 1] =
                    boundary.gradient.view().data[first + t];
        }
        BoundaryHead::backward(parameters.boundary, sequences, segment.states.view(), segment.boundary_head,
                               heads_gradient, tape.states_gradient.view(),
                               core::part(gradient, &Parameters<T>::boundary));
    }

    /// What is said of the segment's code, by its state at its last step.
    template <class T>
    static void tell(const Parameters<T>& parameters, core::Sequences sequences, Segment<T>& segment) {
        const auto readout = segment.readout.zeros(sequences.count());
        for_places(sequences, [&](int s, int place, int state) {
            core::map_row(readout, s) +=
                segment.boundary.places.view().data[place] * core::map_row(segment.states.view(), state);
        });
        CodeHead::forward(parameters.encoder, sequences, readout, segment.said.resize(sequences.count()),
                          segment.code_head);
    }
    template <class T, class Gradient>
    static void untell(const Parameters<T>& parameters, core::Sequences sequences, int index,
                       core::In<T, Output> said_gradient, Tape<T>& tape, Segment<T>& segment, Gradient&& gradient) {
        const auto line = tape.said_gradient.resize(sequences.count());
        for (int s = 0; s < sequences.count(); ++s)
            std::copy_n(said_gradient.row(s * Count + index), Output, line.row(s));
        const auto readout_gradient = tape.readout_gradient.zeros(sequences.count());
        CodeHead::backward(parameters.encoder, sequences, segment.readout.view(), segment.code_head, line,
                           readout_gradient, core::part(gradient, &Parameters<T>::encoder));
        for_places(sequences, [&](int s, int place, int state) {
            const auto d = core::map_row(readout_gradient, s);
            segment.boundary.gradient.view().data[place] += d.dot(core::map_row(segment.states.view(), state));
            core::map_row(tape.states_gradient.view(), state) += segment.boundary.places.view().data[place] * d;
        });
    }
    /// Calls visit(sequence, place, last step) for every place where a segment may end.
    template <class Visit>
    static void for_places(core::Sequences sequences, Visit&& visit) {
        for (int s = 0; s < sequences.count(); ++s) {
            const int first = sequences.row(s), length = sequences.length(s);
            for (int t = 0; t < length; ++t) visit(s, first + t, t > 0 ? first + t - 1 : first + length - 1);
        }
    }
};

}  // namespace midstream::control
