/// \file
/// CompILE in a residual stream: the paper's baseline of a metacontroller that cuts episodes into segments (C.4.3,
/// Tables A11 and A12), after Kipf et al. 2019 ("CompILE: compositional imitation learning and execution", arXiv
/// 1812.01483). It trains, acts and is analysed where a control::Metacontroller does, to which it is a drop-in type.
#pragma once

#include <array>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/control/code_in_force.hpp"
#include "midstream/control/hypernetwork.hpp"
#include "midstream/control/observer.hpp"
#include "midstream/control/proposals.hpp"
#include "midstream/control/segment_shape.hpp"
#include "midstream/control/segments.hpp"
#include "midstream/control/termination.hpp"
#include "midstream/layer/embedding.hpp"

namespace midstream::control {

/// `Form` is LowRank<R> or FullLinear; `EncoderStack` reads embedded observations, by default through an architecture
/// like the lower half of the base model.
///
/// Row t of a sequence is steered by z_t = sum_i p_t(i) z_i, with p_t(i) the share of segment i in step t and z_i its
/// code. When a code ends in acting says a Termination, trained beside to foresee the boundaries.
template <class BaseModel, SegmentShape Shape, class Form = LowRank<16>, class EncoderStack = LowerHalf<BaseModel>>
struct SegmentModel {
    /// Whether all arguments fit together; something that fits stands in for what does not, after a sentence.
    static constexpr bool fits = detail::check_segment_model<BaseModel, Shape, Form, EncoderStack>();
    /// The model that is steered.
    using Base = std::conditional_t<model::SequenceModel<BaseModel>, BaseModel,
                                    model::StandIn<data::Dense<1>, data::Categories<2>>>;
    static constexpr SegmentShape shape = fits ? Shape : SegmentShape{.read = 0, .write = 0};  ///< the sizes
    using ControllerForm = std::conditional_t<fits, Form, LowRank<1>>;        ///< the form of U: LowRank or another
    using Encoder = std::conditional_t<fits, EncoderStack, LowerHalf<Base>>;  ///< reads embedded observations
    using Switching = SoftSwitch;                            ///< how the termination policy's logits are acted on
    using Observer = RawInputs<typename Base::Observation>;  ///< what the encoder sees by
    static constexpr int width = Base::width;
    static constexpr int read = shape.read;          ///< the base model's layer that termination reads
    static constexpr int write = shape.write;        ///< the base model's layer that is changed
    static constexpr int code = shape.code;          ///< numbers of a code
    static constexpr int segments = shape.segments;  ///< of a sequence, at most
    using Embedding = layer::Embedding<typename Base::Observation, Encoder::width>;          ///< of what is observed
    using Cut = Segments<Encoder::width, shape.hidden, 2 * code, segments>;                  ///< into segments
    using Proposal = Proposals<code>;                                                        ///< how codes are drawn
    using Decoder = Hypernetwork<ControllerForm, width, code, shape.decoder_hidden>;         ///< controllers of codes
    using Ending = Termination<width, code, shape.history, shape.switch_hidden, Switching>;  ///< when codes end

    static constexpr void describe(auto&& part) {
        part("base", std::type_identity<Base>{});
        part("shape", Shape);
        part("form", std::type_identity<Form>{});
        part("encoder", std::type_identity<EncoderStack>{});
    }

    template <class T>
    struct Parameters {
        typename Embedding::template Parameters<T> embedding;
        typename Encoder::template Parameters<T> stack;
        typename Cut::template Parameters<T> segments;
        typename Ending::template Parameters<T> termination;
        typename Decoder::template Parameters<T> decoder;
        static void visit(auto& self, auto&& member) {
            member("embedding", self.embedding);
            member("stack", self.stack);
            member("segments", self.segments);
            member("termination", self.termination);
            member("decoder_hidden", self.decoder.hidden);
            member("bank", self.decoder.bank);
        }
    };
    /// What acting needs of them: all but what infers codes from episodes. `visit` takes either.
    template <class T>
    struct ActingParameters {
        typename Ending::template Parameters<T> termination;  ///< of the termination policy
        typename Decoder::template Parameters<T> decoder;     ///< of the hypernetwork
        static void visit(auto& self, auto&& member) {
            member("termination", self.termination);
            member("decoder_hidden", self.decoder.hidden);
            member("bank", self.decoder.bank);
        }
    };

