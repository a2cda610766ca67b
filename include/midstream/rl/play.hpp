/// \file
/// Playing episodes to their ends: the one loop that drives a batch environment, whoever chooses the actions.
#pragma once

#include <span>
#include <utility>

#include "midstream/env/environment.hpp"

namespace midstream::rl {

/// A batch environment, and memory for what it shows and is told, which is reused.
template <env::BatchEnvironment B>
class Player {
public:
    explicit Player(B environment) : environment_(std::move(environment)) {}

    /// Plays `count` episodes side by side to their ends: wherever some await an action, calls
    /// `choose(awaiting, observations, actions)`, which is to fill a row of actions for each of `awaiting`.
    template <class Choose>
    void play(int count, core::Random random, Choose&& choose) {
        environment_.reset(count, random);
        while (!environment_.awaiting().empty()) {
            const std::span<const int> awaiting = environment_.awaiting();
            const int rows = static_cast<int>(awaiting.size());
            environment_.observe(observations_.resize(rows));
            choose(awaiting, std::as_const(observations_).view(), actions_.resize(rows));
            environment_.act(std::as_const(actions_).view());
        }
    }
    const B& environment() const { return environment_; }

private:
    B environment_;
    core::Buffer<env::ObservationElement<B>, B::Observation::width> observations_;
    core::Buffer<env::ActionElement<B>, B::Action::width> actions_;
};

}  // namespace midstream::rl
