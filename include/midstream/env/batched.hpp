/// \file
/// A batch environment made of copies of one environment: every instance still running awaits an action at each call.
#pragma once

#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/env/environment.hpp"

namespace midstream::env {

/// Copies of `prototype`. Runs on the calling thread; whoever wants threads makes one batch per shard. Memory grows to
/// the largest batch seen and is then reused.
template <Environment E>
class Batched {
public:
    using Observation = typename E::Observation;
    using Action = typename E::Action;
    static constexpr int horizon = E::horizon;

    static constexpr void describe(auto&& part) { part("environment", std::type_identity<E>{}); }
    static void describe(const auto& self, auto&& part) { part("environment", self.prototype_); }

    explicit Batched(E prototype) : prototype_(std::move(prototype)) {}

    /// Begins `count` episodes, instance i from random.fork(i): what an instance does depends on no other instance.
    void reset(int count, core::Random random) {
        core::require(count >= 0, "a batch of environments has at least 0 instances");
        if (static_cast<int>(instances_.size()) < count) instances_.resize(count, prototype_);
        awaiting_.resize(count);
        returns_.assign(count, 0.0f);
        lengths_.assign(count, 0);
        for (int i = 0; i < count; ++i) {
            instances_[i].reset(random.fork(i));
            awaiting_[i] = i;
        }
    }

    std::span<const int> awaiting() const { return awaiting_; }
    std::span<const float> returns() const { return returns_; }
    std::span<const int> lengths() const { return lengths_; }
    /// The instance itself, for whoever looks behind its observations; valid up to the next larger reset.
    const E& instance(int index) const { return instances_[index]; }

    void observe(core::Rows<ObservationElement<E>, Observation::width> rows) const {
        for (std::size_t i = 0; i < awaiting_.size(); ++i)
            instances_[awaiting_[i]].observe(rows.row(static_cast<int>(i)));
    }

    void act(core::Rows<const ActionElement<E>, Action::width> actions) {
        std::size_t running = 0;
        for (std::size_t i = 0; i < awaiting_.size(); ++i) {
            const int instance = awaiting_[i];
            const Transition transition = instances_[instance].step(actions.row(static_cast<int>(i)));
            returns_[instance] += transition.reward;
            ++lengths_[instance];
            if (!transition.done) awaiting_[running++] = instance;
        }
        awaiting_.resize(running);
    }

private:
    E prototype_;
    std::vector<E> instances_;
    std::vector<int> awaiting_;
    std::vector<float> returns_;
    std::vector<int> lengths_;
};

}  // namespace midstream::env
