/// \file
/// Several actors that take turns: in every instance one of them is in charge at a time. Policies that each learned a
/// task of their own play tasks made of these so, for somebody to learn from (rl/record_decisions.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "midstream/rl/actors.hpp"

namespace midstream::rl {

/// Actors of one kind, numbered from 0, that take turns. `reset` begins episodes in which nobody is in charge yet.
template <Decider ActorType>
class InTurn {
public:
    using Observation = typename ActorType::Observation;
    using Action = typename ActorType::Action;
    /// A row for each instance that acts.
    using Observations = core::Rows<const typename Observation::template Element<float>, Observation::width>;
    /// A row for each instance that acted.
    using Actions = core::Rows<const typename Action::template Element<float>, Action::width>;

    /// These, of which there is at least one.
    explicit InTurn(std::vector<ActorType> actors) : actors_(std::move(actors)) {
        core::require(!actors_.empty(), "somebody has to be there to take turns");
    }

    /// Begins `count` episodes; turn k of instance i draws from random.fork(i).fork(k).
    void reset(int count, core::Random random) {
        core::require(count >= 0, "at least 0 instances are begun");
        turns_.assign(static_cast<std::size_t>(count), {});
        for (int i = 0; i < count; ++i)
            turns_[static_cast<std::size_t>(i)].random = random.fork(static_cast<std::uint64_t>(i));
        for (ActorType& actor : actors_) actor.reset(count, random);
    }
    /// From now on it is this turn of the instance, and the actor is in charge: it begins an episode of its own, and
    /// knows nothing of what was there before. Nothing changes where it is that turn already.
    void take_turn(int instance, int turn, int actor) {
        Turn& now = turns_[checked(instance)];
        core::require(turn >= 0, "turns are numbered from 0");
        core::require_index(actor, static_cast<int>(actors_.size()), "an actor that takes turns");
        if (now.number == turn) return;
        now.number = turn;
        now.actor = actor;
        actors_[static_cast<std::size_t>(actor)].begin(instance, now.random.fork(static_cast<std::uint64_t>(turn)));
    }
    /// Who is in charge of an instance; -1: nobody yet.
    int in_charge(int instance) const { return turns_[checked(instance)].actor; }

    /// The actions of these instances, ascending, at a row of observations for each, by who is in charge of it; valid
    /// until the next call. Throws where that is nobody.
    Actions act(std::span<const int> live, Observations observations) {
        for (const int instance : live)
            core::require(in_charge(instance) >= 0, [&] {
                return "nobody is in charge of instance " + std::to_string(instance) + ": somebody takes a turn first";
            });
        actions_.resize(static_cast<int>(live.size()));
        for (int actor = 0; actor < static_cast<int>(actors_.size()); ++actor) {
            instances_.clear();
            rows_.clear();
            for (std::size_t row = 0; row < live.size(); ++row) {
                if (in_charge(live[row]) != actor) continue;
                instances_.push_back(live[row]);
                rows_.push_back(static_cast<int>(row));
            }
            if (rows_.empty()) continue;
            const auto count = static_cast<int>(rows_.size());
            seen_.resize(count);
            for (int i = 0; i < count; ++i)
                std::copy_n(observations.row(rows_[static_cast<std::size_t>(i)]), Observation::width,
                            seen_.view().row(i));
            const auto done = actors_[static_cast<std::size_t>(actor)].act(instances_, std::as_const(seen_).view());
            for (int i = 0; i < count; ++i)
                std::copy_n(done.row(i), Action::width, actions_.view().row(rows_[static_cast<std::size_t>(i)]));
        }
        return std::as_const(actions_).view();
    }

private:
    struct Turn {
        int number = -1, actor = -1;  // whose turn it is; -1: nobody's yet
        core::Random random{};
    };
    std::size_t checked(int instance) const {
        return static_cast<std::size_t>(
            core::require_index(instance, static_cast<int>(turns_.size()), "an instance in which actors take turns"));
    }

    std::vector<ActorType> actors_;
    std::vector<Turn> turns_;
    std::vector<int> instances_, rows_;  // of one actor
    core::Buffer<typename Observation::template Element<float>, Observation::width> seen_;
    core::Buffer<typename Action::template Element<float>, Action::width> actions_;
};

}  // namespace midstream::rl
