/// \file
/// The metacontroller (Eq. 11 to 18; D.2): from a frozen model's residual stream it infers codes, decides when they
/// change, and decodes each into a linear controller of the residual stream.
#pragma once

#include "midstream/control/code_in_force.hpp"
#include "midstream/control/metacontroller_parts.hpp"

namespace midstream::control {

/// `Form` is LowRank<R> or FullLinear, `SwitchPolicy` one of switches.hpp, `Scope` and `FutureStack` are of future.hpp,
/// `ObserverType` is of observer.hpp. The defaults are the paper's.
template <class BaseModel, MetacontrollerShape Shape, class Form = LowRank<16>, class SwitchPolicy = SoftSwitch,
          class Scope = LastStep, class FutureStack = FutureHawk<model::width_of<BaseModel>>,
          class ObserverType = ResidualStream>
struct Metacontroller {
    /// What it is put together from, after checks.
    using Parts = MetacontrollerParts<BaseModel, Shape, Form, SwitchPolicy, Scope, FutureStack, ObserverType>;
    using Base = typename Parts::Base;                      ///< the model that is steered
    using ControllerForm = typename Parts::ControllerForm;  ///< the form of U: LowRank or another
    using Switching = typename Parts::Switching;            ///< the switch policy
    using Observer = typename Parts::Observer;              ///< what the encoder sees by
    using Inference = typename Parts::Inference;            ///< history and encoder
    using History = typename Inference::History;            ///< the recurrence of h_t
    using Proposal = typename Parts::Proposal;              ///< how codes are drawn from what the encoder says
    using Unit = typename Parts::Unit;                      ///< the switching unit, which makes gates and codes
    using Decoder = typename Parts::Decoder;                ///< the hypernetwork, which makes controllers of codes
    static constexpr int width = Parts::width;
    static constexpr int read = Parts::read;              ///< the base model's layer that it reads
    static constexpr int write = Parts::write;            ///< the base model's layer that it changes
    static constexpr int code = Parts::shape.code;        ///< numbers of a code
    static constexpr int history = Parts::shape.history;  ///< numbers of h_t
    static constexpr int past = Inference::past;          ///< what the switch sees of the past: e_t beside h_{t-1}

    static constexpr void describe(auto&& part) {
        part("base", std::type_identity<Base>{});
        part("shape", Shape);
        part("form", std::type_identity<Form>{});
        part("switch", std::type_identity<SwitchPolicy>{});
        part("scope", std::type_identity<Scope>{});
        part("future", std::type_identity<FutureStack>{});
        part("observer", std::type_identity<Observer>{});
    }

    template <class T>
    struct Parameters {
        typename Inference::template Parameters<T> inference;
        typename Unit::template Parameters<T> switching;
        typename Decoder::template Parameters<T> decoder;
        typename Proposal::template Statistics<T> proposals;
        static void visit(auto& self, auto&& member) {
            // Not part by part, but as files name them.
            member("future", self.inference.future);
            member("history", self.inference.history);
            member("encoder", self.inference.encoder);
            member("switch_past", self.switching.past);
            member("switch_code", self.switching.code);
            member("switch_output", self.switching.output);
            member("decoder_hidden", self.decoder.hidden);
            member("bank", self.decoder.bank);
            member("proposals", self.proposals);
        }
    };
    /// What acting needs of them: all but what infers codes from episodes. `visit` takes either.
    template <class T>
    struct ActingParameters {
        /// What is left of the inference network.
        struct Past {
            typename History::template Parameters<T> history;  ///< the recurrence of h_t
        } inference;                                           ///< without observer and encoder
        typename Unit::template Parameters<T> switching;       ///< of the switching unit
        typename Decoder::template Parameters<T> decoder;      ///< of the hypernetwork
        static void visit(auto& self, auto&& member) {
            member("history", self.inference.history);
            member("switch_past", self.switching.past);
            member("switch_code", self.switching.code);
            member("switch_output", self.switching.output);
            member("decoder_hidden", self.decoder.hidden);
            member("bank", self.decoder.bank);
        }
    };