    /// How boundaries and codes are drawn in a pass over whole sequences, and what boundaries cost.
    struct Options {
        Switching switching{};         ///< how the termination policy acts
        BoundaryOptions boundaries{};  ///< how boundaries are drawn, and the prior on lengths
        /// Weight of the divergence of boundaries, as alpha is of that of codes; the paper's search has .003 to 1.
        double boundary_weight = 0.1;
        double noise = 1;      ///< the deviation of codes' noise as a multiple of the encoder's; 0 takes means
        bool training = true;  ///< else boundaries are the likeliest ones
        Observer observer{};   ///< what the encoder sees by

        static constexpr void describe(const auto& self, auto&& part) {
            part("switching", self.switching);
            part("boundaries", self.boundaries);
            part("boundary_weight", self.boundary_weight);
            part("noise", self.noise);
            part("training", self.training);
            part.leaves_out(self.observer);
        }
        void validate() const {
            control::validate(switching);
            boundaries.validate();
            core::require_range(boundary_weight, 0.0, 1e6, "the weight of the boundaries' divergence");
            core::require_range(noise, 0.0, 1e3, "the noise of codes");
        }
    };

    template <class T>
    struct Tape {
        std::array<core::Buffer<T, Encoder::width>, Encoder::depth + 1> residual;  ///< of the encoder
        core::Buffer<T, Encoder::width> flow, scratch;
        typename Encoder::template Tape<T> stack;
        typename Cut::template Tape<T> segments;
        std::vector<int> offsets;  ///< of the segments of each sequence among the rows of `proposals`
        typename Proposal::template Tape<T> proposals;  ///< a row for each segment: s * segments + i
        core::Buffer<T, code> codes, codes_gradient;    ///< z, a row for each step
        core::Buffer<T, 1> gates;                       ///< the probability that a segment begins; 1 at the first step
        core::Buffer<T, 1> divergences;                 ///< that of each code, where its segment begins
        double termination = 0;                         ///< the termination policy's cross-entropy, summed, in nats
        typename Ending::template Tape<T> ending;
        typename Decoder::template Tape<T> decoder;
        ObservedRows<Observer, T> observed;
        T weight = 0;  ///< of a step in the loss, between both parts of backward
        Options options;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random random) {
        Embedding::initialise(parameters.embedding, random);
        Encoder::initialise(parameters.stack, random);
        Cut::initialise(parameters.segments, random);
        Ending::initialise(parameters.termination, random);
        Decoder::initialise(parameters.decoder, random);
    }

    // A pass over whole sequences, in the parts of a Metacontroller. Shards have nothing to tell each other.

    /// The first part: the encoder reads what is observed, which outlives the backward pass.
    template <class T>
    static void propose(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e_read,
                        const Options& options, Tape<T>& tape, ObservedRows<Observer, T> observed) {
        tape.options = options;
        tape.observed = observed;
        Embedding::forward(parameters.embedding, observed, tape.residual[0].resize(observed.count));
        Encoder::forward(parameters.stack, sequences, tape.residual.data(), 0, Encoder::depth, tape.stack);
        Ending::see(e_read, tape.ending);
    }
    /// Nothing: codes are not normalised.
    static typename Proposal::Moments moments(const auto&) { return {}; }
    /// Nothing to track.
    static void track(auto&, const typename Proposal::Moments&) {}

