/// \file
/// What codes mean, by injection (B.3.2): codes that were in force when something was reached are put in
/// force in the middle of other episodes. Codes that mean goals lead there again, more often than the same episodes
/// left alone, and also where no expert ever went.
#pragma once

#include <string>
#include <vector>

#include "midstream/analysis/goals.hpp"
#include "midstream/analysis/steered_success.hpp"
#include "midstream/rl/acting.hpp"

namespace midstream::analysis {

/// Codes by what was reached while they were in force.
template <int Code>
struct ReachingCodes {
    using Row = std::array<float, Code>;    ///< a code
    std::vector<std::vector<Row>> by_goal;  ///< codes that led to each goal, one for each time it was reached
};

/// When a code is injected: after `step` steps of an episode (1 or more), or, if `after` is a goal, as soon as that is
/// first reached.
struct InjectionMoment {
    int step = 30;
    int after = -1;  ///< a goal; -1: it is `step` that counts
};

/// What is injected into how many episodes, and what is hoped for.
struct InjectionOptions {
    int goal = 0;              ///< which is to be reached next
    InjectionMoment moment{};  ///< when the code is put in force
    int episodes = 400;        ///< played twice: with the code, and without
};

/// How often a goal is reached next, among the episodes that last up to the moment: with the code, and without.
struct Injection {
    SuccessRate injected{};    ///< with the code
    SuccessRate left_alone{};  ///< without
};

namespace detail {

/// Episodes whose codes are drawn from the prior N(0, I) wherever the switch asks for one, as a policy over codes
/// begins to act, but for those that somebody holds.
template <class Meta, env::Environment E>
class PriorActor {
public:
    PriorActor(const env::Batched<E>& environment, const rl::Steered<Meta>& steered) : acting_(environment, steered) {}

    void reset(int count, core::Random random) {
        acting_.reset(count, random.fork(0));
        instances_.assign(count, {});
        for (int i = 0; i < count; ++i) instances_[i].codes = random.fork(i + 1);
        draw();
    }

    std::span<const int> running() const { return acting_.running(); }
    int steps(int instance) const { return acting_.environment().lengths()[instance]; }
    const float* code(int instance) const { return acting_.code(instance); }
    /// Puts a code in force that no switch replaces.
    void hold(int instance, const float* code) {
        acting_.set_code(instance, code);
        instances_[instance].held = true;
    }

    /// A step of all that run; `reach(instance, goal, ended)` is called where one comes to a goal at which it was not
    /// before, with the code in force that led there.
    template <class Reached, class Reach>
    void advance(const Goals<Reached>& goals, Reach&& reach) {
        live_.assign(running().begin(), running().end());
        acting_.advance();
        std::size_t next = 0;
        for (const int instance : live_) {
            const bool ended = next == running().size() || running()[next] != instance;
            if (!ended) ++next;
            const int before =
                std::exchange(instances_[instance].at, goals.at(acting_.environment().instance(instance)));
            const int now = instances_[instance].at;
            if (now >= 0 && now != before) reach(instance, now, ended);
        }
        draw();
    }

private:
    struct Instance {
        core::Random codes{};
        int at = -1;
        bool held = false;
    };

    /// New codes where switches have opened.
    void draw() {
        for (const int instance : acting_.opened()) {
            if (instances_[instance].held) continue;
            float code[Meta::code];
            for (float& value : code) value = instances_[instance].codes.template normal<float>();
            acting_.set_code(instance, code);
        }
    }

