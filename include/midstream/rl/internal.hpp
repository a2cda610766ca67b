/// \file
/// Internal RL's environment (C.5.1, Algorithm 1): the base model, the controller decoder and the switching unit become
/// part of the world. Its observation is the residual stream, its action a controller code, and it asks for one only
/// when the switch opens.
#pragma once

#include <algorithm>
#include <concepts>
#include <span>
#include <type_traits>
#include <vector>

#include "midstream/rl/acting.hpp"

namespace midstream::rl {

/// How a policy sees the residual stream: as it is. Another view is Normaliser, of standard_view.
template <int Width>
struct IdentityView {
    static constexpr void describe(auto&& part) { part("width", Width); }
    /// row = e.
    void operator()(const float* e, float* row) const { std::copy_n(e, Width, row); }
};

/// The absence of somebody who looks on.
struct NoWatcher {
    /// Does nothing.
    template <class... Arguments>
    void operator()(Arguments&&...) const {}
};

/// Tells in a sentence what does not fit together in an Internal.
template <class B, class Meta, class View>
constexpr bool check_internal() {
    constexpr bool is_batch = env::BatchEnvironment<B>;
    static_assert(is_batch, "rl::Internal's first argument is a batch of environments: env::Batched<World>, not World");
    constexpr bool steers = Steering<Meta>;
    static_assert(steers, "rl::Internal's second argument is a metacontroller: control::Metacontroller<...>");
    constexpr bool same_spaces = !is_batch || !steers || requires {
        requires std::same_as<typename B::Observation, typename Meta::Base::Observation>;
        requires std::same_as<typename B::Action, typename Meta::Base::Action>;
    };
    static_assert(same_spaces,
                  "rl::Internal's environments have other spaces than the metacontroller's base model: Observation and "
                  "Action have to be the same types");
    constexpr bool sees = !steers || std::is_invocable_v<const View&, const float*, float*>;
    static_assert(sees, "rl::Internal's view writes what the policy sees of a residual stream: view(e, row) const");
    return is_batch && steers && same_spaces && sees;
}

/// A BatchEnvironment over the environment B, steered by the metacontroller type Meta. A `Watcher` is called with
/// (internal environment, running instances) before every primitive step, for analysis and pictures. A `View` writes
/// what the policy observes of a residual stream: view(e, row).
template <class B, class Meta, class Watcher = NoWatcher, class View = IdentityView<model::width_of<Meta>>,
          bool = check_internal<B, Meta, View>()>
class Internal {
public:
    using Base = typename Meta::Base;  ///< the model that is steered
    using Observation = data::Dense<Meta::width>;
    using Action = data::Continuous<Meta::code>;
    static constexpr int horizon = env::horizon_of<B>;  ///< of decisions as well; 0 where B does not tell

    /// Of instances like these, steered so: `Internal(World(...), {base, meta, options})`.
    Internal(B environment, const Steered<Meta>& steered, Watcher watcher = {}, View view = {})
        : acting_(std::move(environment), steered), watcher_(std::move(watcher)), view_(std::move(view)) {}
    /// For all other arguments there is a sentence.
    template <class Second, class... Others>
    requires(!std::convertible_to<const Second&, const Steered<Meta>&>)
        Internal(const B&, const Second&, const Others&...)
        : Internal(refused()) {
        static_assert(
            !sizeof(Second),
            "rl::Internal takes environments, then what acts in them, {base, meta, acting options}, where base "
            "and meta are parameters: of a core::Box b *b, of a learner *learner.parameters");
    }

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
    /// The environments within, in which primitive steps are taken.
    const B& environment() const { return acting_.environment(); }
    /// The code in force.
    const float* code(int instance) const { return acting_.code(instance); }
    /// Who looks on.
    Watcher& watcher() { return watcher_; }
    /// Who looks on, with what it noted.
    const Watcher& watcher() const { return watcher_; }

    void observe(core::Rows<float, Meta::width> rows) const {
        int row = 0;
        for (const int instance : awaiting()) view_(acting_.residual(instance), rows.row(row++));
    }

    /// Puts the codes in force and moves on until a switch opens somewhere or all episodes have ended.
    void act(core::Rows<const float, Meta::code> codes) {
        acting_.set_codes(awaiting(), codes);
        for (const int instance : awaiting()) ++decisions_[static_cast<std::size_t>(instance)];
        do {
            watcher_(*this, acting_.running());
            acting_.advance();
        } while (awaiting().empty() && !acting_.running().empty());
    }

private:
    static const Internal& refused();  // nowhere defined: nothing that calls it compiles

    Acting<B, Meta> acting_;
    Watcher watcher_;
    View view_;
    std::vector<int> decisions_;
};

/// What does not fit together: check_internal has said why.
template <class B, class Meta, class Watcher, class View>
class Internal<B, Meta, Watcher, View, false> {
public:
    using Observation = data::Dense<1>;
    using Action = data::Continuous<1>;
    /// Takes any arguments, so that the sentence is all there is to read.
    Internal(const auto&...) {}
    void reset(int, core::Random) {}
    std::span<const int> awaiting() const { return {}; }
    std::span<const float> returns() const { return {}; }
    std::span<const int> lengths() const { return {}; }
    void observe(core::Rows<float, 1>) const {}
    void act(core::Rows<const float, 1>) {}
};

}  // namespace midstream::rl
