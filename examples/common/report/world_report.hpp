/// \file
/// What only a preset's world can say of itself on a run's page.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "common/page/belief_map.hpp"
#include "common/page/page.hpp"

namespace midstream::examples {

/// In how many episodes of the expert the page shows beliefs.
inline constexpr int belief_episodes = 4;

/// Pictures and reference values that only a preset's world can give.
struct WorldReport {
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    double least_loss = unknown;          ///< no model's action loss is lower, nats per step
    std::string least_loss_name = "";     ///< whose loss that is
    std::string least_loss_caption = "";  ///< the same in a sentence
    double loss_low = 0;                  ///< where plots of the loss begin; unknown: at the data
    bool least_loss_is_tight = false;     ///< could a model reach it?
    double most_accuracy = unknown;       ///< of the best possible guess of the subgoal
    /// The exact posterior over the subgoal in each of the first `belief_episodes` that held_out_episodes has; empty
    /// where it is not known.
    std::vector<Belief> posteriors = {};
    double expert_success = 1;     ///< on the unseen task
    std::string world;             ///< what the world and its tasks are, in a sentence
    std::vector<Figure> rollouts;  ///< ways of the trained hierarchy on the unseen task
};

}  // namespace midstream::examples
