/// \file
/// Tasks that are made of routines, and who does them: what a second level is to learn from.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/rl/in_turn.hpp"

namespace midstream::examples {

inline constexpr int routines = 4, visits = 3;

/// Goes on with these routines: r visits its own colour, the next one, and its own again.
inline env::Task then(env::Task task, std::span<const std::int8_t> order) {
    for (const int r : order)
        for (const int colour : {r, (r + 1) % routines, r})
            task.colours[static_cast<std::size_t>(task.length++)] = static_cast<std::int8_t>(colour);
    return task;
}
/// A routine by itself, from anywhere or from where those end that it may follow.
inline env::TaskDistribution practice(int routine) {
    const std::array order{static_cast<std::int8_t>(routine)};
    const auto after = [&](int step) { return then(env::parse_task(std::to_string((routine + step) % 4)), order); };
    return env::TaskDistribution({then({}, order), after(1), after(2)});
}
/// The order of routines that is to be learned: its transitions occur in others, the whole of it does not.
inline constexpr env::Task unseen_order = env::parse_task("0-2-1-3");
/// All other lists of four routines in which r is never followed by itself or by r + 1.
inline env::TaskDistribution habits() {
    const auto orders = env::TaskDistribution::transition_rule(routines, 4);
    std::vector<env::Task> tasks;
    for (const env::Task& order : orders.tasks())
        if (order != unseen_order) tasks.push_back(then({}, order.span()));
    return env::TaskDistribution(tasks);
}

/// A world that begins with nothing but the last routine left to do.
template <class World>
struct Practice : World {
    using World::World;
    void reset(core::Random random) {
        World::reset(random.fork(0));
        for (random = random.fork(1); this->progress() + visits < this->task().length;)
            this->step(env::ShortestPathExpert{}.act(*this, random).data());
    }
};

/// Which routine an instance of internal RL's environment is at; its place in the task is progress() / visits.
template <class Inner>
int routine_of(const Inner& inner, int instance) {
    const auto& world = inner.environment().instance(instance);
    return world.task()[world.progress() / visits * visits];
}

/// Somebody who knows the task, and has the policy act that has learned the routine.
template <class Inner, class Policy>
struct Habit {
    rl::InTurn<rl::ModelActor<Policy>> policies;
    void reset(int count, core::Random random) { policies.reset(count, random); }
    void act(const Inner& inner, std::span<const int> awaiting, auto seen, auto codes) {
        for (const int i : awaiting)
            policies.take_turn(i, inner.environment().instance(i).progress() / visits, routine_of(inner, i));
        const auto chosen = policies.act(awaiting, seen).flat();
        std::copy(chosen.begin(), chosen.end(), codes.flat().begin());
    }
    /// For measuring alone.
    static int subgoal(const Inner& inner, int instance) { return routine_of(inner, instance); }
};

}  // namespace midstream::examples
