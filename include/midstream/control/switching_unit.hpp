/// \file
/// The switching unit of a metacontroller (Eq. 2 and 17; D.2): it sees the past and the code in force, says by a gate
/// how much of the code that is proposed comes into force, and integrates proposals into codes.
#pragma once

#include <algorithm>
#include <vector>

#include "midstream/control/switches.hpp"
#include "midstream/layer/linear.hpp"

namespace midstream::control {

/// The logit of step t is w relu(W_past p_t + W_code z_{t-1} + b) + b', with p_t a row of `Past` numbers; the switch
/// policy makes it the gate beta_t, and z_t = beta_t z~_t + (1 - beta_t) z_{t-1}, z_0 = 0.
template <int Past, int Code, int Hidden, class SwitchPolicy>
struct SwitchingUnit {
    static constexpr int hidden_width = Hidden;    ///< rectified units
    using FromPast = layer::Linear<Past, Hidden>;  ///< the past's share of the hidden units: W_past, b
    using Output = layer::Linear<Hidden, 1>;       ///< from the hidden units to the logit: w, b'

    template <class T>
    struct Parameters {
        typename FromPast::template Parameters<T> past;
        core::Matrix<T, Code, Hidden> code;
        typename Output::template Parameters<T> output;
        static void visit(auto& self, auto&& member) {
            member("past", self.past);
            member("code", self.code);
            member("output", self.output);
        }
    };

    template <class T>
    struct Tape {
        core::Buffer<T, Code> codes, codes_gradient;            ///< z, packed
        core::Buffer<T, 1> gates;                               ///< beta, packed
        core::Buffer<T, Hidden> from_past, from_past_gradient;  ///< packed: the past's share of the hidden units
        typename FromPast::template Tape<T> past;
        // The recurrence over time, in lockstep order.
        core::Lockstep lockstep;
        core::Buffer<T, Code> step_sampled, step_codes, step_codes_gradient, step_sampled_gradient;
        core::Buffer<T, Hidden> step_past, step_hidden, step_past_gradient;
        core::Buffer<T, 1> step_gates, step_slopes, step_logits, step_divergences;
        core::Buffer<T, Code> carry, before;
        /// The switches' streams and memories, one for each sequence; a function of the pass's stream alone.
        std::vector<core::Random> streams;
        std::vector<SwitchState<SwitchPolicy>> states;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random& random) {
        FromPast::initialise(parameters.past, random);
        layer::variance_scaling(parameters.code, random);
        Output::initialise(parameters.output, random);
    }

    /// From the past's rows and the proposals z~ to gates and codes, left in the tape. The switch of sequence s draws
    /// from random.fork(s).fork(1).
    template <class T>
    static void forward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Past> past,
                        core::In<T, Code> sampled, core::Random random, const SwitchPolicy& policy,
                        bool first_gate_open, Tape<T>& tape) {
        const int rows = past.count;
        const auto& lockstep = tape.lockstep;
        tape.lockstep.assign(sequences);
        tape.streams.resize(static_cast<std::size_t>(sequences.count()));
        for (int s = 0; s < sequences.count(); ++s)
            tape.streams[static_cast<std::size_t>(s)] = random.fork(static_cast<std::uint64_t>(s)).fork(1);
        tape.states.assign(static_cast<std::size_t>(sequences.count()), {});
        FromPast::apply(parameters.past, past, tape.from_past.resize(rows));
        lockstep.gather(sampled, tape.step_sampled.resize(rows));
        lockstep.gather(tape.from_past.view(), tape.step_past.resize(rows));
        tape.step_codes.resize(rows);
        tape.step_hidden.resize(rows);
        tape.step_gates.resize(rows);
        tape.step_slopes.resize(rows);
        tape.step_logits.resize(rows);
        for (int t = 0; t < lockstep.steps(); ++t) {
            const int start = lockstep.start(t), active = lockstep.active(t);
            const auto before = codes_before(tape, t);
            const auto logits = tape.step_logits.view().slice(start, active);
            logits_of<T>(parameters, before, tape.step_past.view().slice(start, active),
                         tape.step_hidden.view().slice(start, active), logits);
            for (int i = 0; i < active; ++i) {
                Gate<T> gate{T(1), T(0)};
                const auto sequence = static_cast<std::size_t>(lockstep.order[static_cast<std::size_t>(i)]);
                if (t > 0 || !first_gate_open)
                    gate = gate_of(policy, logits.data[i], t, tape.streams[sequence], tape.states[sequence]);
                tape.step_gates.view().data[start + i] = gate.value;
                tape.step_slopes.view().data[start + i] = gate.slope;
                core::map_row(tape.step_codes.view(), start + i) =
                    gate.value * core::map_row(tape.step_sampled.view(), start + i) +
                    (T(1) - gate.value) * core::map_row(before, i);
            }
        }
        lockstep.scatter(tape.step_codes.view(), tape.codes.resize(rows));
        lockstep.scatter(tape.step_gates.view(), tape.gates.resize(rows));
    }