    /// The second part: cuts sequences into segments, draws a code for each, and steers. Sequence s draws its codes
    /// from random.fork(s), the boundary of segment i from fork(i) of that.
    template <class T>
    static void steer_sequences(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e_write,
                                core::Out<T, width> steered, core::Random random, const typename Proposal::Moments&,
                                Tape<T>& tape) {
        const int rows = e_write.count, count = sequences.count();
        BoundaryOptions boundaries = tape.options.boundaries;
        boundaries.drawn = boundaries.drawn && tape.options.training;
        Cut::forward(parameters.segments, sequences, tape.residual[Encoder::depth].view(), random, boundaries,
                     tape.proposals.encoded.resize(count * segments), tape.segments);
        tape.offsets.resize(static_cast<std::size_t>(count) + 1);
        for (int s = 0; s <= count; ++s) tape.offsets[static_cast<std::size_t>(s)] = s * segments;
        const typename Proposal::template Statistics<T> none{};
        Proposal::sample(none, {}, core::Sequences{tape.offsets}, random, {tape.options.noise, 0, false},
                         tape.proposals);
        const auto codes = tape.codes.zeros(rows);
        const auto gates = tape.gates.resize(rows), divergences = tape.divergences.zeros(rows);
        core::copy(view(tape.segments.begins.view()), view(gates));
        for_segments(sequences, [&](int row, int first, int i, int at) {
            core::map_row(codes, row) +=
                tape.segments.shares.view().row(row)[i] * core::map_row(tape.proposals.sampled.view(), at);
            const auto begun = tape.segments.segments[static_cast<std::size_t>(i)].begun.view();
            const T begins = row > first ? begun.data[row] - begun.data[row - 1] : begun.data[row];
            divergences.data[row] += begins * tape.proposals.divergences.view().data[at];
            if (row == first) gates.data[row] = 1;
        });
        tape.termination =
            Ending::forward(parameters.termination, sequences, std::as_const(tape.codes).view(), gates, tape.ending);
        Decoder::forward(parameters.decoder, tape.codes.view(), e_write, steered, tape.decoder);
    }

    /// The first part of the way back: to what the encoder said of each segment. Of the loss whose gradient at the
    /// steered layer is `steered_gradient`, a step weighs `weight`; codes' divergences weigh weight * alpha.
    template <class T, class Gradient>
    static typename Proposal::GradientSums backward_to_proposals(const Parameters<T>& parameters,
                                                                 core::Sequences sequences, core::In<T, width> e_write,
                                                                 Tape<T>& tape, core::In<T, width> steered_gradient,
                                                                 T weight, T alpha, core::Out<T, width> write_gradient,
                                                                 Gradient&& gradient) {
        using P = Parameters<T>;
        tape.weight = weight;
        const auto codes_gradient = tape.codes_gradient.zeros(e_write.count);
        Decoder::backward(parameters.decoder, sequences, tape.codes.view(), e_write, tape.decoder, steered_gradient,
                          codes_gradient, write_gradient, core::part(gradient, &P::decoder));
        Ending::backward(parameters.termination, sequences, std::as_const(tape.gates).view(), weight, tape.ending,
                         core::part(gradient, &P::termination));
        const int all = sequences.count() * segments;
        const auto shares_gradient = tape.segments.shares_gradient.resize(e_write.count);
        const auto sampled_gradient = tape.proposals.sampled_gradient.zeros(all);
        for_segments(sequences, [&](int row, int, int i, int at) {
            const auto d = core::map_row(codes_gradient, row);
            shares_gradient.row(row)[i] = d.dot(core::map_row(tape.proposals.sampled.view(), at));
            core::map_row(sampled_gradient, at) += tape.segments.shares.view().row(row)[i] * d;
        });
        // A code costs as far as there is a segment that it is of.
        const auto present = tape.segments.present.view();
        const auto present_gradient = tape.segments.present_gradient.resize(all);
        for (int at = 0; at < all; ++at)
            present_gradient.data[at] = weight * alpha * tape.proposals.divergences.view().data[at];
        return Proposal::backward(
            {tape.options.noise, 0, false}, [&](int at) { return weight * alpha * present.data[at]; }, tape.proposals);
    }
    /// The second part: through the segments to the encoder. The residual stream that is read is given no gradient.
    template <class T, class Gradient>
    static void backward_from_proposals(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width>,
                                        Tape<T>& tape, const typename Proposal::GradientSums&, core::Out<T, width>,
                                        Gradient&& gradient) {
        using P = Parameters<T>;
        const auto last = tape.residual[Encoder::depth].view();
        Cut::backward(parameters.segments, sequences, last, tape.segments, tape.proposals.encoded_gradient.view(),
                      tape.weight * static_cast<T>(tape.options.boundary_weight), tape.flow.zeros(last.count),
                      core::part(gradient, &P::segments));
        Encoder::backward(parameters.stack, sequences, tape.residual.data(), 0, Encoder::depth, tape.stack, tape.flow,
                          tape.scratch, core::part(gradient, &P::stack));
        Embedding::backward(parameters.embedding, tape.observed, tape.flow.view(), core::part(gradient, &P::embedding));
    }

