/// \file
/// The worlds, models and settings of the ant example, by name. To make an experiment of your own, copy a preset and
/// change a type or a number.
#pragma once

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "common/preset.hpp"
#include "midstream/control/ended_beliefs.hpp"
#include "midstream/env/ant/compass.hpp"
#include "midstream/env/ant/gait.hpp"
#include "midstream/train/muon.hpp"

namespace midstream::examples::ant {

template <model::HawkShape Shape, class World>
using HawkOn = model::Autoregressive<typename World::Observation, typename World::Action, model::Hawk<Shape>,
                                     typename World::Target>;

/// What all presets share: the paper's world and tasks, a Hawk on it, a metacontroller in it, a policy over codes, and
/// an expert. `Ant` is an AntPinpad; `MetaOf<Base>` the metacontroller; `PolicyWidth` that of the policy. An
/// `ExpertType` says with `noise` by how much its torques are disturbed.
template <class Ant, model::HawkShape Shape, template <class Base> class MetaOf, int PolicyWidth,
          class ExpertType = env::AntGait>
struct AntPreset : ChainPreset<Ant, HawkOn<Shape, Ant>, MetaOf<HawkOn<Shape, Ant>>, PolicyWidth> {
    static constexpr env::AntWorld ant_world = Ant::ant_world;
    static constexpr env::Pinpad pinpad = ant_world.grid;
    static constexpr int subgoals = 4;
    using World = typename AntPreset::World;
    using Meta = typename AntPreset::Meta;

