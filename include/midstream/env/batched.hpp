/// \file
/// A batch environment made of copies of one environment: so many of them as run side by side await an action at each
/// call, and where one has ended the next begins.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/env/environment.hpp"

namespace midstream::env {

/// Every instance draws from a stream of its own: worlds differ from instance to instance.
struct StreamPerInstance {
    /// Of that instance of a batch.
    core::Random operator()(core::Random random, int instance) const {
        return random.fork(static_cast<std::uint64_t>(instance));
    }
};

/// Instances 0 to group - 1 draw alike, as do the next `group`, and so on: each group begins in one world, and stays
/// there as far as its actions agree. What grouped advantages compare (rl::Grouped).
struct StreamPerGroup {
    int group = 8;  ///< instances
    static constexpr void describe(const auto& self, auto&& part) { part("group", self.group); }

    /// Of that instance of a batch.
    core::Random operator()(core::Random random, int instance) const {
        return random.fork(static_cast<std::uint64_t>(instance / group));
    }
    void validate() const { core::require_range(group, 1, 1 << 20, "the group of a batch of environments"); }
};

/// Copies of `prototype`. Runs on the calling thread; whoever wants threads makes one batch per shard. Memory grows to
/// the largest batch seen and is then reused. `Streams` says which instances draw from the same random stream.
///
/// At most `beside` instances await an action at once: what a model remembers of each, and reads again at every step,
/// is then more likely to be in a cache. An episode does not depend on which others run beside it.
template <class Prototype, class Streams = StreamPerInstance>
class Batched {
    using E = detail::Checked<Prototype>;

public:
    using Observation = typename E::Observation;
    using Action = typename E::Action;
    static constexpr int horizon = E::horizon;

    static constexpr void describe(auto&& part) {
        part("environment", std::type_identity<Prototype>{});
        part("streams", std::type_identity<Streams>{});
    }
    static void describe(const auto& self, auto&& part) {
        part("environment", self.prototype_);
        part("streams", self.streams_);
        part.leaves_out(self.beside_);  // no episode depends on it
    }

    /// Acts on copies of `prototype`. Call `reset` before anything else.
    explicit Batched(Prototype prototype, Streams streams = {}, int beside = 64)
        : prototype_(checked(std::move(prototype))), streams_(streams), beside_(beside) {
        if constexpr (requires { streams.validate(); }) streams.validate();
        core::require_range(beside, 1, 1 << 20, "the instances of a batch of environments that run side by side");
    }

    /// How many consecutive instances begin in the same world.
    int group() const {
        if constexpr (requires { streams_.group; })
            return streams_.group;
        else
            return 1;
    }

    /// Begins `count` episodes, instance i from the stream that `Streams` gives it: what an instance does depends on no
    /// other instance.
    void reset(int count, core::Random random) {
        core::require(count >= 0, "a batch of environments has at least 0 instances");
        if (static_cast<int>(instances_.size()) < count) instances_.resize(count, prototype_);
        awaiting_.clear();
        awaiting_.reserve(count);
        returns_.assign(count, 0.0f);
        lengths_.assign(count, 0);
        for (int i = 0; i < count; ++i) instances_[i].reset(streams_(random, i));
        begun_ = 0;
        begin();
    }

    std::span<const int> awaiting() const { return awaiting_; }
    std::span<const float> returns() const { return returns_; }
    std::span<const int> lengths() const { return lengths_; }
    /// The instance itself, for whoever looks behind its observations; valid up to the next larger reset.
    const E& instance(int index) const { return instances_[index]; }

    /// Throws where an instance shows what is not in its space.
    void observe(core::Rows<ObservationElement<E>, Observation::width> rows) const {
        require_row_for_each(rows.count);
        for (std::size_t i = 0; i < awaiting_.size(); ++i) {
            auto* const row = rows.row(static_cast<int>(i));
            instances_[awaiting_[i]].observe(row);
            data::require_row<Observation>(
                row, [&](int column) { return data::entry_of(column) + who("the observation", awaiting_[i]); });
        }
    }

    /// Throws where an action is not in its space, or a step is not what the environment promises.
    void act(core::Rows<const ActionElement<E>, Action::width> actions) {
        require_row_for_each(actions.count);
        std::size_t running = 0;
        for (std::size_t i = 0; i < awaiting_.size(); ++i) {
            const int instance = awaiting_[i];
            const auto* const action = actions.row(static_cast<int>(i));
            data::require_row<Action>(action,
                                      [&](int column) { return data::entry_of(column) + who("the action", instance); });
            const Transition transition = instances_[instance].step(action);
            returns_[instance] += transition.reward;
            ++lengths_[instance];
            require_transition<E>(transition, lengths_[instance]);
            if (!transition.done) awaiting_[running++] = instance;
        }
        awaiting_.resize(running);
        begin();
    }

private:
    /// Has as many of those that have not begun await an action as there is room for. They come after all others.
    void begin() {
        while (begun_ < static_cast<int>(returns_.size()) && static_cast<int>(awaiting_.size()) < beside_)
            awaiting_.push_back(begun_++);
    }
    static E checked(Prototype&& prototype) {
        if constexpr (std::is_same_v<E, Prototype>)
            return std::move(prototype);
        else
            return {};
    }
    void require_row_for_each(int rows) const {
        core::require(rows == static_cast<int>(awaiting_.size()), [&] {
            return std::to_string(rows) + " rows are given for " + std::to_string(awaiting_.size()) +
                   " environments that await an action";
        });
    }
    std::string who(const char* what, int instance) const {
        return std::string(what) + " of environment " + std::to_string(instance) + " before its step " +
               std::to_string(lengths_[instance] + 1);
    }

    E prototype_;
    [[no_unique_address]] Streams streams_;
    int beside_;
    int begun_ = 0;  // instances that await an action, or did
    std::vector<E> instances_;
    std::vector<int> awaiting_;
    std::vector<float> returns_;
    std::vector<int> lengths_;
};

}  // namespace midstream::env
