/// \file
/// The metacontroller (paper section 5): from a frozen model's residual stream it infers codes, decides when they
/// change, and decodes each into a linear controller of the residual stream.
#pragma once

#include "midstream/control/controllers.hpp"
#include "midstream/control/future.hpp"
#include "midstream/control/observer.hpp"
#include "midstream/control/proposals.hpp"
#include "midstream/control/switches.hpp"
#include "midstream/data/episodes.hpp"
#include "midstream/layer/gru.hpp"
#include "midstream/layer/mlp.hpp"
#include "midstream/layer/shift.hpp"

namespace midstream::control {

/// Sizes of a metacontroller; the defaults are the paper's (Tables A9, A10), but for the layers, which name the base
/// model's: `read` is what encoder, history and switch see, `write` is what the controller changes.
struct MetacontrollerShape {
    int read = 3;
    int write = 3;
    int code = 8;
    int encoder_hidden = 64;
    int decoder_hidden = 32;
    int switch_hidden = 32;
    int history = 32;
    int embedding = 32;
    static constexpr void describe(const auto& self, auto&& part) {
        part("read", self.read);
        part("write", self.write);
        part("code", self.code);
        part("encoder_hidden", self.encoder_hidden);
        part("decoder_hidden", self.decoder_hidden);
        part("switch_hidden", self.switch_hidden);
        part("history", self.history);
        part("embedding", self.embedding);
    }
};

namespace detail {
/// Is the layer that an observer looks at, if any, one of a model of this depth?
template <class Observer, int Depth>
inline constexpr bool observes_within = true;
template <ObservesStream Observer, int Depth>
inline constexpr bool observes_within<Observer, Depth> = Observer::layer >= 0 && Observer::layer <= Depth;
}  // namespace detail

/// `Form` is LowRank<R> or FullLinear, `SwitchPolicy` one of switches.hpp, `Scope` and `FutureStack` are of future.hpp,
/// `ObserverType` is of observer.hpp. The defaults are the paper's.
template <class BaseModel, MetacontrollerShape Shape, class Form = LowRank<16>, class SwitchPolicy = SoftSwitch,
          class Scope = LastStep, class FutureStack = FutureHawk<BaseModel::width>, class ObserverType = ResidualStream>
struct Metacontroller {
    using Base = BaseModel;
    using ControllerForm = Form;
    using Switching = SwitchPolicy;
    using Observer = ObserverType;
    static constexpr int width = Base::width;
    static constexpr int read = Shape.read;
    static constexpr int write = Shape.write;
    static constexpr int code = Shape.code;
    static constexpr int history = Shape.history;
    static constexpr int hidden = Shape.switch_hidden;
    static_assert(read >= 0 && read <= Base::depth,
                  "the metacontroller reads a layer that the base model does not have");
    static_assert(write >= 0 && write <= Base::depth,
                  "the metacontroller writes to a layer that the base model does not have");
    static_assert(TrainingSwitch<SwitchPolicy>,
                  "the metacontroller's switch needs `static constexpr bool learned` and Gate<T> gate(T logit, int "
                  "step, core::Random&) const (control/switches.hpp)");
    static_assert(ActingSwitch<SwitchPolicy>,
                  "the metacontroller's switch does not say how it acts: bool acting(float logit, int step, "
                  "core::Random&) const (control/switches.hpp)");
    static_assert(
        ObserverOf<Observer, data::Episodes<typename Base::Observation, typename Base::Action, typename Base::Target>,
                   width>,
        "the metacontroller's observer lacks a space Observation, observe(episodes, row, seen) or event(seen) "
        "(control/observer.hpp)");
    static_assert(detail::observes_within<Observer, Base::depth>,
                  "the metacontroller's observer looks at a layer that the base model does not have");
    static_assert(FutureStack::width == width,
                  "the metacontroller's sequence embedder needs the width of the residual stream");
    /// e_t beside h_{t-1}: what the switch sees of the past.
    static constexpr int past = width + history;
    /// Does the encoder see the residual stream, and with it all that the switch sees, or something else alone?
    static constexpr bool sees_residual = std::is_same_v<Observer, ResidualStream>;
    /// What the encoder sees: e_t, h_{t-1} and s; or, of another observer, s alone.
    static constexpr int encoder_width = (sees_residual ? past : 0) + Shape.embedding;

