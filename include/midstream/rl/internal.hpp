/// \file
/// Internal RL's environment (paper section 6): the base model, the controller decoder and the switching unit become
/// part of the world. Its observation is the residual stream, its action a controller code, and it asks for one only
/// when the switch opens.
#pragma once

#include <algorithm>
#include <cmath>

#include "midstream/rl/steered_rollout.hpp"

namespace midstream::rl {

struct InternalOptions {
    float threshold = 0.5f;  ///< the switch opens where its gate reaches this
    float temperature = 1;   ///< of the base model's actions
    float gain = 1;          ///< factor on U
    static constexpr void describe(const auto& self, auto&& part) {
        part("threshold", self.threshold);
        part("temperature", self.temperature);
        part("gain", self.gain);
    }
};

/// How a policy sees the residual stream: as it is. Another view is Normaliser, of standard_view.
template <int Width>
struct AsItIs {
    static constexpr void describe(auto&& part) { part("width", Width); }
    void operator()(const float* e, float* row) const { std::copy_n(e, Width, row); }
};

/// The absence of somebody who looks on.
struct NoWatcher {
    template <class... Arguments>
    void operator()(Arguments&&...) const {}
};

/// A BatchEnvironment over the environment B, steered by the metacontroller type Meta. A `Watcher` is called with
/// (internal environment, running instances) before every primitive step, for analysis and pictures. A `View` writes
/// what the policy observes of a residual stream: view(e, row).
template <env::BatchEnvironment B, class Meta, class Watcher = NoWatcher, class View = AsItIs<Meta::width>>
class Internal {
public:
    using Base = typename Meta::Base;
    using Observation = data::Dense<Meta::width>;
    using Action = data::Continuous<Meta::code>;

    /// Parameters must outlive this environment.
    Internal(B environment, const typename Base::template Parameters<float>& base,
             const typename Meta::template Parameters<float>& meta, InternalOptions options = {},
             typename Meta::Switching switching = {}, Watcher watcher = {}, View view = {})
        : rollout_(std::move(environment), base, options.temperature),
          meta_(&meta),
          options_(options),
          switching_(switching),
          watcher_(std::move(watcher)),
          view_(std::move(view)) {}

    /// Every episode begins by asking: its first observation has passed through the history, and the switch's opinion
    /// of it is not used.
    void reset(int count, core::Random random) {
        rollout_.reset(count, random);
        if (static_cast<int>(states_.size()) < count) states_.resize(static_cast<std::size_t>(count));
        decisions_.assign(static_cast<std::size_t>(count), 0);
        steps_.assign(static_cast<std::size_t>(count), 0);
        for (int i = 0; i < count; ++i) Meta::reset(states_[static_cast<std::size_t>(i)]);
        ask();
        const auto live = rollout_.running();
        awaiting_.assign(live.begin(), live.end());
    }

    std::span<const int> awaiting() const { return awaiting_; }
    std::span<const float> returns() const { return rollout_.environment().returns(); }
    std::span<const int> lengths() const { return rollout_.environment().lengths(); }
    /// Codes asked for so far, per instance.
    std::span<const int> decisions() const { return decisions_; }
    const B& environment() const { return rollout_.environment(); }
    /// The code in force.
    const float* code(int instance) const { return states_[static_cast<std::size_t>(instance)].code_in_force.values; }
    Watcher& watcher() { return watcher_; }

    void observe(core::Rows<float, Meta::width> rows) const {
        for (std::size_t i = 0; i < awaiting_.size(); ++i)
            view_(rollout_.e_read(awaiting_[i]), rows.row(static_cast<int>(i)));
    }

    /// Puts the codes in force and moves on until a switch opens somewhere or all episodes have ended.
    void act(core::Rows<const float, Meta::code> codes) {
        for (std::size_t i = 0; i < awaiting_.size(); ++i) {
            const auto instance = static_cast<std::size_t>(awaiting_[i]);
            Meta::set_code(*meta_, codes.row(static_cast<int>(i)), states_[instance], scratch_);
            ++decisions_[instance];
        }
        do {
            watcher_(*this, rollout_.running());
            rollout_.advance([&](std::span<const int> live, core::Rows<float, Meta::width> rows) {
                Meta::steer(
                    [&](int i) -> auto& {
                        return states_[static_cast<std::size_t>(live[static_cast<std::size_t>(i)])];
                    },
                    rows, options_.gain);
            });
            ask();
        } while (awaiting_.empty() && !rollout_.running().empty());
    }

private:
    /// Lets the switches of the running instances see their new residual stream; `awaiting` are those that open.
    void ask() {
        const auto live = rollout_.running();
        const auto logits = logits_.resize(static_cast<int>(live.size()));
        Meta::step_switch(
            *meta_,
            [&](int i) -> auto& { return states_[static_cast<std::size_t>(live[static_cast<std::size_t>(i)])]; },
            rollout_.read_rows(), logits, scratch_);
        awaiting_.clear();
        for (std::size_t i = 0; i < live.size(); ++i)
            if (Meta::opens(switching_, logits.data[i], steps_[static_cast<std::size_t>(live[i])]++,
                            options_.threshold))
                awaiting_.push_back(live[i]);
    }

    SteeredRollout<B, Base, Meta::read, Meta::write> rollout_;
    const typename Meta::template Parameters<float>* meta_;
    InternalOptions options_;
    typename Meta::Switching switching_;
    Watcher watcher_;
    View view_;
    std::vector<typename Meta::template State<float>> states_;
    std::vector<int> awaiting_, decisions_, steps_;
    core::Buffer<float, 1> logits_;
    typename Meta::template Scratch<float> scratch_;
};

}  // namespace midstream::rl
