/// \file
/// Acting under codes: a frozen model in a batch of environments, the controllers of the codes in force, and the switch
/// that says when they end (Algorithm 1). Internal RL, its oracle and the injection of codes are callers.
#pragma once

#include <concepts>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/control/switches.hpp"
#include "midstream/env/environment.hpp"
#include "midstream/model/sequence_model.hpp"
#include "midstream/rl/steered_model.hpp"

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

/// A frozen model and the metacontroller that steers it, as they act: what internal RL, its oracle, transplants and the
/// injection of codes take. It refers to parameters, which must outlive it and all that is made from it.
template <class Meta>
struct Steered {
    using Base = typename Meta::Base;                                  ///< the model that is steered
    using BaseParameters = typename Base::template Parameters<float>;  ///< of the frozen model
    using MetaParameters = typename Meta::template Parameters<float>;  ///< of the metacontroller

    const BaseParameters& base;  ///< the frozen model's
    const MetaParameters& meta;  ///< the metacontroller's
    ActingOptions<Meta> acting;

    /// Parameters of both, and how they act.
    Steered(const BaseParameters& base_parameters, const MetaParameters& meta_parameters,
            const ActingOptions<Meta>& options = {})
        : base(base_parameters), meta(meta_parameters), acting(options) {}
    /// For all else that might be taken for parameters there is a sentence.
    template <class First, class Second>
    requires(!std::convertible_to<const First&, const BaseParameters&> ||
             !std::convertible_to<const Second&, const MetaParameters&>)
        Steered(const First&, const Second&, const ActingOptions<Meta>& = {})
        : Steered(refused()) {
        static_assert(!sizeof(First),
                      "rl::Steered takes the parameters of the base model, then those of the metacontroller, in float: "
                      "of a core::Box b they are *b, of a learner *learner.parameters");
    }

private:
    static const Steered& refused();  // nowhere defined: nothing that calls it compiles
};

/// Instances of a frozen model, each of which acts under its code until somebody puts another in force; the switch says
/// when that should be. Whatever asks a switch in acting does so here.
template <Steering Meta>
class Actors {
public:
    using Base = typename Meta::Base;  ///< the frozen model
    using Observation = typename Base::Observation;
    using Action = typename Base::Action;

    /// The parameters must outlive this.
    explicit Actors(const Steered<Meta>& steered)
        : model_(steered.base, steered.acting.temperature), meta_(&steered.meta), options_(steered.acting) {
        options_.validate();
    }

    /// Begins `count` episodes. Instance i acts by random.fork(i + 1), its switch by fork(1) of that.
    void reset(int count, core::Random random) {
        model_.reset(count, random);
        if (static_cast<int>(states_.size()) < count) states_.resize(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) Meta::reset(state(i), random.fork(static_cast<std::uint64_t>(i) + 1).fork(1));
        opened_.reserve(static_cast<std::size_t>(count));
    }
    /// Begins an episode of one instance anew.
    void begin(int instance, core::Random random) {
        model_.begin(instance, random);
        Meta::reset(state(instance), random.fork(1));
    }

    /// These instances, ascending, see a row each, and their switches are asked. At the first step all await a code.
    void see(std::span<const int> live,
             core::Rows<const typename Observation::template Element<float>, Observation::width> observations) {
        model_.see(live, observations);
        const auto logits = logits_.resize(static_cast<int>(live.size()));
        Meta::step_switch(
            *meta_, [&](int i) -> auto& { return state(live[static_cast<std::size_t>(i)]); }, model_.read_rows(),
            logits, scratch_);
        opened_.clear();
        for (std::size_t i = 0; i < live.size(); ++i)
            if (Meta::opens(options_.switching, logits.data[i], state(live[i]))) opened_.push_back(live[i]);
    }
    /// Those that saw something last and whose switch has just opened.
    std::span<const int> opened() const { return opened_; }
    /// The switch's logits of all that saw something last, in their order.
    core::Rows<const float, 1> logits() const { return logits_.view(); }
    /// The residual stream at layer Meta::read of an instance, unsteered.
    const float* residual(int instance) const { return model_.e_read(instance); }

