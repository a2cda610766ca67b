/// \file
/// Actors and critics without memory, for environments whose observation says all there is to know.
#pragma once

#include "midstream/layer/distribution.hpp"
#include "midstream/layer/feedforward.hpp"

namespace midstream::rl {

/// Sizes of an actor's network, and of a critic's.
struct ActorCriticShape {
    int width = 128;  ///< of hidden layers
    int layers = 2;   ///< hidden ones, at least 2
    static constexpr void describe(const auto& self, auto&& part) {
        part("width", self.width);
        part("layers", self.layers);
    }
};

namespace detail {
/// What of a distribution's parameters does not depend on the observation: of normals the log-variances.
template <class Distribution>
struct Spread {
    static constexpr int width = 0;
    template <class T>
    using Parameters = core::NoParameters;
};
template <int Width>
struct Spread<layer::DiagonalGaussian<Width>> {
    static constexpr int width = Width;
    template <class T>
    using Parameters = core::Vector<T, Width>;
};
}  // namespace detail

/// p(action | observation). The variances of continuous actions are parameters of their own, the same everywhere.
template <class ObservationSpace, class ActionSpace, ActorCriticShape Shape = ActorCriticShape{},
          class Activation = layer::Tanh>
struct Actor {
    using Observation = ObservationSpace;
    using Action = ActionSpace;
    using Distribution = layer::DistributionOver<Action>;  ///< of actions
    using Spread = detail::Spread<Distribution>;  ///< what of its parameters does not depend on the observation
    static constexpr int observation_width = Observation::width;           ///< numbers that are seen
    static constexpr int parameter_width = Distribution::parameter_width;  ///< parameters of a distribution
    /// Those of them that depend on the observation.
    static constexpr int network_width = parameter_width - Spread::width;
    /// From the observation to those that depend on it.
    using Network = layer::Feedforward<observation_width, Shape.width, Shape.layers, network_width, Activation>;

    static constexpr void describe(auto&& part) {
        part("observation", std::type_identity<Observation>{});
        part("action", std::type_identity<Action>{});
        part("shape", Shape);
        part("activation", std::type_identity<Activation>{});
    }

    template <class T>
    struct Parameters {
        typename Network::template Parameters<T> network;
        [[no_unique_address]] typename Spread::template Parameters<T> spread;
        static void visit(auto& self, auto&& member) {
            member("network", self.network);
            if constexpr (Spread::width > 0) member("spread", self.spread);
        }
    };
    template <class T>
    struct Tape {
        typename Network::template Tape<T> network;
        core::Buffer<T, network_width> output, output_gradient;
        core::Buffer<T, parameter_width> distribution, distribution_gradient;
    };

    /// Begins with nearly the same distribution everywhere: of normals, means near 0 and this standard deviation.
    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random random, double deviation = 0.5) {
        Network::initialise(parameters.network, random, 1e-4);
        if constexpr (Spread::width > 0)
            for (T& value : parameters.spread.values) value = static_cast<T>(2 * std::log(deviation));
    }

    /// Afterwards tape.distribution holds the parameters of p(action) for every row.
    template <class T>
    static void forward(const Parameters<T>& parameters, core::In<T, observation_width> observations, Tape<T>& tape) {
        const auto output = tape.output.resize(observations.count);
        Network::forward(parameters.network, {}, observations, output, tape.network);
        const auto distribution = tape.distribution.resize(observations.count);
        for (int row = 0; row < observations.count; ++row) complete(parameters, output.row(row), distribution.row(row));
    }
    /// From tape.distribution_gradient; adds to `gradient`.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::In<T, observation_width> observations, Tape<T>& tape,
                         Gradient&& gradient) {
        const auto from = tape.distribution_gradient.view();
        const auto to = tape.output_gradient.resize(from.count);
        for (int row = 0; row < from.count; ++row) std::copy_n(from.row(row), network_width, to.row(row));
        if constexpr (core::trainable<Gradient> && Spread::width > 0)
            core::add_column_sums<T>(core::columns(from, network_width, Spread::width), gradient.spread.values);
        Network::backward(parameters.network, {}, observations, tape.network, to, {},
                          core::part(gradient, &Parameters<T>::network));
    }

    /// One row, without a tape.
    template <class T>
    static void apply_row(const Parameters<T>& parameters, const T* observation, T* distribution) {
        alignas(core::alignment) T output[network_width];
        Network::apply_row(parameters.network, observation, output);
        complete(parameters, output, distribution);
    }

