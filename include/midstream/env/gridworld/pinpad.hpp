/// \file
/// The environment gridworld-pinpad (A.1): visit coloured cells in an order that is never shown.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "midstream/core/contract.hpp"
#include "midstream/core/random.hpp"
#include "midstream/env/board.hpp"
#include "midstream/env/distances.hpp"
#include "midstream/env/environment.hpp"
#include "midstream/env/gridworld/observations.hpp"
#include "midstream/env/tasks.hpp"

namespace midstream::env {

/// One agent on a grid of `World.size` x `World.size` cells with uniquely coloured cells and walls. The four actions
/// are the moves of board.hpp; one into a wall or off the grid changes nothing. A coloured cell is visited when the
/// agent moves onto it from a different cell. The episode ends with reward 1 when the task is completed, with 0 when
/// a colour other than the next one is visited, or after `World.horizon` steps.
///
/// Every reset draws layout and task afresh, both again as long as the task has no legal path in that layout. So
/// layout and task are distributed as independent draws given that they fit: for a given layout all tasks of the
/// distribution that it permits are equally likely.
template <Pinpad World, template <Pinpad> class See = Absolute>
class GridworldPinpad {
public:
    static constexpr Pinpad world = World;  ///< the size of the grid, and what it contains
    static constexpr int horizon = World.horizon;
    using Observation = typename See<World>::Observation;
    using Target = typename See<World>::Target;
    using Action = data::Categories<move_count>;

    static constexpr void describe(auto&& part) {
        part("world", World);
        part("see", std::type_identity<See<World>>{});
    }
    static void describe(const auto& self, auto&& part) { part("tasks", self.tasks_); }

    /// Requires that the world has every colour the tasks name. Call `reset` or `begin` before anything else.
    explicit GridworldPinpad(TaskDistribution tasks) : tasks_(std::move(tasks)) {
        for (const Task& task : tasks_.tasks()) require_valid(task);
    }
    /// As `begin`; later resets keep the task and draw layouts.
    GridworldPinpad(const Layout<World>& layout, const Task& task, int colours_per_subgoal = 1)
        : GridworldPinpad(TaskDistribution(task, colours_per_subgoal)) {
        begin(layout, task);
    }

    /// Begins an episode with layout and task drawn at random.
    void reset(core::Random random) {
        constexpr int tries = 10'000;
        for (int i = 0; i < tries; ++i) {
            place(sample_layout<World>(random));
            task_ = tasks_.sample(random);
            if (distances_.solvable(board_, task_)) return;
        }
        core::fail("gridworld-pinpad " + to_string(World) + ": " + std::to_string(tries) +
                   " random layouts had no legal path for their tasks, the last for task " + to_string(task_));
    }

    /// Begins this very episode. The task must have a legal path within the horizon.
    void begin(const Layout<World>& layout, const Task& task) {
        require_valid(task);
        place(layout);
        task_ = task;
        core::require(distances_.solvable(board_, task_), [&] {
            return "gridworld-pinpad " + to_string(World) + ": this layout has no legal path for task " +
                   to_string(task);
        });
    }

    void observe(std::int16_t* row) const { See<World>::observe(board_.layout, agent_, row); }
    void target(std::int16_t* row) const { See<World>::target(board_.layout, agent_, row); }

    /// Throws if the action is no move, or no episode is going on.
    Transition step(const std::int16_t* action) {
        return enter(board_.moved(agent_, core::require_index(*action, move_count, "the move of a gridworld-pinpad")));
    }

    /// The step that takes the agent to `cell`, be it where it is: the rules without the moves, for whoever moves
    /// otherwise (env/ant/pinpad.hpp). A wall ends the episode as a wrong colour does.
    Transition enter(int cell) {
        core::require(running_, "a pinpad world takes no step before it is reset, nor after its episode has ended");
        const Transition transition = proceed(cell);
        running_ = !transition.done;
        return transition;
    }

    /// The abstract subgoal in pursuit: that of `colour()`.
    int subgoal() const { return tasks_.subgoal(colour()); }
    /// The colour to visit next; once the task is completed, its last.
    int colour() const { return task_[std::max(0, std::min(progress_, task_.length - 1))]; }

    /// What tasks are drawn from.
    const TaskDistribution& tasks() const { return tasks_; }
    const Layout<World>& layout() const { return board_.layout; }  ///< its agent is where the episode began
    /// What lies on which cell.
    const Board<World>& board() const { return board_; }
    /// Of the legs on this board, in steps.
    const Distances<World>& distances() const { return distances_; }
    /// The colours to be visited in this episode, which are never shown.
    const Task& task() const { return task_; }
    int agent() const { return agent_; }           ///< the agent's cell
    int progress() const { return progress_; }     ///< colours of the task visited
    int steps() const { return steps_; }           ///< steps taken
    bool truncated() const { return truncated_; }  ///< whether the episode ended for lack of time alone

private:
    Transition proceed(int cell) {
        const int from = std::exchange(agent_, cell);
        ++steps_;
        const int content = board_.contents[agent_];
        if (agent_ != from && content != Board<World>::empty) {
            if (content != task_[progress_]) return {0, true};
            if (++progress_ == task_.length) return {1, true};
        }
        truncated_ = steps_ == horizon;
        return {0, truncated_};
    }

    static void require_valid(const Task& task) {
        core::require(task.length >= 1 && task.length <= Task::capacity, [&] {
            return "a task of " + std::to_string(task.length) + " colours, valid is 1 to " +
                   std::to_string(Task::capacity);
        });
        for (const int colour : task.span())
            core::require(colour >= 0 && colour < World.colours, [&] {
                return "task " + to_string(task) + " names colour " + std::to_string(colour) + ", gridworld-pinpad " +
                       to_string(World) + " has 0 to " + std::to_string(World.colours - 1);
            });
    }

    void place(const Layout<World>& layout) {
        board_.assign(layout);
        distances_.assign(board_);
        agent_ = layout.agent;
        progress_ = 0;
        steps_ = 0;
        truncated_ = false;
        running_ = true;
    }

    TaskDistribution tasks_;
    Board<World> board_{};
    Distances<World> distances_{};
    Task task_{};
    int agent_ = 0;
    int progress_ = 0;
    int steps_ = 0;
    bool truncated_ = false;
    bool running_ = false;
};

}  // namespace midstream::env
