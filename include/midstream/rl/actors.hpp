/// \file
/// Trained models that act wherever what they see comes from. An actor has many instances, each in an episode of its
/// own, and is made of actors: `ModelActor` is a sequence model alone, `SteeredActor<Meta, Choice>` a model steered by
/// a metacontroller whose codes are chosen by another actor, which sees the residual stream: a policy as a ModelActor,
/// a SteeredActor again (two levels), or CallersCodes, where somebody else puts codes in force. rl::Agent is an actor
/// with checks, for other people's loops.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

#include "midstream/rl/acting.hpp"
#include "midstream/rl/internal.hpp"

namespace midstream::rl {

/// A sequence model that acts on its own: a policy over codes, or a base model left to itself.
template <model::SequenceModel Model>
class ModelActor {
public:
    using Observation = typename Model::Observation;
    using Action = typename Model::Action;
    /// A row for each instance that acts.
    using Observations = core::Rows<const typename Observation::template Element<float>, Observation::width>;
    static constexpr int episode = layer::episode_of<Model>;  ///< the most steps of one

    /// Parameters must outlive the actor. `temperature` is that of actions; 0 takes modes.
    ModelActor(const typename Model::template Parameters<float>& parameters, float temperature = 1)
        : model_(parameters, temperature) {
        core::require_range(temperature, 0.0f, 1e6f, "the temperature of acting");
    }

    /// Begins `count` episodes, the i-th of which draws from random.fork(i + 1).
    void reset(int count, core::Random random) { model_.reset(count, random); }
    /// Begins an episode of one instance anew, as reset(1, random) begins that of its only one.
    void begin(int instance, core::Random random) { model_.begin(instance, random.fork(1)); }
    /// The actions of these instances, ascending, at a row of observations for each; valid until the next call.
    auto act(std::span<const int> live, Observations observations) {
        model_.see(live, observations);
        return model_.act(live, [](auto&&...) {});
    }
    /// What the last actions were drawn from, at temperature 1.
    auto distributions() const { return model_.distributions(); }
    /// Layer `l` of the residual stream of those that acted last, in their order.
    auto layer(int l) const { return model_.layer(l); }

    /// The most that so many instances allocate.
    static constexpr std::size_t allocated(int count) { return SteeredModel<Model, 0, 0>::allocated(count); }

private:
    SteeredModel<Model, 0, 0> model_;
};

/// Nobody chooses: codes are put in force by the caller, and are zero until then.
struct CallersCodes {
    static constexpr int episode = layer::unbounded;  ///< of any length
    void reset(int, core::Random) {}
    /// There is nothing to draw.
    void begin(int, core::Random) {}
    static constexpr std::size_t allocated(int) { return 0; }  ///< nothing
};

namespace detail {
/// Metacontrollers one above the other in an actor.
template <class A>
inline constexpr int levels_of = 0;
template <class A>
requires requires { A::levels; }
inline constexpr int levels_of<A> = A::levels;
}  // namespace detail

/// What can act: `actor.act(live, observations)` in episodes that `reset` or `begin` began, at most `episode` steps. It
/// says how much it allocates for how many instances.
template <class A>
concept Decider =
    requires(A& actor, core::Random random, std::span<const int> live,
             core::Rows<const typename A::Observation::template Element<float>, A::Observation::width> rows) {
    actor.reset(1, random);
    actor.begin(0, random);
    { *actor.act(live, rows).row(0) } -> std::same_as<const typename A::Action::template Element<float>&>;
    { actor.distributions().row(0) } -> std::same_as<const float*>;
    { A::episode } -> std::convertible_to<int>;
    { A::allocated(1) } -> std::convertible_to<std::size_t>;
};

/// What can choose the codes of a metacontroller.
template <class C, class Meta>
concept CodeChoice = std::same_as<C, CallersCodes> ||(Decider<C>&& requires {
    requires std::same_as<typename C::Observation, data::Dense<Meta::width>>;
    requires std::same_as<typename C::Action, data::Continuous<Meta::code>>;
});

/// A frozen model steered by a metacontroller, whose codes `Choice` takes wherever the switch opens. `View` writes what
/// that one sees of a residual stream, as in rl::Internal, and this decides what that would: bit by bit the episodes of
/// rl::Collector from the same stream.
template <Steering Meta, class Choice = CallersCodes, class View = IdentityView<Meta::width>>
class SteeredActor {
    static_assert(CodeChoice<Choice, Meta>,
                  "what chooses codes is an rl::ModelActor<Policy> of a policy that sees data::Dense<Meta::width> and "
                  "acts by data::Continuous<Meta::code>, an rl::SteeredActor likewise, or rl::CallersCodes");

public:
    using Observation = typename Meta::Base::Observation;
    using Action = typename Meta::Base::Action;
    /// A row for each instance that acts.
    using Observations = core::Rows<const typename Observation::template Element<float>, Observation::width>;
    /// The most steps of an episode.
    static constexpr int episode = std::min<int>(layer::episode_of<typename Meta::Base>, Choice::episode);
    static constexpr int code_width = Meta::code;                 ///< numbers of a code
    static constexpr int levels = 1 + detail::levels_of<Choice>;  ///< metacontrollers, this one and those above it