    /// How codes are drawn and gates are made in a pass over whole sequences.
    struct Options {
        Switching switching{};  ///< how gates are made
        /// The first gate is 1 whatever the switch says, as internal RL acts (Algorithm 1: the first code is always
        /// asked for).
        bool first_gate_open = true;
        /// Weight the divergence of each step by its gate: the default where gates are sampled, as in the paper's
        /// rate-distortion curves (C.6); elsewhere the paper does not.
        bool divergence_weighted_by_gate = samples_gates<Switching>;
        /// The deviation of the proposal noise as a multiple of the encoder's; 0 takes means.
        double noise = 1;
        /// If positive, the deviation that proposals' means are brought to (control/proposals.hpp). Not in the paper.
        double signal = 0;
        /// With a signal: means are normalised by the batch's moments, not by the running ones of the parameters.
        bool training = true;
        /// What the encoder sees by, if that is to be learned beforehand (StreamEvents).
        Observer observer{};

        static constexpr void describe(const auto& self, auto&& part) {
            part("switching", self.switching);
            part("first_gate_open", self.first_gate_open);
            part("divergence_weighted_by_gate", self.divergence_weighted_by_gate);
            part("noise", self.noise);
            part("signal", self.signal);
            part("training", self.training);
            part.leaves_out(self.observer);  // what was learned, not how
        }
        /// What of the options concerns proposals.
        ProposalOptions proposals() const { return {noise, signal, training}; }
        void validate() const {
            control::validate(switching);
            core::require_range(noise, 0.0, 1e3, "the noise of proposals");
            core::require_range(signal, 0.0, 0.9999, "the signal of proposals");
            if constexpr (requires { observer.validate(); }) observer.validate();
        }
    };

    template <class T>
    struct Tape {
        typename Inference::template Tape<T> inference;
        typename Proposal::template Tape<T> proposals;
        typename Unit::template Tape<T> switching;  ///< with the codes and gates of all steps
        typename Decoder::template Tape<T> decoder;
        Options options;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random random) {
        Inference::initialise(parameters.inference, random);
        Unit::initialise(parameters.switching, random);
        Decoder::initialise(parameters.decoder, random);
        Proposal::initialise(parameters.proposals);
    }

    /// A pass over whole sequences: from layer `read` of the first pass, infers codes and gates (left in the tape) and
    /// writes the steered version of layer `write`. Sequence s draws from random.fork(s). `observed` has what
    /// the encoder sees, if that is not the residual stream, and outlives the backward pass.
    ///
    /// Shards of one batch make the pass in two parts, `propose` and `steer_sequences`, between which the moments of
    /// their proposals are merged, and go back in two as well.
    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e_read,
                        core::In<T, width> e_write, core::Out<T, width> steered, core::Random random,
                        const Options& options, Tape<T>& tape, ObservedRows<Observer, T> observed = {}) {
        propose(parameters, sequences, e_read, options, tape, observed);
        steer_sequences(parameters, sequences, e_write, steered, random, moments(tape), tape);
    }

    /// The first part: what the encoder says of every step. Uses `options` for both.
    template <class T>
    static void propose(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e_read,
                        const Options& options, Tape<T>& tape, ObservedRows<Observer, T> observed = {}) {
        tape.options = options;
        Inference::forward(parameters.inference, sequences, e_read, observed,
                           tape.proposals.encoded.resize(e_read.count), tape.inference);
    }
    /// The moments of the proposals in the tape, by which a pass in training normalises where options ask for a signal.
    template <class T>
    static typename Proposal::Moments moments(const Tape<T>& tape) {
        return tape.options.signal > 0 ? Proposal::moments(tape.proposals) : typename Proposal::Moments{};
    }
    /// Takes the moments of a batch into the parameters' running ones.
    template <class T>
    static void track(Parameters<T>& parameters, const typename Proposal::Moments& batch) {
        if (batch.count > 0) Proposal::track(parameters.proposals, batch);
    }
    /// The second part: draws the proposals, integrates them at the gates, and steers. `batch` has the moments of all
    /// shards.
    template <class T>
    static void steer_sequences(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e_write,
                                core::Out<T, width> steered, core::Random random,
                                const typename Proposal::Moments& batch, Tape<T>& tape) {
        Proposal::sample(parameters.proposals, batch, sequences, random, tape.options.proposals(), tape.proposals);
        Unit::forward(parameters.switching, sequences, tape.inference.past_rows.view(), tape.proposals.sampled.view(),
                      random, tape.options.switching, tape.options.first_gate_open, tape.switching);
        Decoder::forward(parameters.decoder, tape.switching.codes.view(), e_write, steered, tape.decoder);
    }