    static std::string world_name() {
        return fmt::format("ant {}, cells of {} m, observation of {} numbers", env::to_string(pinpad), ant_world.cell,
                           World::Observation::width);
    }
    /// Adds where the torso is to a GridPicture (report/rollout_pictures.hpp).
    static void add_position(const World& world, auto& picture) {
        const auto torso = world.torso();
        picture.places.push_back(
            {torso[0] / ant_world.cell + pinpad.size / 2.0, pinpad.size / 2.0 - torso[1] / ant_world.cell});
    }
    static env::TaskDistribution pretraining_tasks() { return env::TaskDistribution::ant_pretraining(); }
    static env::TaskDistribution unseen_tasks() { return env::TaskDistribution::ant_posttraining(); }
    static std::vector<std::pair<int, int>> unseen_transitions() { return {{0, 1}, {1, 2}, {2, 3}}; }
    static std::optional<env::TaskDistribution> selection_tasks() { return last_unseen_transition(); }
    static ExpertType expert(double noise) { return {.noise = noise}; }
};

/// What the presets for a laptop share: a compass to see by, and a base model trained by Muon, which learns to look up
/// the way to the colour it is after, as AdamW did not within the same time (docs/ant.md).
template <env::AntWorld AntWorld, model::HawkShape Shape>
struct Laptop
    : AntPreset<
          env::AntPinpad<AntWorld, env::AntCompass>, Shape,
          EventMetacontroller<1, 0, 3, control::LowRank<16>, control::EndedBeliefs<Shape.width, 1, 8>>::template Meta,
          64> {
    using View = rl::Normaliser<Laptop::Base::width>;
    using BaseOptimiser = train::Muon<>;
    static BaseOptimiser base_optimiser(const Settings::Pretrain& o) {
        return {.weight_decay = o.weight_decay, .adamw = {.beta2 = o.beta2, .weight_decay = o.weight_decay}};
    }
};

/// The paper's tasks with a small model, on a grid of small cells.
struct Demo : Laptop<env::AntWorld{.cell = 0.8},
                     model::HawkShape{.depth = 4, .width = 64, .recurrent = 64, .heads = 4, .mlp = 256}> {
    static constexpr const char* name = "demo";
    static Settings settings() {
        Settings s;
        s.gain = 3;
        // Without noise in D* controllers would narrow the density of the actions, at no end, rather than steer
        // (docs/ant.md).
        s.record = {.episodes = 12'000, .clean_episodes = 6000, .clean_noise = 0.1};
        // What will be in a second tells what the ant is after; what will be in an instant does not. At a rate of 2e-2
        // some base models do not follow every colour.
        s.pretrain = {
            .steps = 24'000, .batch = 16, .learning_rate = 1e-2, .lambda = 0.2, .ahead = 20, .expert_noise = 0.1};
        s.probe = {.steps = 300, .batch = 32, .evaluation = 300};
        s.steer = {.steps = 300, .batch = 32, .learning_rate = 2e-2, .temperature = 0.5, .episodes = 300};
        // A code is worth many nats here, so it may hold more of them than in the gridworld, and a switch may cost
        // more. At a rate of 1e-2 gates may close before codes mean anything.
        s.discover = {.steps = 6000,
                      .batch = 32,
                      .learning_rate = 2.5e-3,
                      .alpha = 0.3,
                      .alpha_from = 0.3,
                      .alpha_until = 0.7,
                      .signal = 0.96,
                      .refine_steps = 2500};
        s.codes = {.count = 32, .episodes = 32};
        s.inspect = {.episodes = 300, .step = 30};
        // Entropy keeps policies from settling on the first codes that ever succeeded.
        s.internal = {.episodes = 150'000,
                      .batch = 1024,
                      .learning_rate = 2e-3,
                      .entropy_weight = 0.05,
                      .beta2 = 0.95,
                      .temperature = 0.5};
        s.raw = {.episodes = 150'000, .batch = 1024, .learning_rate = 3e-4, .beta2 = 0.95};
        return s;
    }
};

/// The paper's world and tasks with a larger model and more of everything.
struct Full
    : Laptop<env::AntWorld{}, model::HawkShape{.depth = 4, .width = 96, .recurrent = 96, .heads = 4, .mlp = 384}> {
    static constexpr const char* name = "full";
    static Settings settings() {
        Settings s = Demo::settings();
        s.steer.steps = 600;
        s.discover.steps = 8000;
        s.internal.episodes = s.raw.episodes = 400'000;
        return s;
    }
};

/// The paper's metacontroller in all its parts.
template <class Base>
using PaperMeta =
    control::Metacontroller<Base, control::MetacontrollerShape{.read = 4, .write = 4}, control::FullLinear>;

/// The paper's sizes and hyperparameters (Tables A5, A10, A14). Months on a laptop: here to be read, and to be run
/// where there is time.
struct Paper : AntPreset<env::AntPinpad<>, model::HawkShape{}, PaperMeta, 256> {
    static constexpr const char* name = "paper";
    static constexpr AsDrawn meta_initialisation{};
    static Settings settings() {
        Settings s;
        s.constant_rates = true;
        s.pretrain = {
            .steps = 204'800, .batch = 512, .learning_rate = 3e-4, .lambda = 10, .beta2 = 0.999, .expert_noise = 0.1};
        s.probe = {.steps = 8000, .batch = 512, .learning_rate = 1e-3};
        s.steer = {.steps = 3200, .batch = 256, .learning_rate = 3e-4};
        s.discover = {
            .steps = 32'000, .batch = 128, .learning_rate = 3e-4, .alpha = 0.17, .alpha_start = 0.17, .beta2 = 0.999};
        s.inspect = {.episodes = 1000, .step = 30};
        s.internal = {.episodes = 51'200 * 256, .batch = 256, .epochs = 1, .learning_rate = 3e-5};
        s.raw = {.episodes = 51'200 * 256, .batch = 256, .epochs = 1, .learning_rate = 3e-5};
        return s;
    }
};

// See examples::Preset.
int run_demo(const std::string& stage, Settings settings);
int run_full(const std::string& stage, Settings settings);
int run_paper(const std::string& stage, Settings settings);
// See examples::Command.
int run_expert(std::span<const std::string> arguments);

}  // namespace midstream::examples::ant
