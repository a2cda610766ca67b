/// \file
/// The exact Bayes predictor of the gridworld expert's actions, for whom the tasks and the expert are known but not the
/// episode's task: what no sequence model can beat, and how well the goal can be known at all.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/env/record.hpp"

namespace midstream::env {

/// Predicts the next action of `expert` from the layout and the actions so far. The prior is that of
/// GridworldPinpad::reset: the tasks of the distribution that the layout permits, equally likely; each is then held
/// against the actions along its own progress. Exact for an expert that always succeeds (epsilon 0).
template <Pinpad World>
class BayesPredictor {
public:
    /// Predicts the actions of this expert, once `begin` has been called.
    explicit BayesPredictor(ShortestPathExpert expert) : expert_(expert) {}

    /// Starts over at the beginning of the episode that `environment` is at the beginning of.
    template <class E>
    void begin(const E& environment) {
        board_ = environment.board();
        distances_ = environment.distances();
        cell_ = board_.layout.agent;
        hypotheses_.clear();
        for (const Task& task : environment.tasks().tasks())
            if (distances_.solvable(board_, task)) hypotheses_.push_back({task, 0, 1.0});
        predict();
    }

    /// The probability of every move to be the next.
    const MoveProbabilities& moves() const { return moves_; }
    /// The probability of every colour to be the one in pursuit.
    const std::array<double, World.colours>& colours() const { return colours_; }

    /// Learns that this move was made and that the episode goes on. It must be one that `moves` deems possible.
    void observe(int move) {
        const int from = std::exchange(cell_, board_.moved(cell_, move));
        const int visited = cell_ == from ? Board<World>::empty : board_.contents[cell_];
        std::size_t kept = 0;
        for (Hypothesis hypothesis : hypotheses_) {
            hypothesis.weight *= move_probabilities_[hypothesis.last()][hypothesis.colour()][move];
            if (visited != Board<World>::empty) {
                // Otherwise the episode would have ended.
                if (visited != hypothesis.colour() || hypothesis.last()) continue;
                ++hypothesis.progress;
            }
            if (hypothesis.weight > 0) hypotheses_[kept++] = hypothesis;
        }
        hypotheses_.resize(kept);
        predict();
    }

private:
    struct Hypothesis {
        Task task;
        int progress = 0;
        double weight = 0;
        int colour() const { return task[progress]; }
        bool last() const { return progress + 1 == task.length; }
    };

    void predict() {
        double total = 0;
        for (const Hypothesis& hypothesis : hypotheses_) total += hypothesis.weight;
        core::require(total > 0, "a Bayes predictor met an action that its expert takes in no task");
        std::array<std::array<double, World.colours>, 2> weights{};  // by last and colour, all that the expert acts on
        for (Hypothesis& hypothesis : hypotheses_) {
            hypothesis.weight /= total;
            weights[hypothesis.last()][hypothesis.colour()] += hypothesis.weight;
        }
        moves_.fill(0);
        for (int colour = 0; colour < World.colours; ++colour) {
            colours_[colour] = weights[0][colour] + weights[1][colour];
            for (int last = 0; last < 2; ++last) {
                if (weights[last][colour] <= 0) continue;
                auto& chances = move_probabilities_[last][colour];
                chances = expert_.probabilities(board_, distances_, cell_, colour, last != 0);
                for (int move = 0; move < move_count; ++move) moves_[move] += weights[last][colour] * chances[move];
            }
        }
    }

    ShortestPathExpert expert_;
    Board<World> board_{};
    Distances<World> distances_{};
    int cell_ = 0;
    std::vector<Hypothesis> hypotheses_;
    std::array<std::array<MoveProbabilities, World.colours>, 2> move_probabilities_{};
    MoveProbabilities moves_{};
    std::array<double, World.colours> colours_{};
};

/// An average over episodes and its standard error.
struct Estimate {
    double mean = 0;            ///< average over the episodes
    double standard_error = 0;  ///< of the mean
};

/// What is known of the expert's data before any model is trained.
struct BayesFloor {
    Estimate steps;           ///< length of an episode
    Estimate known_goal_nll;  ///< action loss of who knows the task, nats per step: the expert's ties and random moves
    Estimate action_nll;      ///< action loss of the Bayes predictor, nats per step
    Estimate goal_accuracy;   ///< share of steps at which its likeliest subgoal is the true one
};

/// Measures the floor on `episodes` successful episodes, the i-th from random.fork(i) as `record` takes them.
template <Pinpad World, template <Pinpad> class See>
BayesFloor bayes_floor(GridworldPinpad<World, See> environment, const ShortestPathExpert& expert, int episodes,
                       core::Random random) {
    using E = GridworldPinpad<World, See>;
    core::require(episodes >= 2, "a standard error needs at least 2 episodes");
    struct Sums {
        double steps = 0, known_goal = 0, action = 0, accurate = 0;
    };
    std::vector<Sums> sums(static_cast<std::size_t>(episodes));
    BayesPredictor<World> predictor(expert);
    for (int i = 0; i < episodes; ++i) {
        Sums& sum = sums[i];
        int previous = 0;
        const auto watch = [&](const E& now, const std::int16_t* action) {
            if (now.steps() == 0)
                predictor.begin(now);
            else
                predictor.observe(previous);
            previous = *action;
            std::array<double, World.colours> subgoals{};
            for (int colour = 0; colour < World.colours; ++colour)
                subgoals[now.tasks().subgoal(colour)] += predictor.colours()[colour];
            const auto likeliest = std::max_element(subgoals.begin(), subgoals.end()) - subgoals.begin();
            sum.steps += 1;
            sum.known_goal -= std::log(expert.probabilities(now)[previous]);
            sum.action -= std::log(predictor.moves()[previous]);
            sum.accurate += likeliest == now.subgoal();
        };
        play_to_success(
            environment, expert, random.fork(i), [&] { sum = {}; }, watch);
    }
    // Per step: the ratio of two sums over episodes, with the usual linearised error. Per episode: of a sum and a
    // count.
    const auto ratio = [&](auto&& numerator, auto&& denominator) {
        double above = 0, below = 0, squares = 0;
        for (const Sums& sum : sums) above += numerator(sum), below += denominator(sum);
        const double mean = above / below;
        for (const Sums& sum : sums) squares += std::pow(numerator(sum) - mean * denominator(sum), 2);
        return Estimate{mean, std::sqrt(squares * episodes / (episodes - 1.0)) / below};
    };
    const auto steps = [](const Sums& sum) { return sum.steps; };
    return {ratio(steps, [](const Sums&) { return 1.0; }), ratio([](const Sums& sum) { return sum.known_goal; }, steps),
            ratio([](const Sums& sum) { return sum.action; }, steps),
            ratio([](const Sums& sum) { return sum.accurate; }, steps)};
}

}  // namespace midstream::env