    using Future = FutureEmbedding<FutureStack, Shape.embedding, Scope>;
    using History = layer::Gru<width, history>;
    using Observing = ObserverEmbedding<Observer, Future>;
    using Encoder = layer::Mlp<encoder_width, Shape.encoder_hidden, 2 * code>;
    using Proposal = Proposals<code>;
    using SwitchPast = layer::Linear<past, hidden>;
    using SwitchOutput = layer::Linear<hidden, 1>;
    using DecoderHidden = layer::Linear<code, Shape.decoder_hidden>;
    /// One component for each hidden unit of the hypernetwork, and one for its bias.
    static constexpr int components = Shape.decoder_hidden + 1;
    using Bank = typename Form::template Bank<width, components>;
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
        typename Observing::template Parameters<T> future;
        typename History::template Parameters<T> history;
        typename Encoder::template Parameters<T> encoder;
        typename SwitchPast::template Parameters<T> switch_past;
        core::Matrix<T, code, hidden> switch_code;
        typename SwitchOutput::template Parameters<T> switch_output;
        typename DecoderHidden::template Parameters<T> decoder_hidden;
        typename Bank::template Parameters<T> bank;
        typename Proposal::template Statistics<T> proposals;
        static void visit(auto& self, auto&& member) {
            member("future", self.future);
            member("history", self.history);
            member("encoder", self.encoder);
            member("switch_past", self.switch_past);
            member("switch_code", self.switch_code);
            member("switch_output", self.switch_output);
            member("decoder_hidden", self.decoder_hidden);
            member("bank", self.bank);
            member("proposals", self.proposals);
        }
    };

    /// How codes are drawn and gates are made in a pass over whole sequences.
    struct Options {
        SwitchPolicy switching{};
        /// The first gate is 1 whatever the switch says, as internal RL acts (paper section 6: the first code is always
        /// asked for).
        bool first_gate_open = true;
        /// Weight the divergence of each step by its gate (the paper does so in its rate-distortion curves alone).
        bool divergence_weighted_by_gate = false;
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
        core::Lockstep lockstep;
        core::Buffer<T, history> histories, previous_histories, histories_gradient, previous_histories_gradient;
        core::Buffer<T, Shape.embedding> embedding, embedding_gradient;
        core::Buffer<T, past> past_rows, past_gradient;
        core::Buffer<T, encoder_width> encoder_input, encoder_input_gradient;
        typename Proposal::template Tape<T> proposals;         ///< packed
        core::Buffer<T, code> codes;                           ///< z, packed
        core::Buffer<T, code> codes_gradient;                  ///< packed
        core::Buffer<T, 1> gates;                              ///< beta, packed
        core::Buffer<T, hidden> switch_rows, switch_gradient;  ///< packed: the past's share of the hidden units
        // The recurrence over time, in lockstep order.
        core::Buffer<T, code> step_sampled, step_codes, step_codes_gradient, step_sampled_gradient;
        core::Buffer<T, hidden> step_switch, step_hidden, step_switch_gradient;
        core::Buffer<T, 1> step_gates, step_slopes, step_logits, step_divergences;
        core::Buffer<T, code> carry, previous;
        core::Buffer<T, Shape.decoder_hidden> decoded_gradient;
        core::Buffer<T, components> coefficients, coefficients_gradient;
        typename Observing::template Tape<T> future;
        ObservedRows<Observer, T> observed;
        typename History::template Tape<T> history_tape;
        typename Encoder::template Tape<T> encoder;
        typename SwitchPast::template Tape<T> switch_past;
        typename DecoderHidden::template Tape<T> decoder_hidden;
        typename Bank::template Tape<T> bank;
        Options options;
        /// The switches' streams and memories, one for each sequence; a function of the pass's stream alone.
        std::vector<core::Random> streams;
        std::vector<SwitchState<SwitchPolicy>> switch_states;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random random) {
        Observing::template initialise<T>(parameters.future, random);
        History::initialise(parameters.history, random);
        Encoder::initialise(parameters.encoder, random);
        SwitchPast::initialise(parameters.switch_past, random);
        layer::variance_scaling(parameters.switch_code, random);
        SwitchOutput::initialise(parameters.switch_output, random);
        DecoderHidden::initialise(parameters.decoder_hidden, random);
        Bank::initialise(parameters.bank, random);
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
        const int rows = e_read.count;
        tape.options = options;
        // h_t, and h_{t-1} beside e_t.
        History::forward(parameters.history, sequences, e_read, tape.histories.resize(rows), tape.history_tape);
        layer::shift<T, history>(sequences, tape.histories.view(), tape.previous_histories.resize(rows));
        tape.observed = observed;
        Observing::template forward<T>(parameters.future, sequences, e_read, observed, tape.embedding.resize(rows),
                                       tape.future);
        const auto past_rows = tape.past_rows.resize(rows);
        const auto encoder_input = tape.encoder_input.resize(rows);
        core::copy(view(e_read), columns(past_rows, 0, width));
        core::copy(view(tape.previous_histories.view()), columns(past_rows, width, history));
        if constexpr (sees_residual) core::copy(view(past_rows), columns(encoder_input, 0, past));
        core::copy(view(tape.embedding.view()),
                   columns(encoder_input, encoder_width - Shape.embedding, Shape.embedding));
        Encoder::forward(parameters.encoder, sequences, encoder_input, tape.proposals.encoded.resize(rows),
                         tape.encoder);
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
        const int rows = e_write.count;
        tape.lockstep.assign(sequences);
        tape.streams.resize(static_cast<std::size_t>(sequences.count()));
        for (int s = 0; s < sequences.count(); ++s)
            tape.streams[static_cast<std::size_t>(s)] = random.fork(static_cast<std::uint64_t>(s)).fork(1);
        tape.switch_states.assign(static_cast<std::size_t>(sequences.count()), {});
        Proposal::sample(parameters.proposals, batch, sequences, random, tape.options.proposals(), tape.proposals);
        SwitchPast::apply(parameters.switch_past, tape.past_rows.view(), tape.switch_rows.resize(rows));
        integrate(parameters, tape);
        decode(parameters, tape.codes.view(), tape.coefficients.resize(rows));
        Bank::forward(parameters.bank, e_write, tape.coefficients.view(), steered, tape.bank);
    }