    /// From tape.codes_gradient to the gradients of proposals (overwritten) and of the past (added to). Where the loss
    /// has `divergence_weight` times a row's gate times its divergence, `divergences` are these; else null.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::Sequences sequences, core::In<T, Past> past,
                         core::In<T, 1> divergences, T divergence_weight, Tape<T>& tape,
                         core::Out<T, Code> sampled_gradient, core::Out<T, Past> past_gradient, Gradient&& gradient) {
        const auto& lockstep = tape.lockstep;
        const int rows = tape.codes.count;
        lockstep.gather(tape.codes_gradient.view(), tape.step_codes_gradient.resize(rows));
        if (divergences) lockstep.gather(divergences, tape.step_divergences.resize(rows));
        const auto dz = tape.step_codes_gradient.view();
        const auto dsampled = tape.step_sampled_gradient.resize(rows);
        const auto dpast = tape.step_past_gradient.zeros(rows);
        const auto output = core::map(parameters.output.weight);
        for (int t = lockstep.steps() - 1; t >= 0; --t) {
            const int start = lockstep.start(t), active = lockstep.active(t);
            const auto before = codes_before(tape, t);
            const auto hidden = tape.step_hidden.view().slice(start, active);
            const auto dhidden = dpast.slice(start, active);
            const auto carry = tape.carry.resize(active);
            for (int i = 0; i < active; ++i) {
                const T gate = tape.step_gates.view().data[start + i], slope = tape.step_slopes.view().data[start + i];
                const auto d = core::map_row(dz, start + i);
                core::map_row(dsampled, start + i) = gate * d;
                core::map_row(carry, i) = (T(1) - gate) * d;
                if constexpr (SwitchPolicy::learned) {
                    T dlogit = (core::map_row(tape.step_sampled.view(), start + i) - core::map_row(before, i)).dot(d);
                    if (divergences) dlogit += divergence_weight * tape.step_divergences.view().data[start + i];
                    dlogit *= slope;
                    if constexpr (core::trainable<Gradient>) {
                        core::map(gradient.output.weight) += dlogit * core::map_row(hidden, i).transpose();
                        gradient.output.bias.values[0] += dlogit;
                    }
                    core::map_row(dhidden, i).array() = dlogit * output.transpose().array() *
                                                        (core::map_row(hidden, i).array() > T(0)).template cast<T>();
                }
            }
            if constexpr (SwitchPolicy::learned) {
                if constexpr (core::trainable<Gradient>)
                    core::add_transposed_product(view(before), view(dhidden), view(gradient.code));
                core::add_product_transposed(view(dhidden), view(parameters.code), view(carry));
            }
            // The sequences of this step are the leading ones of the step before.
            if (t > 0) core::add(view(carry), view(dz.slice(lockstep.start(t - 1), active)));
        }
        lockstep.scatter(tape.step_sampled_gradient.view(), sampled_gradient);
        lockstep.scatter(tape.step_past_gradient.view(), tape.from_past_gradient.resize(rows));
        FromPast::backward(parameters.past, sequences, past, tape.past, tape.from_past_gradient.view(), past_gradient,
                           core::part(gradient, &Parameters<T>::past));
    }

    /// One step of many instances: the logits of rows of the past and of codes in force. `hidden` is scratch.
    template <class W, class T = core::Computed<W>>
    static void step(const Parameters<W>& parameters, core::In<T, Past> past, core::In<T, Code> in_force,
                     core::Out<T, Hidden> hidden, core::Out<T, 1> logits) {
        FromPast::apply(parameters.past, past, hidden);
        logits_of<T>(parameters, in_force, hidden, hidden, logits);
    }

private:
    template <class T, class W>
    static void logits_of(const Parameters<W>& parameters, core::In<T, Code> before, core::In<T, Hidden> from_past,
                          core::Out<T, Hidden> hidden, core::Out<T, 1> logits) {
        if (hidden.data != from_past.data) core::copy(view(from_past), view(hidden));
        core::add_product(view(before), view(parameters.code), view(hidden));
        for (T& unit : hidden.flat()) unit = std::max(unit, T(0));
        Output::apply(parameters.output, hidden, logits);
    }

    /// z_{t-1} of the sequences that are still running at step t.
    template <class T>
    static core::Rows<const T, Code> codes_before(Tape<T>& tape, int step) {
        const int active = tape.lockstep.active(step);
        if (step == 0) return tape.before.zeros(active);
        return tape.step_codes.view().slice(tape.lockstep.start(step - 1), active);
    }
};

}  // namespace midstream::control