private:
    template <class T>
    static void complete(const Parameters<T>& parameters, const T* output, T* distribution) {
        std::copy_n(output, network_width, distribution);
        if constexpr (Spread::width > 0)
            std::copy_n(parameters.spread.values, Spread::width, distribution + network_width);
    }
};

/// An actor, and a critic of the same shape that shares nothing with it.
template <class ObservationSpace, class ActionSpace, ActorCriticShape Shape = ActorCriticShape{},
          class Activation = layer::Tanh>
struct ActorCritic {
    using Observation = ObservationSpace;
    using Action = ActionSpace;
    using Acting = Actor<Observation, Action, Shape, Activation>;  ///< the actor
    using Distribution = typename Acting::Distribution;            ///< of actions
    static constexpr int observation_width = Observation::width;   ///< numbers that are seen
    static_assert(std::is_same_v<typename Observation::template Element<double>, double>,
                  "an actor-critic needs an observation of real numbers: data::Dense");
    /// From the observation to its value.
    using Critic = layer::Feedforward<observation_width, Shape.width, Shape.layers, 1, Activation>;

    static constexpr void describe(auto&& part) {
        part("observation", std::type_identity<Observation>{});
        part("action", std::type_identity<Action>{});
        part("shape", Shape);
        part("activation", std::type_identity<Activation>{});
    }

    template <class T>
    struct Parameters {
        typename Acting::template Parameters<T> actor;
        typename Critic::template Parameters<T> critic;
        static void visit(auto& self, auto&& member) {
            member("actor", self.actor);
            member("critic", self.critic);
        }
    };
    template <class T>
    struct Tape {
        typename Acting::template Tape<T> actor;
        typename Critic::template Tape<T> critic;
        core::Buffer<T, 1> value, value_gradient;
    };

    template <class T>
    static void initialise(Parameters<T>& parameters, core::Random random, double deviation = 0.5) {
        Acting::initialise(parameters.actor, random.fork(0), deviation);
        core::Random stream = random.fork(1);
        Critic::initialise(parameters.critic, stream);
    }
    /// What each observation is worth: fills tape.value.
    template <class T>
    static void criticise(const Parameters<T>& parameters, core::In<T, observation_width> observations, Tape<T>& tape) {
        Critic::forward(parameters.critic, {}, observations, tape.value.resize(observations.count), tape.critic);
    }
    /// Fills tape.actor.distribution and tape.value.
    template <class T>
    static void forward(const Parameters<T>& parameters, core::In<T, observation_width> observations, Tape<T>& tape) {
        Acting::forward(parameters.actor, observations, tape.actor);
        criticise(parameters, observations, tape);
    }
    /// Zeroes the gradients of what forward predicts, for losses to add to.
    template <class T>
    static void clear_gradients(Tape<T>& tape) {
        tape.actor.distribution_gradient.zeros(tape.actor.distribution.count);
        tape.value_gradient.zeros(tape.value.count);
    }
    /// Adds the gradient of what tape.actor.distribution_gradient and tape.value_gradient are gradients of.
    template <class T, class Gradient>
    static void backward(const Parameters<T>& parameters, core::In<T, observation_width> observations, Tape<T>& tape,
                         Gradient&& gradient) {
        Acting::backward(parameters.actor, observations, tape.actor, core::part(gradient, &Parameters<T>::actor));
        Critic::backward(parameters.critic, {}, observations, tape.critic, tape.value_gradient.view(), {},
                         core::part(gradient, &Parameters<T>::critic));
    }
};

}  // namespace midstream::rl
