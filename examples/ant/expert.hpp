/// \file
/// The ant's expert by PPO (C.1.1): trained on the pretraining tasks with the guide in view, then measured
/// on those and on the unseen task. docs/ant.md has the recipe and what it came to.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>

#include "ant/expert_score.hpp"
#include "ant/expert_settings.hpp"
#include "common/files/stage.hpp"
#include "midstream/core/describe.hpp"
#include "midstream/core/openmp.hpp"
#include "midstream/env/ant/rider.hpp"
#include "midstream/rl/actor_expert.hpp"
#include "midstream/rl/ppo.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/schedule.hpp"

namespace midstream::examples::ant {

/// Training by PPO, of an actor that sees by `View` in `World`.
template <class View = env::AntRider, rl::ActorCriticShape Shape = rl::ActorCriticShape{.width = 64, .layers = 2},
          env::AntWorld World = env::AntWorld{}>
struct Expert {
    using Ant = env::AntPinpad<World>;
    using Guided = env::GuidedAntPinpad<World, View>;
    using Agent = rl::ActorCritic<typename Guided::Observation, typename Guided::Action, Shape>;
    using Trainee = rl::PpoTrainee<Agent, train::AdamW>;
    /// Acts on the plain ant: what data are recorded by.
    using Acting = rl::ActorExpert<typename Agent::Acting, Guided>;

    /// What weights belong to: the actor and how it sees. They may act in other worlds than they were trained in.
    static std::string architecture() {
        core::Description about{"ant-expert"};
        return core::text(
            about.set("actor", std::type_identity<typename Agent::Acting>{}).set("view", std::type_identity<View>{}));
    }
    // What the checkpoint of each phase belongs to.
    static std::string walk_description(const ExpertSettings& s) { return core::text(about("walk", s, s.walk)); }
    static std::string arrive_description(const ExpertSettings& s) {
        return core::text(about("arrive", s, s.arrive).set("walked", about("walk", s, s.walk)));
    }
    static Acting load(const std::filesystem::path& path, float temperature = 1) {
        return Acting::load(path, architecture(), temperature);
    }

    /// The actor as it now stands.
    static Acting acting(const Trainee& trainee, const ExpertSettings& s) {
        core::Box<typename Acting::Trained> trained;
        trained->actor = trainee.learner.parameters->actor;
        trained->normaliser = trained->normaliser.of(trainee.moments, s.ppo.observation_limit);
        return Acting(std::move(trained));
    }

    /// Both phases, or what a checkpoint leaves to do of them; then the weights are in `expert-weights.safetensors` of
    /// the output folder, and the report beside them.
    static void train(const ExpertSettings& s) {
        const auto trainee_at = [&](const ExpertPhase& phase) {
            Trainee trainee{.learner = new_learner(s)};
            Agent::initialise(*trainee.learner.parameters, core::Random(s.seed).fork(0), phase.deviation);
            return trainee;
        };
        Trainee walking = trainee_at(s.walk);
        run("expert-walk", walk_description(s), walking, s, s.walk, core::Random(s.seed).fork(1));
        Trainee arriving = trainee_at(s.arrive);
        auto& actor = arriving.learner.parameters->actor;
        const auto spread = actor.spread;
        *arriving.learner.parameters = *walking.learner.parameters;
        for (int i = 0; i < Guided::Action::width; ++i)
            actor.spread.values[i] = std::min(actor.spread.values[i], spread.values[i]);
        arriving.moments = walking.moments;
        run("expert-arrive", arrive_description(s), arriving, s, s.arrive, core::Random(s.seed).fork(2));
        const Acting expert = acting(arriving, s);
        expert.save(std::filesystem::path(s.output) / "expert-weights.safetensors", architecture());
        report_expert<Ant>(expert, s);
    }

private:
    static typename Trainee::Learner new_learner(const ExpertSettings& s) {
        return {.optimiser = {.epsilon = 1e-5, .weight_decay = 0}, .shards = s.shards};
    }
    static Guided environment(const ExpertPhase& phase) {
        return Guided(Ant(env::TaskDistribution::ant_pretraining()), phase.reward_weights);
    }
    static rl::PpoOptions ppo_options(const ExpertSettings& s, const ExpertPhase& phase) {
        auto options = s.ppo;
        options.entropy_weight = phase.entropy_weight;
        options.divergence_limit = phase.divergence_limit;
        return options;
    }
    static core::Description about(const char* name, const ExpertSettings& s, const ExpertPhase& phase) {
        core::Description about{name};
        return about.set("seed", s.seed)
            .set("settings", phase)
            .set("ppo", ppo_options(s, phase))
            .set("environment", environment(phase))
            .set("agent", std::type_identity<Agent>{})
            .set("learner", new_learner(s));
    }
    static void run(const std::string& name, std::string phase_description, Trainee& trainee, const ExpertSettings& s,
                    const ExpertPhase& phase, core::Random random) {
        const std::filesystem::path folder = s.output;
        Stage<Trainee> stage(folder, name, std::move(phase_description), trainee, phase.updates,
                             {"cpu_seconds", "steps", "reward", "return", "success", "out_of_time", "length",
                              "deviation", "clipped", "divergence", "explained", "epochs"},
                             s.checkpoint_seconds, "steps", static_cast<double>(s.ppo.instances) * s.ppo.steps);
        const auto before = io::read_csv(folder / (name + ".csv")).column("cpu_seconds");
        const double cpu_before = (before.empty() ? 0 : before.back()) - cpu_seconds();
        rl::Ppo<Guided, Trainee> ppo(environment(phase), trainee, ppo_options(s, phase));
        const train::LinearDecay rate{
            .from = phase.learning_rate, .to = phase.last_learning_rate, .last = phase.updates};
        rl::PpoReport era;
        double updates = 0;
        while (!stage.finished()) {
            const auto report = ppo.update(core::OpenMP{s.threads}, rate(trainee.steps()), random);
            era.reward += report.reward;
            era.explained += report.explained;
            era.episodes += report.episodes;
            era.mean_return += report.mean_return * report.episodes;
            era.success += report.success * report.episodes;
            era.truncated += report.truncated * report.episodes;
            era.length += report.length * report.episodes;
            era.epochs += report.epochs;
            era.sums += report.sums;
            ++updates;
            if (trainee.updates % static_cast<std::uint64_t>(s.ppo.era) != 0 && !stage.finished()) continue;
            const double episodes = std::max(era.episodes, 1.0);
            double deviation = 0;
            for (const float raw : trainee.learner.parameters->actor.spread.values)
                deviation += std::exp(0.5 * raw) / Guided::Action::width;
            const double success = era.success / episodes, length = era.length / episodes,
                         reward = era.reward / updates;
            stage.record({cpu_before + cpu_seconds(),
                          static_cast<double>(trainee.steps()) * s.ppo.instances * s.ppo.steps, reward,
                          era.mean_return / episodes, success, era.truncated / episodes, length, deviation,
                          era.sums.clipped / era.sums.decisions, era.sums.divergence / era.sums.decisions,
                          era.explained / updates, era.epochs / updates});
            stage.tick(
                [&] { return fmt::format("reward {:.4f}  success {:.3f}  length {:.0f}", reward, success, length); });
            era = {};
            updates = 0;
        }
    }
    /// Of all threads of this program so far.
    static double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
};

}  // namespace midstream::examples::ant
