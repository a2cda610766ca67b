/// \file
/// Acting under codes: a frozen model in a batch of environments, the controllers of the codes in force, and the switch
/// that says when they end (Algorithm 1). Internal RL, its oracle and the injection of codes are callers.
#pragma once

#include <concepts>
#include <span>
#include <vector>

#include "midstream/control/switches.hpp"
#include "midstream/rl/steered_rollout.hpp"

namespace midstream::rl {

/// Steers a frozen model step by step: what acting, and with it internal RL, asks of a metacontroller. It names the
/// model `Base`, its switch policy `Switching`, the layers that it reads and writes, and the size of its codes.
template <class M>
concept Steering = requires(typename M::template State<float>& state, typename M::template Scratch<float>& scratch,
                            const typename M::template Parameters<float>& parameters,
                            const typename M::Switching& switching, const float* code) {
    requires model::SequenceModel<typename M::Base>;
    { M::width } -> std::convertible_to<int>;
    { M::code } -> std::convertible_to<int>;
    { M::read } -> std::convertible_to<int>;
    { M::write } -> std::convertible_to<int>;
    M::reset(state, core::Random());
    { M::opens(switching, 1.0f, state) } -> std::same_as<bool>;
    M::set_code(parameters, code, state, scratch);
};

/// How a metacontroller acts; all that is not a parameter.
template <class Meta>
struct ActingOptions {
    typename Meta::Switching switching{};  ///< the one it was trained with: it says how it acts
    float temperature = 1;                 ///< of the base model's actions; 0 takes modes
    float gain = 1;                        ///< factor on U

    static constexpr void describe(auto&& part) { part("switching", std::type_identity<typename Meta::Switching>{}); }
    static constexpr void describe(const auto& self, auto&& part) {
        part("switching", self.switching);
        part("temperature", self.temperature);
        part("gain", self.gain);
    }

    void validate() const {
        control::validate(switching);
        core::require_range(temperature, 0.0f, 1e6f, "the temperature of acting");
        core::require_range(gain, 0.0f, 1e6f, "the gain of controllers");
    }
};

/// Instances that act step by step, each under its code until somebody puts another in force.
template <env::BatchEnvironment B, class Meta>
class Acting {
public:
    using Base = typename Meta::Base;
    using Options = ActingOptions<Meta>;

    /// Parameters must outlive this.
    Acting(B environment, const typename Base::template Parameters<float>& base,
           const typename Meta::template Parameters<float>& meta, Options options = {})
        : rollout_(std::move(environment), base, options.temperature), meta_(&meta), options_(options) {
        options_.validate();
    }

    /// Begins `count` episodes, all of which await their first code: the switch has seen the first observation, and is
    /// not asked about it. Instance i acts by random.fork(i + 1), its switch by fork(1) of that.
    void reset(int count, core::Random random) {
        rollout_.reset(count, random);
        if (static_cast<int>(states_.size()) < count) states_.resize(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) Meta::reset(state(i), random.fork(static_cast<std::uint64_t>(i) + 1).fork(1));
        ask();
    }

    /// The instances that are still running, ascending.
    std::span<const int> running() const { return rollout_.running(); }
    /// Those of them whose switch has just opened.
    std::span<const int> opened() const { return opened_; }
    const B& environment() const { return rollout_.environment(); }
    /// The residual stream at layer Meta::read of a running instance, unsteered.
    const float* residual(int instance) const { return rollout_.e_read(instance); }
    /// The code in force.
    const float* code(int instance) const { return states_[static_cast<std::size_t>(instance)].code_in_force.values; }

    /// Puts a code in force.
    void set_code(int instance, const float* code) { Meta::set_code(*meta_, code, state(instance), scratch_); }

    /// One step of all that run, after which their switches see what has become of it.
    void advance() {
        rollout_.advance([&](std::span<const int> live, core::Rows<float, Meta::width> rows) {
            Meta::steer(
                [&](int i) -> auto& { return state(live[static_cast<std::size_t>(i)]); }, rows, options_.gain);
        });
        ask();
    }

private:
    auto& state(int instance) { return states_[static_cast<std::size_t>(instance)]; }

    void ask() {
        const auto live = rollout_.running();
        const auto logits = logits_.resize(static_cast<int>(live.size()));
        Meta::step_switch(
            *meta_, [&](int i) -> auto& { return state(live[static_cast<std::size_t>(i)]); }, rollout_.read_rows(),
            logits, scratch_);
        opened_.clear();
        for (std::size_t i = 0; i < live.size(); ++i)
            if (Meta::opens(options_.switching, logits.data[i], state(live[i]))) opened_.push_back(live[i]);
    }

    SteeredRollout<B, Base, Meta::read, Meta::write> rollout_;
    const typename Meta::template Parameters<float>* meta_;
    Options options_;
    std::vector<typename Meta::template State<float>> states_;
    std::vector<int> opened_;
    core::Buffer<float, 1> logits_;
    typename Meta::template Scratch<float> scratch_;
};

}  // namespace midstream::rl
