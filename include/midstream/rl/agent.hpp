/// \file
/// A trained hierarchy with one step, for somebody else's loop: a simulator, a robot, a web page.
///
///     using Mind = rl::Agent<rl::SteeredActor<Meta, rl::ModelActor<Policy>>>;
///     Mind agent({{*base, *meta, acting}, *policy});  // parameters must outlive it
///     agent.reset(core::Random(1));
///     for (;;) {
///         const auto& decision = agent.act(observation);  // allocates nothing, throws nothing
///         if (decision.fault != rl::Fault::none) break;   // to_string(decision.fault) says why
///         simulator.apply(decision.action);
///     }
///
/// Without a policy (`rl::SteeredActor<Meta>`) it follows the codes that its caller puts in force, without a
/// metacontroller (`rl::ModelActor<Base>`) it is the model alone, and two levels nest (rl/actors.hpp).
/// rl/agent_file.hpp has agents as files.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "midstream/data/validate.hpp"
#include "midstream/layer/math.hpp"
#include "midstream/rl/actors.hpp"

namespace midstream::rl {

namespace detail {
/// Numbers in an actor's code; 0 where it has none.
template <class A>
inline constexpr int code_width_of = 0;
template <class A>
requires requires { A::code_width; }
inline constexpr int code_width_of<A> = A::code_width;
}  // namespace detail

/// Why an agent did not act.
enum class Fault {
    none,
    no_episode,        ///< `act` came before `reset`
    observation,       ///< not of its space: an index out of range, or a number that is not finite
    context_used_up,   ///< the episode has become longer than what the model's attention remembers
    result_not_finite  ///< what was computed: the observation is beyond all reason, or parameters are broken
};

/// A fault in words, for messages.
constexpr const char* to_string(Fault fault) {
    switch (fault) {
        case Fault::none:
            return "none";
        case Fault::no_episode:
            return "no episode has begun: reset the agent first";
        case Fault::observation:
            return "the observation is not of its space: an index out of range, or a number that is not finite";
        case Fault::context_used_up:
            return "the episode has become longer than the model's context: begin another";
        default:
            return "what the agent computes is not finite: its parameters or what it saw are broken";
    }
}

/// What an agent decides at a step. The action is all zeros where there is a fault.
template <class Action>
struct Decision {
    std::array<typename Action::template Element<float>, Action::width> action{};  ///< a row of the action's space
    Fault fault = Fault::none;                                                     ///< why there is no action
    bool opened = false;  ///< whether the switch opened, and the code in force is a new one
    float gate = 0;       ///< the sigmoid of the switch's logit
};

/// An actor whose input is not trusted and that never throws in a step. Where there is a fault nothing has moved, and
/// the step can be tried again; `result_not_finite` alone is found out after the step.
template <Decider ActorType>
class Agent {
public:
    using Observation = typename ActorType::Observation;
    using Action = typename ActorType::Action;
    using ObservationElement = typename Observation::template Element<float>;  ///< an index, or a real number
    /// A row for each instance that acts.
    using Observations = core::Rows<const ObservationElement, Observation::width>;
    /// A row for each instance that acted.
    using Actions = core::Rows<const typename Action::template Element<float>, Action::width>;

    /// Numbers of a code; 0 of an actor without codes.
    static constexpr int code_width = detail::code_width_of<ActorType>;

    /// Acts as this actor does, whose parameters must outlive the agent. Call `reset` before anything else.
    explicit Agent(ActorType actor) : actor_(std::move(actor)) {}

    // One instance.

    /// Begins an episode; all that is random comes from this stream. Allocates what acting needs.
    void reset(core::Random random) { reset(1, random); }
    /// One step of the only instance.
    const Decision<Action>& act(std::span<const ObservationElement, Observation::width> observation) noexcept {
        const int first = 0;
        act(std::span<const int>(&first, 1), {observation.data(), 1});
        return decision_;
    }

    // Many, side by side.

