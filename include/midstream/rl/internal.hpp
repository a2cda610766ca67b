/// \file
/// Internal RL's environment (C.5.1, Algorithm 1): the base model, the controller decoder and the switching unit become
/// part of the world. Its observation is the residual stream, its action a controller code, and it asks for one only
/// when the switch opens.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "midstream/rl/acting.hpp"

namespace midstream::rl {

/// How a policy sees the residual stream: as it is. Another view is Normaliser, of standard_view.
template <int Width>
struct IdentityView {
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
template <env::BatchEnvironment B, class Meta, class Watcher = NoWatcher, class View = IdentityView<Meta::width>>
class Internal {
public:
    using Base = typename Meta::Base;
    using Options = ActingOptions<Meta>;
    using Observation = data::Dense<Meta::width>;
    using Action = data::Continuous<Meta::code>;
    static constexpr int horizon = env::horizon_of<B>;  ///< of decisions as well; 0 where B does not tell

    /// Parameters must outlive this environment.
    Internal(B environment, const typename Base::template Parameters<float>& base,
             const typename Meta::template Parameters<float>& meta, Options options = {}, Watcher watcher = {},
             View view = {})
        : acting_(std::move(environment), base, meta, options), watcher_(std::move(watcher)), view_(std::move(view)) {}

    /// Every episode begins by asking.
    void reset(int count, core::Random random) {
        acting_.reset(count, random);
        decisions_.assign(static_cast<std::size_t>(count), 0);
    }

    std::span<const int> awaiting() const { return acting_.opened(); }
    std::span<const float> returns() const { return environment().returns(); }
    std::span<const int> lengths() const { return environment().lengths(); }
    /// Codes asked for so far, per instance.
    std::span<const int> decisions() const { return decisions_; }
    const B& environment() const { return acting_.environment(); }
    /// The code in force.
    const float* code(int instance) const { return acting_.code(instance); }
    Watcher& watcher() { return watcher_; }

    void observe(core::Rows<float, Meta::width> rows) const {
        int row = 0;
        for (const int instance : awaiting()) view_(acting_.residual(instance), rows.row(row++));
    }

    /// Puts the codes in force and moves on until a switch opens somewhere or all episodes have ended.
    void act(core::Rows<const float, Meta::code> codes) {
        int row = 0;
        for (const int instance : awaiting()) {
            acting_.set_code(instance, codes.row(row++));
            ++decisions_[static_cast<std::size_t>(instance)];
        }
        do {
            watcher_(*this, acting_.running());
            acting_.advance();
        } while (awaiting().empty() && !acting_.running().empty());
    }

private:
    Acting<B, Meta> acting_;
    Watcher watcher_;
    View view_;
    std::vector<int> decisions_;
};

}  // namespace midstream::rl