    // What a pass over whole sequences came to, a row for each step.

    /// z, the codes.
    template <class T>
    static core::Rows<const T, code> codes(const Tape<T>& tape) {
        return tape.codes.view();
    }
    /// The probability that a segment begins; 1 at the first step.
    template <class T>
    static core::Rows<const T, 1> gates(const Tape<T>& tape) {
        return tape.gates.view();
    }
    /// KL(N(mean, variance) to N(0, I)) of codes in nats, not weighted, where their segments begin.
    template <class T>
    static core::Rows<const T, 1> divergences(const Tape<T>& tape) {
        return tape.divergences.view();
    }

    // Acting, step by step: as a Metacontroller does, by the termination policy.

    /// How a code in force acts.
    using Acting = CodeInForce<typename Ending::History, typename Ending::Unit, Decoder, Switching>;
    /// What an acting instance carries.
    template <class T>
    struct State : Acting::template State<T> {};
    /// Working memory of acting.
    template <class T>
    using Scratch = typename Acting::template Scratch<T>;

    /// Begins an episode whose switch draws from this stream.
    template <class T>
    static void reset(State<T>& state, core::Random random = core::Random()) {
        Acting::reset(state, random);
    }
    /// The termination policy's logits from e_t, h_{t-1} and z_{t-1}; then the histories move on to h_t.
    template <class P, class StateOf, class Memory>
    static void step_switch(const P& parameters, StateOf&& state_of, core::In<typename Memory::Scalar, width> e_read,
                            core::Out<typename Memory::Scalar, 1> logits, Memory& scratch) {
        Acting::step_switch(parameters.termination.history, parameters.termination.unit, state_of, e_read, logits,
                            scratch);
    }
    /// Does the code in force end at this step, whose logit is of step_switch? At the first one is asked for.
    template <class T>
    static bool opens(const Switching& switching, T logit, State<T>& state) {
        return Acting::opens(switching, logit, state);
    }
    /// Puts a new code in force.
    template <class P, class T>
    static void set_code(const P& parameters, const T* value, State<T>& state, Scratch<T>& scratch) {
        Acting::set_code(parameters.decoder, value, state, scratch);
    }
    /// Puts many codes in force, row i in the instance with state_of(i): as set_code one by one, but faster.
    template <class P, class StateOf, class T>
    static void set_codes(const P& parameters, StateOf&& state_of, core::Rows<const T, code> values,
                          Scratch<T>& scratch) {
        Acting::set_codes(parameters.decoder, state_of, values, scratch);
    }
    /// e^ = e + gain * U e with the controllers in force.
    template <class T, class StateOf>
    static void steer(StateOf&& state_of, core::Rows<T, width> e_write, T gain = 1) {
        Acting::steer(state_of, e_write, gain);
    }

private:
    /// Calls visit(row, the sequence's first row, i, s * segments + i) for every step and segment.
    template <class Visit>
    static void for_segments(core::Sequences sequences, Visit&& visit) {
        for (int s = 0; s < sequences.count(); ++s) {
            const int first = sequences.row(s);
            for (int row = first; row < first + sequences.length(s); ++row)
                for (int i = 0; i < segments; ++i) visit(row, first, i, s * segments + i);
        }
    }
};

}  // namespace midstream::control