    /// Adds the gradients of: the loss whose gradient at the steered layer is `steered_gradient`, plus
    /// divergence_weight times the summed KL. Gradients with respect to the residual stream are computed if wanted.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, width> e_read,
                         core::In<T, width> e_write, Tape<T>& tape, core::In<T, width> steered_gradient,
                         T divergence_weight, core::Out<T, width> read_gradient, core::Out<T, width> write_gradient,
                         Gradient&& gradient) {
        const auto sums = backward_to_proposals(parameters, sequences, e_write, tape, steered_gradient,
                                                divergence_weight, write_gradient, gradient);
        backward_from_proposals(parameters, sequences, e_read, tape, sums, read_gradient, gradient);
    }

    /// The first part: back to the proposals. Returns what shards of one batch add up for the second.
    template <class T, class Gradient>
    static typename Proposal::GradientSums backward_to_proposals(const Parameters<T>& parameters,
                                                                 core::Sequences sequences, core::In<T, width> e_write,
                                                                 Tape<T>& tape, core::In<T, width> steered_gradient,
                                                                 T divergence_weight,
                                                                 core::Out<T, width> write_gradient,
                                                                 Gradient&& gradient) {
        using P = Parameters<T>;
        const int rows = e_write.count;
        const auto coefficients_gradient = tape.coefficients_gradient.zeros(rows);
        Bank::backward(parameters.bank, e_write, tape.coefficients.view(), tape.bank, steered_gradient,
                       coefficients_gradient, write_gradient, core::part(gradient, &P::bank));
        // The hypernetwork's hidden units: tanh, of which the coefficients after the first are the values.
        const auto decoded_gradient = tape.decoded_gradient.resize(rows);
        for (int row = 0; row < rows; ++row)
            for (int i = 0; i < Shape.decoder_hidden; ++i) {
                const T unit = tape.coefficients.view().row(row)[i + 1];
                decoded_gradient.row(row)[i] = coefficients_gradient.row(row)[i + 1] * (T(1) - unit * unit);
            }
        DecoderHidden::backward(parameters.decoder_hidden, sequences, tape.codes.view(), tape.decoder_hidden,
                                decoded_gradient, tape.codes_gradient.zeros(rows),
                                core::part(gradient, &P::decoder_hidden));
        integrate_backward(parameters, tape, divergence_weight, gradient);
        const auto weight = [&](int row) {
            return divergence_weight * (tape.options.divergence_weighted_by_gate ? tape.gates.view().data[row] : T(1));
        };
        return Proposal::backward(tape.options.proposals(), weight, tape.proposals);
    }
    /// The second part: from the proposals, with `batch` the sums of all shards.
    template <class T, class Gradient>
    static void backward_from_proposals(const Parameters<T>& parameters, core::Sequences sequences,
                                        core::In<T, width> e_read, Tape<T>& tape,
                                        const typename Proposal::GradientSums& batch, core::Out<T, width> read_gradient,
                                        Gradient&& gradient) {
        using P = Parameters<T>;
        const int rows = e_read.count;
        Proposal::backward_normalisation(tape.options.proposals(), batch, tape.proposals);
        const auto past_gradient = tape.past_gradient.zeros(rows);
        SwitchPast::backward(parameters.switch_past, sequences, tape.past_rows.view(), tape.switch_past,
                             tape.switch_gradient.view(), past_gradient, core::part(gradient, &P::switch_past));
        const auto encoder_input_gradient = tape.encoder_input_gradient.zeros(rows);
        Encoder::backward(parameters.encoder, sequences, tape.encoder_input.view(), tape.encoder,
                          tape.proposals.encoded_gradient.view(), encoder_input_gradient,
                          core::part(gradient, &P::encoder));
        if constexpr (sees_residual) core::add(columns(encoder_input_gradient, 0, past), view(past_gradient));
        core::copy(columns(encoder_input_gradient, encoder_width - Shape.embedding, Shape.embedding),
                   view(tape.embedding_gradient.resize(rows)));
        Observing::template backward<T>(parameters.future, sequences, e_read, tape.observed, tape.future,
                                        tape.embedding_gradient.view(), read_gradient,
                                        core::part(gradient, &P::future));
        core::copy(columns(past_gradient, width, history), view(tape.previous_histories_gradient.resize(rows)));
        layer::unshift_add<T, history>(sequences, tape.previous_histories_gradient.view(),
                                       tape.histories_gradient.zeros(rows));
        History::backward(parameters.history, sequences, e_read, tape.history_tape, tape.histories_gradient.view(),
                          read_gradient, core::part(gradient, &P::history));
        if (read_gradient) core::add(columns(past_gradient, 0, width), view(read_gradient));
    }

    /// The bank's coefficients of codes: 1, then the hypernetwork's hidden units.
    template <class T>
    static void decode(const Parameters<T>& parameters, core::In<T, code> codes,
                       core::Out<T, components> coefficients) {
        core::affine(view(codes), view(parameters.decoder_hidden.weight), parameters.decoder_hidden.bias.values,
                     columns(coefficients, 1, Shape.decoder_hidden));
        for (int row = 0; row < codes.count; ++row) {
            T* line = coefficients.row(row);
            line[0] = 1;
            core::EigenMap<T, 1, Shape.decoder_hidden> units(line + 1);
            units = units.array().tanh().matrix();
        }
    }

    // Acting, step by step.

    /// What an acting instance carries.
    template <class T>
    struct State {
        typename History::template State<T> history;  ///< h_{t-1} until the switch has seen e_t, then h_t
        core::Vector<T, code> code_in_force;          ///< z_{t-1}
        typename Bank::template Controller<T> controller;
        int step = 0;           ///< steps that the switch has been asked about
        core::Random random{};  ///< the switch's own stream
        [[no_unique_address]] SwitchState<SwitchPolicy> switching{};
    };
    template <class T>
    struct Scratch {
        core::Buffer<T, past> past_rows;
        core::Buffer<T, history> histories;
        core::Buffer<T, hidden> hidden_rows;
        core::Buffer<T, code> codes;
        core::Buffer<T, components> coefficients;
        typename History::template Tape<T> history_tape;
    };

    /// Begins an episode whose switch draws from this stream.
    template <class T>
    static void reset(State<T>& state, core::Random random = core::Random()) {
        History::reset(state.history);
        core::map(state.code_in_force).setZero();
        state.step = 0;
        state.random = random;
        state.switching = {};
    }

    /// The switch's logits from e_t, h_{t-1} and z_{t-1}; then the histories move on to h_t.
    template <class T, class StateOf>
    static void step_switch(const Parameters<T>& parameters, StateOf&& state_of, core::In<T, width> e_read,
                            core::Out<T, 1> logits, Scratch<T>& scratch) {
        const int rows = e_read.count;
        const auto past_rows = scratch.past_rows.resize(rows);
        const auto codes = scratch.codes.resize(rows);
        for (int row = 0; row < rows; ++row) {
            const State<T>& state = state_of(row);
            std::copy_n(e_read.row(row), width, past_rows.row(row));
            std::copy_n(state.history.hidden.values, history, past_rows.row(row) + width);
            std::copy_n(state.code_in_force.values, code, codes.row(row));
        }
        const auto hidden_rows = scratch.hidden_rows.resize(rows);
        SwitchPast::apply(parameters.switch_past, past_rows, hidden_rows);
        switch_logits(parameters, codes, hidden_rows, hidden_rows, logits);
        History::step(
            parameters.history, [&](int i) -> auto& { return state_of(i).history; }, e_read,
            scratch.histories.resize(rows), scratch.history_tape);
    }

    /// Does the switch open at this step of an acting instance, whose logit is of step_switch? To be asked once a step.
    /// At the first it does: the first code is always asked for (Algorithm 1).
    template <class T>
    static bool opens(const SwitchPolicy& switching, T logit, State<T>& state) {
        const int step = state.step++;
        return step == 0 || control::opens(switching, static_cast<float>(logit), step, state.random, state.switching);
    }

    /// Puts a new code in force: z_t = code, U_t its controller.
    template <class T>
    static void set_code(const Parameters<T>& parameters, const T* value, State<T>& state, Scratch<T>& scratch) {
        std::copy_n(value, code, state.code_in_force.values);
        const auto coefficients = scratch.coefficients.resize(1);
        decode(parameters, core::Rows<const T, code>{value, 1}, coefficients);
        Bank::combine(parameters.bank, coefficients.data, state.controller);
    }

    /// e^ = e + gain * U e with the controllers in force.
    template <class T, class StateOf>
    static void steer(StateOf&& state_of, core::Rows<T, width> e_write, T gain = 1) {
        for (int row = 0; row < e_write.count; ++row) Bank::steer(state_of(row).controller, e_write.row(row), gain);
    }

