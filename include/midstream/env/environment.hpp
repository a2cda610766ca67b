/// \file
/// What an environment is. `Environment` is one instance that asks for an action at every step; `BatchEnvironment` is
/// many that say which of them await an action. Everything that acts (rollouts, RL, evaluation) acts on the latter, so
/// that an environment which asks more rarely, as internal RL's does at switches, is an environment like any other.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/data/episodes.hpp"
#include "midstream/data/spaces.hpp"
#include "midstream/data/validate.hpp"

namespace midstream::env {

/// What a step earned, and whether the episode ended with it.
struct Transition {
    float reward;  ///< of this step alone
    bool done;     ///< whether the episode has ended
};

/// The numbers an environment's observations and actions are made of; environments speak float.
template <class E>
using ObservationElement = typename E::Observation::template Element<float>;
/// Likewise of actions.
template <class E>
using ActionElement = typename E::Action::template Element<float>;

/// One instance, a copyable value:
/// - `Observation` and `Action` are spaces (data/spaces.hpp); `horizon` is the largest number of steps of an episode;
/// - `reset` begins an episode drawn from the stream;
/// - `observe` writes the current observation to a row of Observation::width elements, once the episode has ended the
///   one it ended on;
/// - `step` takes a row of Action::width elements. It is not called once the episode has ended.
///
/// Whoever acts on an environment holds it to its word: indices outside their space, numbers that are not finite, and
/// episodes that go on after `horizon` steps are Errors that name them.
///
/// Optional members: `Target` with `target(row) const`, the target by which the *current* observation would be
/// predicted (HasTarget); `int subgoal() const`, the true subgoal, for analysis alone (HasSubgoal); `bool truncated()
/// const`, whether the last step ended the episode for no other reason than that its time was up (HasTimeLimit).
template <class E>
concept Environment = std::copyable<E> && std::integral_constant<int, E::horizon>::value >
0 && requires(E& environment, const E& constant, core::Random random, ObservationElement<E>* observation,
              const ActionElement<E>* action) {
    environment.reset(random);
    constant.observe(observation);
    { environment.step(action) } -> std::same_as<Transition>;
};

/// Tells in a sentence what a type lacks to be an Environment.
template <class E>
constexpr bool check_environment() {
    constexpr bool has_spaces = requires {
        typename std::integral_constant<int, E::Observation::width>;
        typename std::integral_constant<int, E::Action::width>;
        typename ObservationElement<E>;
        typename ActionElement<E>;
    };
    static_assert(has_spaces,
                  "an environment names what it shows and what it takes: `using Observation = ...;` and "
                  "`using Action = ...;`, both spaces of data/spaces.hpp");
    static_assert(
        requires {
            requires std::integral_constant<int, E::horizon>::value >
            0;
        },
        "an environment says how many steps its episodes have at most: `static constexpr int horizon`, 1 or more");
    static_assert(std::copyable<E>,
                  "an environment is a value that can be copied and assigned: env::Batched acts on copies of it");
    static_assert(
        requires(E & e, core::Random random) { e.reset(random); },
        "an environment begins an episode by `void reset(core::Random random)`");
    if constexpr (has_spaces) {
        static_assert(
            requires(const E& e, ObservationElement<E>* row) { e.observe(row); },
            "an environment shows its observation by `void observe(Element* row) const`, with `const`, where "
            "Element is Observation::Element<float>");
        static_assert(

            requires(E & e, const ActionElement<E>* row) {
                { e.step(row) } -> std::same_as<Transition>;
            },
            "an environment moves by `env::Transition step(const Element* action)`, where Element is "
            "Action::Element<float>: std::int16_t of categories, float of continuous actions");
    }
    return Environment<E>;
}

namespace detail {
/// Stands in for an environment that is none, after check_environment has said why.
struct NoEnvironment {
    static constexpr int horizon = 1;
    using Observation = data::Dense<1>;
    using Action = data::Categories<2>;
    void reset(core::Random) {}
    void observe(float*) const {}
    Transition step(const std::int16_t*) { return {0, true}; }
};
template <class E>
using Checked = std::conditional_t<check_environment<E>(), E, NoEnvironment>;
}  // namespace detail

/// An environment whose observations can be predicted.
template <class E>
concept HasTarget = requires(const E& environment, typename E::Target::template Element<float>* row) {
    environment.target(row);
};

/// An environment that knows its true subgoal.
template <class E>
concept HasSubgoal = requires(const E& environment) {
    { environment.subgoal() } -> std::convertible_to<int>;
};

/// An environment that tells the end of its time from other ends.
template <class E>
concept HasTimeLimit = requires(const E& environment) {
    { environment.truncated() } -> std::convertible_to<bool>;
};

namespace detail {
template <class E>
struct TargetOf {
    using Type = data::None;
};
template <HasTarget E>
struct TargetOf<E> {
    using Type = typename E::Target;
};
}  // namespace detail

/// The space of an environment's prediction targets; data::None where it has none.
template <class E>
using TargetOf = typename detail::TargetOf<E>::Type;

/// Throws unless the transition of an environment's `step`-th step (the first is 1) is what E promises: its reward
/// finite, its episode at an end by the horizon.
template <Environment E>
void require_transition(const Transition& transition, int step) {
    core::require(core::is_finite(transition.reward),
                  [&] { return "the reward of the environment's step " + std::to_string(step) + " is not finite"; });
    core::require(transition.done || step < E::horizon, [&] {
        return "an episode goes on after step " + std::to_string(step) + " of the environment, whose horizon is " +
               std::to_string(E::horizon) + ": the episode has to end, or the horizon to be larger";
    });
}

/// The most decisions that an episode can take of an environment, or of a batch of them that knows; 0 where it does not
/// say.
template <class E>
inline constexpr int horizon_of = 0;
/// Its constant `horizon`.
template <class E>
requires requires { std::integral_constant<int, E::horizon>::value; }
inline constexpr int horizon_of<E> = E::horizon;

/// Episodes of this environment.
template <class E>
using EpisodesOf = data::Episodes<typename E::Observation, typename E::Action, TargetOf<E>>;

/// Many instances that ask:
/// - `reset(count, random)` begins `count` episodes, each from a fork of the stream, and moves on until somebody
/// awaits;
/// - `awaiting()` lists the instances that await an action, ascending; empty once all episodes have ended;
/// - `observe` writes one row per awaiting instance, in that order;
/// - `act` takes one row per awaiting instance, in that order, and moves on until somebody awaits or all have ended;
/// - `returns()` and `lengths()` hold each instance's summed reward and primitive steps so far.
///
/// A constant `horizon`, the most decisions of an episode, is optional.
template <class B>
concept BatchEnvironment = requires(B& batch, const B& constant, core::Random random,
                                    core::Rows<ObservationElement<B>, B::Observation::width> observations,
                                    core::Rows<const ActionElement<B>, B::Action::width> actions) {
    batch.reset(1, random);
    { constant.awaiting() } -> std::same_as<std::span<const int>>;
    constant.observe(observations);
    batch.act(actions);
    { constant.returns() } -> std::same_as<std::span<const float>>;
    { constant.lengths() } -> std::same_as<std::span<const int>>;
};

/// How many consecutive instances of a batch begin in the same world, as the batch says by `group()`, or the one within
/// it (`environment()`); 1 where none says.
template <BatchEnvironment B>
int group_of(const B& batch) {
    if constexpr (requires { requires std::integral<decltype(batch.group())>; })
        return batch.group();
    else if constexpr (requires { requires BatchEnvironment<std::remove_cvref_t<decltype(batch.environment())>>; })
        return group_of(batch.environment());
    else
        return 1;
}

}  // namespace midstream::env