    /// Puts a code in force.
    void set_code(int instance, const float* code) { Meta::set_code(*meta_, code, state(instance), scratch_); }
    /// Puts a code in force in each of these instances.
    void set_codes(std::span<const int> instances, core::Rows<const float, Meta::code> codes) {
        const auto state_of = [&](int i) -> auto& { return state(instances[static_cast<std::size_t>(i)]); };
        if constexpr (requires { Meta::set_codes(*meta_, state_of, codes, scratch_); })
            Meta::set_codes(*meta_, state_of, codes, scratch_);
        else
            for (int i = 0; i < codes.count; ++i) Meta::set_code(*meta_, codes.row(i), state_of(i), scratch_);
    }
    /// The code in force.
    const float* code(int instance) const { return states_[static_cast<std::size_t>(instance)].code_in_force.values; }

    /// The actions of those that saw something last, under their codes; valid until the next call.
    auto act(std::span<const int> live) {
        return model_.act(live, [&](std::span<const int> instances, core::Rows<float, Meta::width> rows) {
            Meta::steer(
                [&](int i) -> auto& { return state(instances[static_cast<std::size_t>(i)]); }, rows, options_.gain);
        });
    }
    /// The distributions that these were drawn from, at temperature 1.
    auto distributions() const { return model_.distributions(); }
    /// Layer `l` of those that acted last, in their order.
    auto layer(int l) const { return model_.layer(l); }

    /// The most that so many instances allocate.
    static constexpr std::size_t allocated(int count) {
        return Model::allocated(count) +
               core::allocated(static_cast<std::size_t>(count) * sizeof(typename Meta::template State<float>)) +
               core::allocated(static_cast<std::size_t>(count) * sizeof(int)) +
               core::buffer_bytes<core::Buffer<float, 1>>(count) +
               core::buffer_bytes<typename Meta::template Scratch<float>>(count);
    }

private:
    using Model = SteeredModel<Base, Meta::read, Meta::write>;

    auto& state(int instance) { return states_[static_cast<std::size_t>(instance)]; }

    Model model_;
    const typename Meta::template Parameters<float>* meta_;
    ActingOptions<Meta> options_;
    std::vector<typename Meta::template State<float>> states_;
    std::vector<int> opened_;
    core::Buffer<float, 1> logits_;
    typename Meta::template Scratch<float> scratch_;
};

/// Actors in a batch of environments.
template <env::BatchEnvironment B, class Meta>
class Acting {
    static_assert(std::is_same_v<typename B::Observation, typename Meta::Base::Observation> &&
                      std::is_same_v<typename B::Action, typename Meta::Base::Action>,
                  "the model acts in environments of other spaces than its own: Observation and Action have to be the "
                  "same types");
    static_assert(env::horizon_of<B> <= layer::episode_of<typename Meta::Base>,
                  "the model's context is shorter than the horizon of the environment that it acts in");

public:
    /// Acts in these environments. The parameters that `steered` refers to must outlive this.
    Acting(B environment, const Steered<Meta>& steered) : environment_(std::move(environment)), actors_(steered) {}

    /// Begins `count` episodes, all of which await their first code: the switch has seen the first observation, and is
    /// not asked about it. The environments draw from random.fork(0), instance i from random.fork(i + 1).
    void reset(int count, core::Random random) {
        environment_.reset(count, random.fork(0));
        actors_.reset(count, random);
        see();
    }

    /// The instances that are still running, ascending.
    std::span<const int> running() const { return environment_.awaiting(); }
    /// Those of them whose switch has just opened.
    std::span<const int> opened() const { return actors_.opened(); }
    /// The environments, with what has become of each instance.
    const B& environment() const { return environment_; }
    /// The residual stream at layer Meta::read of a running instance, unsteered.
    const float* residual(int instance) const { return actors_.residual(instance); }
    /// The code in force.
    const float* code(int instance) const { return actors_.code(instance); }
    /// Puts a code in force.
    void set_code(int instance, const float* code) { actors_.set_code(instance, code); }
    /// Puts a code in force in each of these instances.
    void set_codes(std::span<const int> instances, core::Rows<const float, Meta::code> codes) {
        actors_.set_codes(instances, codes);
    }

    /// One step of all that run, after which their switches see what has become of it.
    void advance() {
        environment_.act(actors_.act(running()));
        see();
    }

private:
    void see() {
        environment_.observe(observations_.resize(static_cast<int>(running().size())));
        actors_.see(running(), std::as_const(observations_).view());
    }

    B environment_;
    Actors<Meta> actors_;
    core::Buffer<env::ObservationElement<B>, B::Observation::width> observations_;
};

}  // namespace midstream::rl
