/// \file
/// What presets of any world share. A preset names types (World, Base, Meta, Policy), tasks, experts and settings.
#pragma once

#include <optional>

#include "common/options/settings.hpp"
#include "midstream/analysis/first_reached.hpp"
#include "midstream/control/metacontroller.hpp"
#include "midstream/env/environment.hpp"
#include "midstream/env/tasks.hpp"
#include "midstream/model/hawk.hpp"
#include "midstream/rl/standard_view.hpp"
#include "midstream/train/adamw.hpp"

namespace midstream::examples {

/// Parameters begin as the model itself draws them.
struct AsDrawn {
    template <class Model>
    static void initialise(typename Model::template Parameters<float>& parameters, core::Random random) {
        Model::initialise(parameters, random);
    }
};

/// As a metacontroller draws them, but for the proposals, which start narrow: wide ones are noise to the decoder, and
/// the divergence keeps them wide.
struct NarrowProposals {
    float log_variance = -4;
    static constexpr void describe(const auto& self, auto&& part) { part("log_variance", self.log_variance); }

    template <class Meta>
    void initialise(typename Meta::template Parameters<float>& parameters, core::Random random) const {
        Meta::initialise(parameters, random);
        for (int i = 0; i < Meta::code; ++i)
            parameters.inference.encoder.second.bias.values[Meta::code + i] = log_variance;
    }
};

/// Where pretraining has no colour c of 0 to 3 followed by c + 1 (modulo 4) and 0-1-2-3 is reported, 3 > 0 remains:
/// tasks with that transition at every place, all others of theirs being known from pretraining.
inline env::TaskDistribution last_unseen_transition() {
    return env::TaskDistribution({env::parse_task("3-0-2-1"), env::parse_task("1-3-0-2"), env::parse_task("2-1-3-0")});
}

/// A world of pinpad kind, a base model on it, a metacontroller in that, a policy over codes: Hawk of one layer,
/// `PolicyWidth` wide.
template <class WorldType, class BaseModel, class Metacontroller, int PolicyWidth>
struct ChainPreset {
    using World = WorldType;
    using Base = BaseModel;
    using Meta = Metacontroller;
    using Policy =
        model::Autoregressive<data::Dense<Base::width>, data::Continuous<Meta::code>,
                              model::Hawk<model::HawkShape{
                                  .depth = 1, .width = PolicyWidth, .recurrent = PolicyWidth, .mlp = 2 * PolicyWidth}>>;
    /// How the policy sees the residual stream: as it is, or on a common scale.
    using View = rl::IdentityView<Base::width>;
    using Episodes = env::EpisodesOf<World>;
    /// What pretrains the base model; everything else is trained by AdamW.
    using BaseOptimiser = train::AdamW;
    static BaseOptimiser base_optimiser(const Settings::Pretrain& o) {
        return {.beta2 = o.beta2, .weight_decay = o.weight_decay};
    }
    /// What an agent can reach: colours.
    static constexpr int goals = World::world.colours;
    using Reached = analysis::ColourStoodOn;
    using ReachedSubgoal = analysis::SubgoalStoodOn;

    /// Tasks with transitions that neither pretraining nor what is reported has, by which gain and layer can be chosen.
    /// None, unless a preset's world has such transitions to spare; its page then says what was chosen by the unseen
    /// task.
    static std::optional<env::TaskDistribution> selection_tasks() { return {}; }

    static typename Meta::Options pass_options(const Settings::Discover& o) {
        typename Meta::Options options{.signal = o.signal};
        if (o.forced_period > 0)
            core::require(control::set_forced_period(options.switching, o.forced_period),
                          "--discover.forced-period is given, and the preset's switch cannot be forced");
        core::require(o.boundary_weight == 0 && o.boundary_temperature == 0 && o.segment_length == 0,
                      "--discover.boundary-weight, .boundary-temperature and .segment-length are CompILE's, which the "
                      "preset is not");
        return options;
    }
    // How parameters begin. Values, so that descriptions of what is trained from there name them and their numbers.
    static constexpr AsDrawn initialisation{};
    static constexpr NarrowProposals meta_initialisation{};
};

/// The metacontroller that finds goals at laptop scale (docs/laptop-scale.md): it writes where the base model is
/// steerable, its gates are sampled, and its encoder sees events in their order: those of the residual stream
/// (control::StreamEvents, control::EndedBeliefs), or which colours are touched.
template <int Read, int Write, int Code, class Form, class Observer>
struct EventMetacontroller {
    template <class Base>
    using Meta =
        control::Metacontroller<Base, control::MetacontrollerShape{.read = Read, .write = Write, .code = Code}, Form,
                                control::GumbelSwitch, control::EveryStep, control::FutureGru<Base::width>, Observer>;
};

}  // namespace midstream::examples
