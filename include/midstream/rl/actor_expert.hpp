/// \file
/// A trained actor as an expert that records data (env/record.hpp).
#pragma once

#include <array>
#include <filesystem>
#include <memory>

#include "midstream/io/checkpoint.hpp"
#include "midstream/rl/actor_critic.hpp"
#include "midstream/rl/normaliser.hpp"

namespace midstream::rl {

/// What an actor needs to act, as saved in a file of its own.
template <class ActorType>
struct TrainedActor {
    typename ActorType::template Parameters<float> actor;  ///< the actor's parameters
    Normaliser<ActorType::observation_width> normaliser;   ///< of observations, as they were normalised in training
    static void visit(auto& self, auto&& member) {
        member("actor", self.actor);
        member("normaliser", self.normaliser);
    }
};

/// Acts on any environment that `View` can look at: `View::observe(environment, row)` writes what the actor is to see,
/// and `View::act(environment, action, row)`, if there is such a function, what the environment is told. The weights
/// are shared among copies and threads; acting needs no memory but the stack.
template <class ActorType, class View>
class ActorExpert {
public:
    using Trained = TrainedActor<ActorType>;                ///< what acts, and is saved
    using Distribution = typename ActorType::Distribution;  ///< of actions

    static constexpr void describe(auto&& part) {
        part("actor", std::type_identity<ActorType>{});
        part("view", std::type_identity<View>{});
    }
    static void describe(const auto& self, auto&& part) {
        part("temperature", self.temperature_);
        part("trained", core::fingerprint(core::flat<float>(**self.trained_)));
    }

    /// At `temperature` 1 actions are drawn as in training, at 0 the mean (or mode) is taken.
    explicit ActorExpert(core::Box<Trained> trained, float temperature = 1)
        : trained_(std::make_shared<const core::Box<Trained>>(std::move(trained))), temperature_(temperature) {}

    /// The expert of a file that `save` wrote; one of another architecture is refused.
    static ActorExpert load(const std::filesystem::path& path, std::string_view architecture, float temperature = 1) {
        core::Box<Trained> trained;
        io::load(path, architecture, [&](auto&& member) { Trained::visit(*trained, member); });
        return ActorExpert(std::move(trained), temperature);
    }
    /// Replaces the file whole; `architecture` is what `load` compares with its own.
    void save(const std::filesystem::path& path, std::string_view architecture) const {
        io::save(path, architecture, [&](auto&& member) { Trained::visit(**trained_, member); });
    }
    /// The same actor at another temperature.
    ActorExpert at(float temperature) const {
        ActorExpert copy = *this;
        copy.temperature_ = temperature;
        return copy;
    }

    using Action = std::array<typename ActorType::Action::template Element<float>, ActorType::Action::width>;

    template <class E>
    Action act(const E& environment, core::Random& random) const {
        alignas(core::alignment) float observation[ActorType::observation_width];
        View::observe(environment, observation);
        (*trained_)->normaliser(observation, observation);
        float distribution[ActorType::parameter_width];
        ActorType::apply_row((*trained_)->actor, observation, distribution);
        Action action;
        Distribution::sample(distribution, random, action.data(), temperature_);
        if constexpr (requires { View::act(environment, action.data(), action.data()); }) {
            const Action asked = action;
            View::act(environment, asked.data(), action.data());
        }
        return action;
    }

private:
    std::shared_ptr<const core::Box<Trained>> trained_;
    float temperature_;
};

}  // namespace midstream::rl