private:
    /// hidden = relu(past's share + z_{t-1} W), logits = hidden w + b.
    template <class T>
    static void switch_logits(const Parameters<T>& parameters, core::In<T, code> previous,
                              core::In<T, hidden> from_past, core::Out<T, hidden> hidden_rows, core::Out<T, 1> logits) {
        if (hidden_rows.data != from_past.data) core::copy(view(from_past), view(hidden_rows));
        core::add_product(view(previous), view(parameters.switch_code), view(hidden_rows));
        for (T& unit : hidden_rows.flat()) unit = std::max(unit, T(0));
        SwitchOutput::apply(parameters.switch_output, hidden_rows, logits);
    }

    /// The recurrence z_t = beta_t z~_t + (1 - beta_t) z_{t-1} in lockstep over the sequences.
    template <class T>
    static void integrate(const Parameters<T>& parameters, Tape<T>& tape) {
        const auto& lockstep = tape.lockstep;
        const int rows = tape.proposals.sampled.count;
        lockstep.gather(tape.proposals.sampled.view(), tape.step_sampled.resize(rows));
        lockstep.gather(tape.switch_rows.view(), tape.step_switch.resize(rows));
        tape.step_codes.resize(rows);
        tape.step_hidden.resize(rows);
        tape.step_gates.resize(rows);
        tape.step_slopes.resize(rows);
        tape.step_logits.resize(rows);
        for (int t = 0; t < lockstep.steps(); ++t) {
            const int start = lockstep.start(t), active = lockstep.active(t);
            const auto previous = previous_codes(tape, t);
            const auto logits = tape.step_logits.view().slice(start, active);
            switch_logits(parameters, previous, tape.step_switch.view().slice(start, active),
                          tape.step_hidden.view().slice(start, active), logits);
            for (int i = 0; i < active; ++i) {
                Gate<T> gate{T(1), T(0)};
                const auto sequence = static_cast<std::size_t>(lockstep.order[static_cast<std::size_t>(i)]);
                if (t > 0 || !tape.options.first_gate_open)
                    gate = gate_of(tape.options.switching, logits.data[i], t, tape.streams[sequence],
                                   tape.switch_states[sequence]);
                tape.step_gates.view().data[start + i] = gate.value;
                tape.step_slopes.view().data[start + i] = gate.slope;
                core::map_row(tape.step_codes.view(), start + i) =
                    gate.value * core::map_row(tape.step_sampled.view(), start + i) +
                    (T(1) - gate.value) * core::map_row(previous, i);
            }
        }
        lockstep.scatter(tape.step_codes.view(), tape.codes.resize(rows));
        lockstep.scatter(tape.step_gates.view(), tape.gates.resize(rows));
    }

    template <class T, class Gradient>
    static void integrate_backward(const Parameters<T>& parameters, Tape<T>& tape, T divergence_weight,
                                   Gradient&& gradient) {
        const auto& lockstep = tape.lockstep;
        const int rows = tape.codes.count;
        lockstep.gather(tape.codes_gradient.view(), tape.step_codes_gradient.resize(rows));
        lockstep.gather(tape.proposals.divergences.view(), tape.step_divergences.resize(rows));
        const auto dz = tape.step_codes_gradient.view();
        const auto dsampled = tape.step_sampled_gradient.resize(rows);
        const auto dswitch = tape.step_switch_gradient.zeros(rows);
        const auto output = core::map(parameters.switch_output.weight);
        for (int t = lockstep.steps() - 1; t >= 0; --t) {
            const int start = lockstep.start(t), active = lockstep.active(t);
            const auto previous = previous_codes(tape, t);
            const auto hidden_rows = tape.step_hidden.view().slice(start, active);
            const auto dhidden = dswitch.slice(start, active);
            const auto carry = tape.carry.resize(active);
            for (int i = 0; i < active; ++i) {
                const T gate = tape.step_gates.view().data[start + i], slope = tape.step_slopes.view().data[start + i];
                const auto d = core::map_row(dz, start + i);
                core::map_row(dsampled, start + i) = gate * d;
                core::map_row(carry, i) = (T(1) - gate) * d;
                if constexpr (SwitchPolicy::learned) {
                    T dlogit = (core::map_row(tape.step_sampled.view(), start + i) - core::map_row(previous, i)).dot(d);
                    if (tape.options.divergence_weighted_by_gate)
                        dlogit += divergence_weight * tape.step_divergences.view().data[start + i];
                    dlogit *= slope;
                    if constexpr (core::trainable<Gradient>) {
                        core::map(gradient.switch_output.weight) += dlogit * core::map_row(hidden_rows, i).transpose();
                        gradient.switch_output.bias.values[0] += dlogit;
                    }
                    core::map_row(dhidden, i).array() =
                        dlogit * output.transpose().array() *
                        (core::map_row(hidden_rows, i).array() > T(0)).template cast<T>();
                }
            }
            if constexpr (SwitchPolicy::learned) {
                if constexpr (core::trainable<Gradient>)
                    core::add_transposed_product(view(previous), view(dhidden), view(gradient.switch_code));
                core::add_product_transposed(view(dhidden), view(parameters.switch_code), view(carry));
            }
            // The sequences of this step are the leading ones of the step before.
            if (t > 0) core::add(view(carry), view(dz.slice(lockstep.start(t - 1), active)));
        }
        lockstep.scatter(tape.step_switch_gradient.view(), tape.switch_gradient.resize(rows));
        lockstep.scatter(tape.step_sampled_gradient.view(), tape.proposals.sampled_gradient.resize(rows));
    }

    /// z_{t-1} of the sequences that are still running at step t; z_0 = 0.
    template <class T>
    static core::Rows<const T, code> previous_codes(Tape<T>& tape, int step) {
        const int active = tape.lockstep.active(step);
        if (step == 0) return tape.previous.zeros(active);
        return tape.step_codes.view().slice(tape.lockstep.start(step - 1), active);
    }
};

}  // namespace midstream::control