    rl::Acting<env::Batched<E>, Meta> acting_;
    std::vector<Instance> instances_;
    std::vector<int> live_;
};

}  // namespace detail

/// Plays episodes whose codes are drawn from the prior at every switch, and keeps the codes that were in force whenever
/// a goal was reached.
template <class Meta, core::Parallelism Policy, env::Environment E, class Reached>
ReachingCodes<Meta::code> reaching_codes(const Policy& policy, const env::Batched<E>& environment,
                                         const rl::Steered<Meta>& steered, const Goals<Reached>& goals, int episodes,
                                         core::Random random, const BatchOptions& batches = {}) {
    using Codes = ReachingCodes<Meta::code>;
    steered.acting.validate();
    batches.validate();
    core::require_range(episodes, 1, 1 << 24, "episodes");
    core::require_range(goals.count, 1, 1 << 15, "goals");
    auto workers = make_workers(batches, detail::PriorActor<Meta, E>(environment, steered));
    std::vector<Codes> found((episodes + batches.batch - 1) / batches.batch);  // by batch
    for_batches(policy, batches, workers, episodes, [&](auto& actor, int batch, int, int length) {
        auto& by_goal = found[batch].by_goal;
        by_goal.resize(goals.count);
        actor.reset(length, random.fork(batch));
        while (!actor.running().empty())
            actor.advance(goals, [&](int instance, int goal, bool) {
                typename Codes::Row row;
                std::copy_n(actor.code(instance), Meta::code, row.begin());
                by_goal[goal].push_back(row);
            });
    });
    Codes result;
    result.by_goal.resize(goals.count);
    for (const Codes& part : found)
        for (int goal = 0; goal < goals.count; ++goal)
            result.by_goal[goal].insert(result.by_goal[goal].end(), part.by_goal[goal].begin(),
                                        part.by_goal[goal].end());
    return result;
}

/// Plays the same episodes twice, with codes drawn from the prior at every switch: once left alone, once with one of
/// `codes` put in force at the moment and held from there. A success is an episode that reaches the options' goal
/// before any other after the moment.
template <class Meta, core::Parallelism Policy, env::Environment E, class Reached>
Injection inject(const Policy& policy, const env::Batched<E>& environment, const rl::Steered<Meta>& steered,
                 const Goals<Reached>& goals, const std::vector<typename ReachingCodes<Meta::code>::Row>& codes,
                 const InjectionOptions& options, core::Random random, const BatchOptions& batches = {}) {
    const int goal = options.goal, episodes = options.episodes;
    const InjectionMoment moment = options.moment;
    steered.acting.validate();
    core::require_range(goal, 0, goals.count - 1, "the goal of injected codes");
    batches.validate();
    core::require(!codes.empty(), "there is no code to inject");
    core::require(moment.after >= 0 || moment.step >= 1, [&] {
        return "a code is injected after step 1 of an episode or later, or after a goal: `step` is " +
               std::to_string(moment.step) + " and `after` " + std::to_string(moment.after);
    });
    core::require_range(episodes, 1, 1 << 24, "episodes");
    enum class Phase : char { to_come, now, over };  // of an episode
    struct Worker {
        detail::PriorActor<Meta, E> actor;
        SuccessRate rates[2]{};
        std::vector<Phase> phases{};
        std::vector<int> begun{};
    };
    auto workers = make_workers(batches, Worker{detail::PriorActor<Meta, E>(environment, steered)});
    for_batches(policy, batches, workers, episodes, [&](Worker& worker, int batch, int, int length) {
        auto& actor = worker.actor;
        for (const bool injects : {false, true}) {
            SuccessRate& rate = worker.rates[injects];
            core::Random choices = random.fork(2 * batch + 1);
            actor.reset(length, random.fork(2 * batch));
            worker.phases.assign(length, Phase::to_come);
            while (!actor.running().empty()) {
                worker.begun.clear();
                actor.advance(goals, [&](int instance, int at, bool ended) {
                    Phase& state = worker.phases[instance];
                    if (state == Phase::now) {
                        rate.successes += at == goal;
                        state = Phase::over;
                    }
                    if (state == Phase::to_come && at == moment.after && !ended) worker.begun.push_back(instance);
                });
                if (moment.after < 0)
                    for (const int instance : actor.running())
                        if (actor.steps(instance) == moment.step) worker.begun.push_back(instance);
                for (const int instance : worker.begun) {
                    ++rate.attempts;
                    worker.phases[instance] = Phase::now;
                    const auto& code = codes[choices.below(static_cast<int>(codes.size()))];
                    if (injects) actor.hold(instance, code.data());
                }
            }
        }
    });
    Injection result;
    for (const Worker& worker : workers) {
        result.left_alone += worker.rates[0];
        result.injected += worker.rates[1];
    }
    return result;
}

}  // namespace midstream::analysis