    /// Adds the gradients of: the loss whose gradient at the steered layer is `steered_gradient`, plus
    /// divergence_weight times the summed KL. Gradients with respect to the residual stream are computed if wanted.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e_read,
                         core::In<T, width> e_write, Tape<T>& tape, core::In<T, width> steered_gradient,
                         T divergence_weight, core::Out<T, width> read_gradient, core::Out<T, width> write_gradient,
                         Gradient&& gradient) {
        const auto sums = backward_to_proposals(parameters, sequences, e_write, tape, steered_gradient, T(1),
                                                divergence_weight, write_gradient, gradient);
        backward_from_proposals(parameters, sequences, e_read, tape, sums, read_gradient, gradient);
    }

    /// The first part: back to the proposals, the divergences weighing weight * alpha, where `weight` is in the
    /// gradient that comes in already. Returns what shards of one batch add up for the second.
    template <class T, class Gradient>
    static typename Proposal::GradientSums backward_to_proposals(const Parameters<T>& parameters,
                                                                 core::Sequences sequences, core::In<T, width> e_write,
                                                                 Tape<T>& tape, core::In<T, width> steered_gradient,
                                                                 T weight, T alpha, core::Out<T, width> write_gradient,
                                                                 Gradient&& gradient) {
        using P = Parameters<T>;
        const int rows = e_write.count;
        const T divergence_weight = weight * alpha;
        const bool gated = tape.options.divergence_weighted_by_gate;
        Decoder::backward(parameters.decoder, sequences, tape.switching.codes.view(), e_write, tape.decoder,
                          steered_gradient, tape.switching.codes_gradient.zeros(rows), write_gradient,
                          core::part(gradient, &P::decoder));
        Unit::backward(parameters.switching, sequences, tape.inference.past_rows.view(),
                       gated ? std::as_const(tape.proposals.divergences).view() : core::Rows<const T, 1>{},
                       divergence_weight, tape.switching, tape.proposals.sampled_gradient.resize(rows),
                       tape.inference.past_gradient.zeros(rows), core::part(gradient, &P::switching));
        const auto weight_of = [&](int row) {
            return divergence_weight * (gated ? tape.switching.gates.view().data[row] : T(1));
        };
        return Proposal::backward(tape.options.proposals(), weight_of, tape.proposals);
    }
    /// The second part: from the proposals, with `batch` the sums of all shards.
    template <class T, class Gradient>
    static void backward_from_proposals(const Parameters<T>& parameters, core::Sequences sequences,
                                        core::In<T, width> e_read, Tape<T>& tape,
                                        const typename Proposal::GradientSums& batch, core::Out<T, width> read_gradient,
                                        Gradient&& gradient) {
        Proposal::backward_normalisation(tape.options.proposals(), batch, tape.proposals);
        Inference::backward(parameters.inference, sequences, e_read, tape.inference,
                            tape.proposals.encoded_gradient.view(), read_gradient,
                            core::part(gradient, &Parameters<T>::inference));
    }

    // What a pass over whole sequences came to, a row for each step.

    /// z, the codes.
    template <class T>
    static core::Rows<const T, code> codes(const Tape<T>& tape) {
        return tape.switching.codes.view();
    }
    /// beta, the gates.
    template <class T>
    static core::Rows<const T, 1> gates(const Tape<T>& tape) {
        return tape.switching.gates.view();
    }
    /// KL(N(mean, variance) to N(0, I)) of the proposals in nats, not weighted.
    template <class T>
    static core::Rows<const T, 1> divergences(const Tape<T>& tape) {
        return tape.proposals.divergences.view();
    }

    // Acting, step by step.

    /// How a code in force acts.
    using Acting = CodeInForce<History, Unit, Decoder, Switching>;
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

    // `P` is Parameters<T> or ActingParameters<W>.

    /// The switch's logits from e_t, h_{t-1} and z_{t-1}; then the histories move on to h_t.
    template <class P, class StateOf, class Memory>
    static void step_switch(const P& parameters, StateOf&& state_of, core::In<typename Memory::Scalar, width> e_read,
                            core::Out<typename Memory::Scalar, 1> logits, Memory& scratch) {
        Acting::step_switch(parameters.inference.history, parameters.switching, state_of, e_read, logits, scratch);
    }
    /// Does the switch open at this step of an acting instance, whose logit is of step_switch? To be asked once a step.
    /// At the first it does: the first code is always asked for (Algorithm 1).
    template <class T>
    static bool opens(const Switching& switching, T logit, State<T>& state) {
        return Acting::opens(switching, logit, state);
    }
    /// Puts a new code in force: z_t = code, U_t its controller.
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
};

}  // namespace midstream::control
