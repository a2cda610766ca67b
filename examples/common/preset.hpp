/// \file
/// What presets of any world share. A preset names types (World, Base, Meta, Policy), tasks, experts and settings.
#pragma once

#include <fmt/format.h>

#include "common/settings.hpp"
#include "midstream/analysis/first_reached.hpp"
#include "midstream/control/metacontroller.hpp"
#include "midstream/env/environment.hpp"
#include "midstream/model/hawk.hpp"
#include "midstream/rl/standard_view.hpp"
#include "midstream/train/adamw.hpp"

namespace midstream::examples {

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
    using View = rl::AsItIs<Base::width>;
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

    static typename Meta::Options pass_options(const Settings::Discover& o) {
        // Of gates that are sampled the paper weights the divergence by the gate (its rate-distortion curves), of soft
        // ones not.
        return {.divergence_weighted_by_gate = std::is_same_v<typename Meta::Switching, control::GumbelSwitch>,
                .signal = o.signal};
    }
    static std::string meta_architecture() {
        return fmt::format("metacontroller reads {} writes {} code {} history {}", Meta::read, Meta::write, Meta::code,
                           Meta::history);
    }
    static void initialise(typename Base::template Parameters<float>& parameters, core::Random random) {
        Base::initialise(parameters, random);
    }
    static void initialise_meta(typename Meta::template Parameters<float>& parameters, core::Random random) {
        Meta::initialise(parameters, random);
        // Proposals start narrow: wide ones are noise to the decoder, and the divergence keeps them wide.
        for (int i = 0; i < Meta::code; ++i) parameters.encoder.second.bias.values[Meta::code + i] = -4;
    }
};

/// The metacontroller that finds goals at laptop scale (docs/laptop-scale.md): it writes where the base model is
/// steerable, its gates are sampled, and its encoder sees events in their order: those of the residual stream
/// (control::StreamEvents), or which colours are touched.
template <int Read, int Write, int Code, class Form, class Sight>
struct Touching {
    template <class Base>
    using Meta =
        control::Metacontroller<Base, control::MetacontrollerShape{.read = Read, .write = Write, .code = Code}, Form,
                                control::GumbelSwitch, control::EveryStep, control::FutureGru<Base::width>, Sight>;
};

}  // namespace midstream::examples
