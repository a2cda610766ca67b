/// \file
/// The ant's expert by PPO (paper section 3.2): trained on the pretraining tasks with the guide in view, then measured
/// on those and on the unseen task. docs/ant.md has the recipe and what it came to.
#pragma once

#include <fmt/format.h>

#include <ctime>

#include "common/options.hpp"
#include "common/run.hpp"
#include "common/table.hpp"
#include "midstream/core/describe.hpp"
#include "midstream/core/openmp.hpp"
#include "midstream/env/ant/rider.hpp"
#include "midstream/env/record.hpp"
#include "midstream/rl/actor_expert.hpp"
#include "midstream/rl/ppo.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/schedule.hpp"

namespace midstream::examples::ant {

/// Training comes in two phases: first the ant learns to walk the way that the guide shows, then, with less noise and
/// at a price for failure, to arrive.
struct ExpertPhase {
    std::int64_t updates;
    double learning_rate;       ///< falls on a straight line ...
    double last_learning_rate;  ///< ... to this
    double deviation;           ///< of the torques at its beginning, at most
    env::AntRewardWeights reward_weights;
    float entropy_weight;
    double divergence_limit;

    static constexpr void describe(const auto& self, auto&& part) {
        part("updates", self.updates);
        part("learning_rate", self.learning_rate);
        part("last_learning_rate", self.last_learning_rate);
        part("deviation", self.deviation);
        part("reward_weights", self.reward_weights);
        part("entropy_weight", self.entropy_weight);
        part("divergence_limit", self.divergence_limit);
    }
};

struct ExpertSettings {
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: as many as OpenMP has
    int shards = 2;   ///< part of the run: another number gives other bits
    std::string output = "runs/ant-expert";
    double checkpoint_seconds = 20;
    /// What the phases share.
    rl::PpoOptions ppo{.instances = 64, .steps = 32, .epochs = 6, .minibatches = 8, .era = 20};
    ExpertPhase walk{.updates = 2000,
                     .learning_rate = 5e-4,
                     .last_learning_rate = 1e-5,
                     .deviation = 0.5,
                     .reward_weights = {.progress = 0.05f, .effort = 0.002f},
                     .entropy_weight = 0.001f,
                     .divergence_limit = 0.015};
    ExpertPhase arrive{.updates = 1100,
                       .learning_rate = 1.5e-4,
                       .last_learning_rate = 1e-5,
                       .deviation = 0.15,
                       .reward_weights = {.progress = 0.05f, .effort = 0.002f, .failure = 6},
                       .entropy_weight = 0,
                       .divergence_limit = 0.015};
    int episodes = 600;  ///< of each evaluation
};

/// Declares what shapes the training as options, named as in "--expert.walk.updates". Seed, threads, output folder and
/// the time between checkpoints are the program's.
inline void add_expert_options(Options& options, ExpertSettings& s) {
    const auto add = [&]<class T>(const std::string& name, T& value, double low, double high, const std::string& help) {
        options.number("expert." + name, value, static_cast<T>(low), static_cast<T>(high), help);
    };
    add("shards", s.shards, 1, 64, "pieces that instances are split into; changes results in the last bits");
    add("instances", s.ppo.instances, 1, 1e5, "ants side by side");
    add("steps", s.ppo.steps, 1, 1e5, "steps of each ant for an update");
    add("epochs", s.ppo.epochs, 1, 1000, "passes over these steps, at most");
    add("minibatches", s.ppo.minibatches, 1, 1000, "gradient steps per pass");
    add("discount", s.ppo.advantages.discount, 0, 1, "discount of rewards");
    add("lambda", s.ppo.advantages.lambda, 0, 1, "decay of generalised advantages");
    add("clip", s.ppo.clip, 0.001, 1, "clipping of the density ratio");
    add("value-weight", s.ppo.value_weight, 0, 1e3, "weight of the critic's loss");
    add("observation-limit", s.ppo.observation_limit, 1, 1000, "largest normalised observation");
    add("era", s.ppo.era, 1, 1e6, "updates between which checkpoints may be made");
    add("episodes", s.episodes, 1, 1e7, "evaluation episodes");
    const auto add_phase = [&](const std::string& phase, ExpertPhase& p) {
        add(phase + ".updates", p.updates, 1, 1e9, "updates");
        add(phase + ".learning-rate", p.learning_rate, 1e-8, 1, "learning rate at first");
        add(phase + ".last-learning-rate", p.last_learning_rate, 0, 1, "learning rate in the end");
        add(phase + ".deviation", p.deviation, 0.01, 3, "standard deviation of the torques at first, at most");
        add(phase + ".progress", p.reward_weights.progress, 0, 1e3,
            "reward for a metre a second along the guide's way");
        add(phase + ".effort", p.reward_weights.effort, 0, 1e3, "taken off the reward for the torques' mean square");
        add(phase + ".failure", p.reward_weights.failure, 0, 1e3, "taken off the reward for failing");
        add(phase + ".entropy", p.entropy_weight, 0, 10, "weight of the entropy");
        add(phase + ".divergence-limit", p.divergence_limit, 0, 100,
            "nats at which the passes over a batch end; 0: never");
    };
    add_phase("walk", s.walk);
    add_phase("arrive", s.arrive);
}

/// What an expert did in some episodes.
struct ExpertScore {
    int episodes = 0, successes = 0, truncated = 0, fallen = 0;
    double steps = 0;                   ///< of the successes, in all
    int longest = 0;                    ///< of the successes
    double saturated = 0, torques = 0;  ///< torques asked for beyond +-1, and torques
    double success() const { return static_cast<double>(successes) / episodes; }
    double length() const { return steps / std::max(successes, 1); }
    ExpertScore& operator+=(const ExpertScore& other) {
        episodes += other.episodes;
        successes += other.successes;
        truncated += other.truncated;
        fallen += other.fallen;
        steps += other.steps;
        longest = std::max(longest, other.longest);
        saturated += other.saturated;
        torques += other.torques;
        return *this;
    }
};

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
        trained->normaliser = trainee.moments.normaliser(s.ppo.observation_limit);
        return Acting(std::move(trained));
    }

    template <class AnyExpert>
    static ExpertScore evaluate(const AnyExpert& expert, const env::TaskDistribution& tasks, int episodes,
                                core::Random random, int threads) {
        constexpr int shards = 16;
        std::array<ExpertScore, shards> scores;
        core::OpenMP{threads}.for_each(shards, [&](int shard) {
            Ant ant(tasks);
            ExpertScore& score = scores[static_cast<std::size_t>(shard)];
            for (int i = shard; i < episodes; i += shards) {
                const float total = env::play(ant, expert, random.fork(static_cast<std::uint64_t>(i)),
                                              [&](const Ant&, const float* torques) {
                                                  for (int k = 0; k < Ant::Action::width; ++k)
                                                      score.saturated += std::abs(torques[k]) > 1, ++score.torques;
                                              });
                ++score.episodes;
                score.truncated += ant.truncated();
                score.fallen += ant.torso()[2] < Ant::lowest || ant.torso()[2] > Ant::highest;
                if (total <= 0) continue;
                ++score.successes;
                score.steps += ant.steps();
                score.longest = std::max(score.longest, ant.steps());
            }
        });
        for (int shard = 1; shard < shards; ++shard) scores[0] += scores[static_cast<std::size_t>(shard)];
        return scores[0];
    }

    /// Sampled and mean actions on both distributions of tasks, as a table and as `expert-success.csv`.
    static void report(const Acting& expert, const ExpertSettings& s) {
        std::vector<std::vector<double>> rows;
        Table table{.header = {"tasks", "actions", "episodes", "success", "out of time", "fallen", "length", "longest",
                               "saturated"}};
        for (const bool unseen : {false, true})
            for (const float temperature : {1.0f, 0.0f}) {
                const auto tasks =
                    unseen ? env::TaskDistribution::ant_posttraining() : env::TaskDistribution::ant_pretraining();
                const auto score = evaluate(expert.at(temperature), tasks, s.episodes,
                                            core::Random(s.seed).fork(unseen ? 11 : 10), s.threads);
                const double all = score.episodes, truncated = score.truncated / all, fallen = score.fallen / all,
                             saturated = score.saturated / score.torques;
                rows.push_back({unseen ? 1.0 : 0.0, temperature, all, score.success(), truncated, fallen,
                                score.length(), static_cast<double>(score.longest), saturated});
                const auto share = [](double value) { return fmt::format("{:.3f}", value); };
                table.rows.push_back({unseen ? "unseen" : "pretraining", temperature > 0 ? "sampled" : "mean",
                                      fmt::format("{}", score.episodes), share(score.success()), share(truncated),
                                      share(fallen), fmt::format("{:.0f}", score.length()),
                                      fmt::format("{}", score.longest), share(saturated)});
            }
        write_table(
            std::filesystem::path(s.output) / "expert-success.csv",
            {"unseen", "temperature", "episodes", "success", "out_of_time", "fallen", "length", "longest", "saturated"},
            rows);
        print(table);
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
        report(expert, s);
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
