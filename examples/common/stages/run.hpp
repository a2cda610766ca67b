/// \file
/// What the stages of the paper's chain share: settings, folder, threads and random streams of a run, and
/// what earlier stages left. A preset names types (World, Base, Meta, Policy, View), tasks, experts and settings; see
/// common/preset.hpp.
///
/// Each stage is a function of a Run, in a file of its own beside this one; all.hpp has their order. Beside it stand
/// `about_...`, which describes all that shapes what the stage leaves, causes before effects, as it is the first
/// difference that is named where a checkpoint belongs to something else (midstream/core/describe.hpp), and what later
/// stages use of it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "common/files/run_folder.hpp"
#include "common/options/settings.hpp"
#include "midstream/control/observer.hpp"
#include "midstream/core/openmp.hpp"
#include "midstream/core/random.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/rl/agent_file.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/learner.hpp"
#include "midstream/train/schedule.hpp"

namespace midstream::examples {

/// Streams of random numbers.
enum class Stream : std::uint64_t {
    pretraining = 1,
    probing,
    steering,
    discovery,
    internal_rl,
    raw_rl,
    evaluation,
    recording,
    inspection,
    finding
};

/// What trains a model's parameters, the base model's in pretraining excepted.
template <class Model>
using AdamWLearner = train::Learner<typename Model::template Parameters<float>, train::AdamW>;
/// What pretrains the base model.
template <class P>
using BaseLearner = train::Learner<typename P::Base::template Parameters<float>, typename P::BaseOptimiser>;

/// Has the encoder an observer that is found in the residual stream, by the stage `components`?
template <class P>
inline constexpr bool finds_events = control::ObservesStream<typename P::Meta::Observer>;

template <class P>
using TrainedAgent = rl::TrainedAgent<typename P::Meta, typename P::Policy, typename P::View>;

/// Of whom a run has what it does not train itself (Settings::from): base model and metacontroller.
template <class P>
struct Given {
    std::string path, origin;  ///< where it is and, in its maker's words, how it was made
    std::string fingerprint;   ///< of the whole file
    TrainedAgent<P> agent;

    explicit Given(const std::string& file) : path(file) {
        const std::string contents = io::read_file(file);
        const io::SafetensorsReader reader(file, std::as_bytes(std::span(contents)));
        agent = rl::load_agent<TrainedAgent<P>>(reader);
        origin = io::origin(reader);
        if (origin.empty()) origin = "of unknown making";
        fingerprint = core::fingerprint(std::span<const char>(contents));
    }
};

/// A run of the preset P in a folder of its own.
template <class P>
struct Run {
    using World = typename P::World;
    using Batch = env::Batched<World>;
    using Episodes = typename P::Episodes;

    explicit Run(Settings s)
        : settings(std::move(s)),
          given(settings.from.empty() ? nullptr : std::make_unique<const Given<P>>(settings.from)),
          parallel{settings.threads},
          own(settings.output),
          folder(own.path()) {}

    Settings settings;
    std::unique_ptr<const Given<P>> given;  ///< null where everything is trained
    core::OpenMP parallel;
    RunFolder own;
    std::filesystem::path folder;

    /// What earlier stages left, each loaded once, by the function of its name: base_model(run).
    struct Loaded {
        std::array<std::unique_ptr<Episodes>, 2> data_set;  ///< by Data
        std::unique_ptr<BaseLearner<P>> base_model;
        std::unique_ptr<typename P::Meta::Observer> observer;
        std::unique_ptr<AdamWLearner<typename P::Meta>> metacontroller;
        /// The base model that acts, where discovery trained it as well.
        std::unique_ptr<core::Box<typename P::Base::template Parameters<float>>> co_trained;
    } loaded{};

    core::Random stream(Stream which) const {
        return core::Random(settings.seed).fork(static_cast<std::uint64_t>(which));
    }
    /// What stands for the training of base model and metacontroller where they were given.
    core::Description about_given() const {
        core::Description about{"given"};
        return about.set("file", given->fingerprint).set("origin", given->origin);
    }
    World pretraining_world() const { return World(P::pretraining_tasks()); }
    World unseen_world() const { return World(P::unseen_tasks()); }
    /// What internal and raw-action RL learn.
    World rl_world() const {
        return settings.rl_task == "unseen" ? unseen_world() : World(P::selection_tasks().value());
    }
    /// Has this preset tasks to choose gain and layer by that are not reported?
    static bool has_selection() { return P::selection_tasks().has_value(); }

    /// The learning rate of a stage with these settings over its steps.
    train::WarmupLinearDecay rate(const auto& o) const {
        if (settings.constant_rates) return {o.learning_rate, 0, o.steps, o.learning_rate};
        return {o.learning_rate, o.steps / 50, o.steps};
    }
};

}  // namespace midstream::examples