    /// Begins `count` episodes: those of the actor's reset(count, random). Allocates what acting needs.
    void reset(int count, core::Random random) {
        core::require_range(count, 1, 1 << 24, "the number of agents");
        steps_.assign(static_cast<std::size_t>(count), 0);
        // Once everybody has acted, everything is as large as it will be.
        std::vector<int> all(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) all[static_cast<std::size_t>(i)] = i;
        const std::vector<ObservationElement> nothing(static_cast<std::size_t>(count) * Observation::width);
        actor_.reset(count, random);
        actor_.act(all, {nothing.data(), count});
        actor_.reset(count, random);
        decision_ = {};
    }
    /// Begins an episode of one instance anew: that of reset(1, random).
    void begin(int instance, core::Random random) {
        steps_[checked(instance)] = 0;
        actor_.begin(instance, random);
    }
    /// One step of these instances, which ascend, with a row of observations for each. No rows where there is a fault.
    Actions act(std::span<const int> live, Observations observations) noexcept {
        decision_ = {.fault = fault_of(live, observations)};
        if (decision_.fault != Fault::none) return {};
        const Actions actions = actor_.act(live, observations);
        for (const int instance : live) ++steps_[static_cast<std::size_t>(instance)];
        if (!core::all_finite(actor_.distributions().flat())) {
            decision_.fault = Fault::result_not_finite;
            return {};
        }
        if (live.size() == 1) describe_decision(actions);
        return actions;
    }
    /// Of the last step.
    Fault fault() const { return decision_.fault; }
    /// Steps that an instance has acted in its episode.
    int steps(int instance = 0) const { return steps_[checked(instance)]; }

    // What there is to see.

    /// Parameters of the last actions' distributions, at temperature 1: logits of a categorical one.
    auto distributions() const { return actor_.distributions(); }
    /// The code in force, of an agent that has codes.
    auto code(int instance = 0) const requires(code_width > 0) {
        checked(instance);
        return std::span<const float, code_width>(actor_.code(instance), code_width);
    }
    /// Puts a code in force, until the switch opens and somebody chooses the next.
    void set_code(std::span<const float, code_width> code, int instance = 0) requires(code_width > 0) {
        checked(instance);
        actor_.set_code(instance, code.data());
    }
    /// What acts, for a look inside.
    const ActorType& actor() const { return actor_; }

    /// The most memory that so many instances take, but for parameters: what `reset` allocates, and the agent itself.
    static constexpr std::size_t bytes(int count = 1) {
        // While it allocates, `reset` has a row of observations and an index for each besides.
        return sizeof(Agent) + ActorType::allocated(count) +
               core::allocated(static_cast<std::size_t>(count) * sizeof(int)) * 2 +
               core::allocated(static_cast<std::size_t>(count) * Observation::width * sizeof(ObservationElement));
    }

private:
    std::size_t checked(int instance) const {
        return static_cast<std::size_t>(
            core::require_index(instance, static_cast<int>(steps_.size()), "an instance of an agent"));
    }
    Fault fault_of(std::span<const int> live, Observations observations) const {
        const auto instances = static_cast<int>(steps_.size());
        int previous = -1;
        for (const int instance : live) {
            if (instance <= previous || instance >= instances) return Fault::no_episode;
            previous = instance;
            if (steps_[static_cast<std::size_t>(instance)] >= ActorType::episode) return Fault::context_used_up;
        }
        if (observations.count != static_cast<int>(live.size())) return Fault::observation;
        for (int row = 0; row < observations.count; ++row)
            if (!data::is_valid_row<Observation>(observations.row(row))) return Fault::observation;
        return Fault::none;
    }
    void describe_decision(Actions actions) {
        std::copy_n(actions.row(0), Action::width, decision_.action.begin());
        if constexpr (requires { actor_.opened(); }) {
            decision_.opened = !actor_.opened().empty();
            decision_.gate = layer::sigmoid(actor_.logits().data[0]);
        }
    }

    ActorType actor_;
    std::vector<int> steps_;
    Decision<Action> decision_{};
};

}  // namespace midstream::rl
