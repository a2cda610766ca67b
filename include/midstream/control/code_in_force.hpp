/// \file
/// Acting step by step under a code (Algorithm 1): what an instance carries, how the switch is asked, and how the code
/// in force steers. Whatever decodes codes into controllers and says when they end acts so.
#pragma once

#include <algorithm>

#include "midstream/control/switches.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/tensor.hpp"

namespace midstream::control {

/// `History` is the recurrence of h_t over the residual stream, `Unit` a control::SwitchingUnit, `Decoder` a
/// control::Hypernetwork, `SwitchPolicy` one of switches.hpp.
template <class History, class Unit, class Decoder, class SwitchPolicy>
struct CodeInForce {
    static constexpr int width = History::input_width,  ///< numbers of e_t
        history = History::output_width,                ///< numbers of h_t
        past = width + history,                         ///< what the switch sees of the past: e_t beside h_{t-1}
        code = Decoder::code_width;                     ///< numbers of a code

    /// What an acting instance carries.
    template <class T>
    struct State {
        typename History::template State<T> history;  ///< h_{t-1} until the switch has seen e_t, then h_t
        core::Vector<T, code> code_in_force;          ///< z_{t-1}
        typename Decoder::template Controller<T> controller;
        int step = 0;           ///< steps that the switch has been asked about
        core::Random random{};  ///< the switch's own stream
        [[no_unique_address]] SwitchState<SwitchPolicy> switching{};
    };
    template <class T>
    struct Scratch {
        using Scalar = T;  ///< what is computed with
        core::Buffer<T, past> past_rows;
        core::Buffer<T, history> histories;
        core::Buffer<T, Unit::hidden_width> hidden_rows;
        core::Buffer<T, code> codes;
        core::Buffer<T, Decoder::components> coefficients;
        core::AlignedVector<T> controllers;  ///< of set_codes
        typename History::template Tape<T> history_tape;
    };

    /// Begins an episode whose switch draws from this stream.
    template <class T>
    static void reset(State<T>& state, core::Random random) {
        History::reset(state.history);
        core::map(state.code_in_force).setZero();
        state.step = 0;
        state.random = random;
        state.switching = {};
    }

    /// The switch's logits from e_t, h_{t-1} and z_{t-1}; then the histories move on to h_t. Row i belongs to the
    /// instance with state_of(i). Parameters are History's and Unit's, in whatever number of bits.
    template <class StateOf, class T>
    static void step_switch(const auto& history_parameters, const auto& unit_parameters, StateOf&& state_of,
                            core::In<T, width> e_read, core::Out<T, 1> logits, Scratch<T>& scratch) {
        const int rows = e_read.count;
        const auto past_rows = scratch.past_rows.resize(rows);
        const auto codes = scratch.codes.resize(rows);
        for (int row = 0; row < rows; ++row) {
            const auto& state = state_of(row);
            std::copy_n(e_read.row(row), width, past_rows.row(row));
            std::copy_n(state.history.hidden.values, history, past_rows.row(row) + width);
            std::copy_n(state.code_in_force.values, code, codes.row(row));
        }
        Unit::step(unit_parameters, past_rows, codes, scratch.hidden_rows.resize(rows), logits);
        History::step(
            history_parameters, [&](int i) -> auto& { return state_of(i).history; }, e_read,
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
    static void set_code(const auto& parameters, const T* value, State<T>& state, Scratch<T>& scratch) {
        std::copy_n(value, code, state.code_in_force.values);
        Decoder::combine(parameters, value, state.controller, scratch.coefficients);
    }

    /// Puts many codes in force, row i in the instance with state_of(i).
    template <class T, class StateOf>
    static void set_codes(const auto& parameters, StateOf&& state_of, core::Rows<const T, code> values,
                          Scratch<T>& scratch) {
        for (int row = 0; row < values.count; ++row)
            std::copy_n(values.row(row), code, state_of(row).code_in_force.values);
        Decoder::combine_all(
            parameters, values, [&](int row) -> auto& { return state_of(row).controller; }, scratch.coefficients,
            scratch.controllers);
    }

    /// e^ = e + gain * U e with the controllers in force.
    template <class T, class StateOf>
    static void steer(StateOf&& state_of, core::Rows<T, width> e_write, T gain) {
        for (int row = 0; row < e_write.count; ++row) Decoder::steer(state_of(row).controller, e_write.row(row), gain);
    }
};

}  // namespace midstream::control
