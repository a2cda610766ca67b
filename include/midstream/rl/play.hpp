/// \file
/// Playing episodes to their ends: the one loop that drives a batch environment, whoever chooses the actions.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "midstream/env/environment.hpp"

namespace midstream::rl {

/// A batch environment, and memory for what it shows and is told, which is reused.
template <env::BatchEnvironment B>
class Player {
public:
    /// Plays in this batch of environments.
    explicit Player(B environment) : environment_(std::move(environment)) {}

    /// Plays `count` episodes side by side to their ends: wherever some await an action, calls
    /// `choose(awaiting, observations, actions)`, which is to fill a row of actions for each of `awaiting`. Throws
    /// where the environment breaks its word: instances that there are none of, entries outside their spaces, more
    /// decisions than its horizon (if it has one), returns that are not finite.
    template <class Choose>
    void play(int count, core::Random random, Choose&& choose) {
        core::require(count >= 0, "at least 0 episodes are played");
        decisions_.assign(static_cast<std::size_t>(count), 0);
        environment_.reset(count, random);
        while (!environment_.awaiting().empty()) {
            const std::span<const int> awaiting = environment_.awaiting();
            const int rows = static_cast<int>(awaiting.size());
            count_decisions(awaiting);
            environment_.observe(observations_.resize(rows));
            require_rows<typename B::Observation>("the observation", observations_, awaiting);
            choose(awaiting, std::as_const(observations_).view(), actions_.resize(rows));
            require_rows<typename B::Action>("the action", actions_, awaiting);
            environment_.act(std::as_const(actions_).view());
        }
        require_results();
    }
    /// The environments, as the last episodes left them.
    const B& environment() const { return environment_; }

private:
    void count_decisions(std::span<const int> awaiting) {
        int previous = -1;
        for (const int instance : awaiting) {
            core::require(instance > previous && instance < static_cast<int>(decisions_.size()), [&] {
                return "a batch environment of " + std::to_string(decisions_.size()) + " instances has instance " +
                       std::to_string(instance) + " await an action after " + std::to_string(previous);
            });
            previous = instance;
            const int decisions = ++decisions_[instance];
            if constexpr (constexpr int horizon = env::horizon_of<B>; horizon > 0)
                core::require(decisions <= horizon, [&] {
                    return "instance " + std::to_string(instance) + " of a batch environment asks for decision " +
                           std::to_string(decisions) + ", its horizon is " + std::to_string(horizon);
                });
        }
    }
    template <class Space, class Buffer>
    void require_rows(const char* what, const Buffer& rows, std::span<const int> awaiting) const {
        for (int i = 0; i < rows.count; ++i)
            data::require_row<Space>(rows.view().row(i), [&](int column) {
                return data::entry_of(column) + what + " of instance " + std::to_string(awaiting[i]) +
                       " at its decision " + std::to_string(decisions_[awaiting[i]]);
            });
    }
    void require_results() const {
        const auto count = decisions_.size();
        const auto returns = environment_.returns();
        core::require(returns.size() == count && environment_.lengths().size() == count, [&] {
            return "a batch environment of " + std::to_string(count) + " instances has " +
                   std::to_string(returns.size()) + " returns and " + std::to_string(environment_.lengths().size()) +
                   " lengths";
        });
        for (std::size_t i = 0; i < count; ++i)
            core::require(core::is_finite(returns[i]),
                          [&] { return "the return of instance " + std::to_string(i) + " is not finite"; });
    }

    B environment_;
    std::vector<int> decisions_;  ///< of each instance so far
    core::Buffer<env::ObservationElement<B>, B::Observation::width> observations_;
    core::Buffer<env::ActionElement<B>, B::Action::width> actions_;
};

}  // namespace midstream::rl