    /// Parameters must outlive the actor.
    SteeredActor(const Steered<Meta>& steered, Choice choice = {}, View view = {})
        : actors_(steered), choice_(std::move(choice)), view_(std::move(view)) {}

    /// Begins `count` episodes, by the streams of internal environments one in the other: codes are chosen by `random`,
    /// and instance i acts by fork(i + 1) of what is left after one fork(0) for each level.
    void reset(int count, core::Random random) {
        actors_.reset(count, acting_stream(random));
        choice_.reset(count, random);
        seen_.resize(count);
        for (int i = 0; i < count; ++i) clear_code(i);
    }
    /// Begins an episode of one instance anew, as reset(1, random) begins that of its only one.
    void begin(int instance, core::Random random) {
        actors_.begin(instance, acting_stream(random).fork(1));
        choice_.begin(instance, random);
        clear_code(instance);
    }
    /// The actions of these instances, ascending, at a row of observations for each; valid until the next call.
    auto act(std::span<const int> live, Observations observations) {
        actors_.see(live, observations);
        if constexpr (Decider<Choice> && CodeChoice<Choice, Meta>) {
            const auto asked = actors_.opened();
            if (!asked.empty()) {
                const auto rows = seen_.resize(static_cast<int>(asked.size()));
                for (int i = 0; i < rows.count; ++i)
                    view_(actors_.residual(asked[static_cast<std::size_t>(i)]), rows.row(i));
                const auto codes = choice_.act(asked, std::as_const(seen_).view());
                for (int i = 0; i < rows.count; ++i) actors_.set_code(asked[static_cast<std::size_t>(i)], codes.row(i));
            }
        }
        return actors_.act(live);
    }
    /// What the base model's last actions were drawn from, at temperature 1.
    auto distributions() const { return actors_.distributions(); }
    /// Layer `l` of the base model's residual stream, of those that acted last, in their order, as it was steered.
    auto layer(int l) const { return actors_.layer(l); }

    /// Those that acted last and whose switch opened: their codes are new.
    std::span<const int> opened() const { return actors_.opened(); }
    /// The switch's logits of those that acted last, in their order.
    auto logits() const { return actors_.logits(); }
    /// The code in force.
    const float* code(int instance) const { return actors_.code(instance); }
    /// Puts a code in force, until the next that is.
    void set_code(int instance, const float* code) { actors_.set_code(instance, code); }
    /// What chooses the codes.
    const Choice& choice() const { return choice_; }

    /// The most that so many instances allocate.
    static constexpr std::size_t allocated(int count) {
        return Actors<Meta>::allocated(count) + Choice::allocated(count) +
               core::buffer_bytes<core::Buffer<float, Meta::width>>(count);
    }

private:
    static core::Random acting_stream(core::Random random) {
        for (int level = 0; level < levels; ++level) random = random.fork(0);
        return random;
    }
    void clear_code(int instance) {
        const std::array<float, Meta::code> zero{};
        actors_.set_code(instance, zero.data());
    }

    Actors<Meta> actors_;
    [[no_unique_address]] Choice choice_;
    [[no_unique_address]] View view_;
    core::Buffer<float, Meta::width> seen_;
};

}  // namespace midstream::rl
