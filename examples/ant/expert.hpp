/// \file
/// The ant's expert by PPO (paper section 3.2): trained on the pretraining tasks with the guide in sight, then measured on
/// those and on the unseen task. docs/ant.md has the recipe and what it came to.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ctime>

#include "common/run.hpp"
#include "common/table.hpp"
#include "midstream/core/openmp.hpp"
#include "midstream/env/ant_rider.hpp"
#include "midstream/env/record.hpp"
#include "midstream/rl/actor_expert.hpp"
#include "midstream/rl/ppo.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/schedule.hpp"

namespace midstream::examples::ant {

struct ExpertSettings {
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: as many as OpenMP has
    int shards = 4;   ///< part of the run: another number gives other bits
    std::string output = "runs/ant-expert";
    double checkpoint_seconds = 20;
    std::int64_t updates = 4096;
    double learning_rate = 1e-3;        ///< falls on a straight line ...
    double last_learning_rate = 1e-5;   ///< ... to this
    double deviation = 0.5;             ///< of the torques at first
    env::AntWage wage{.progress = 0.05f, .effort = 0.01f};
    rl::PpoOptions ppo{};
    int episodes = 600;  ///< of each evaluation
};

/// Declares what shapes the training as options of `app`, named as in "--expert.updates". Seed, threads, output folder and
/// the time between checkpoints are the program's.
inline void add_expert_options(CLI::App& app, ExpertSettings& s) {
    const auto add = [&](const std::string& name, auto& value, double low, double high, const std::string& help) {
        app.add_option("--expert." + name, value, help)->check(CLI::Range(low, high))->capture_default_str();
    };
    add("shards", s.shards, 1, 64, "pieces that instances are split into; changes results in the last bits");
    add("updates", s.updates, 1, 1e9, "updates");
    add("learning-rate", s.learning_rate, 1e-8, 1, "learning rate at first");
    add("last-learning-rate", s.last_learning_rate, 0, 1, "learning rate in the end");
    add("deviation", s.deviation, 0.01, 3, "standard deviation of the torques at first");
    add("progress", s.wage.progress, 0, 1e3, "reward for a metre a second along the guide's way");
    add("effort", s.wage.effort, 0, 1e3, "taken off the reward for the torques' mean square");
    add("instances", s.ppo.instances, 1, 1e5, "ants side by side");
    add("steps", s.ppo.steps, 1, 1e5, "steps of each ant for an update");
    add("epochs", s.ppo.epochs, 1, 1000, "passes over these steps");
    add("minibatches", s.ppo.minibatches, 1, 1000, "gradient steps per pass");
    add("discount", s.ppo.advantages.discount, 0, 1, "discount of rewards");
    add("lambda", s.ppo.advantages.lambda, 0, 1, "decay of generalised advantages");
    add("clip", s.ppo.clip, 0.001, 1, "clipping of the density ratio");
    add("value-weight", s.ppo.value_weight, 0, 1e3, "weight of the critic's loss");
    add("entropy", s.ppo.entropy_weight, 0, 10, "weight of the entropy");
    add("divergence-limit", s.ppo.divergence_limit, 0, 100, "nats at which the passes over a batch end; 0: never");
    add("observation-limit", s.ppo.observation_limit, 1, 1000, "largest normalised observation");
    add("era", s.ppo.era, 1, 1e6, "updates between which checkpoints may be made");
    add("episodes", s.episodes, 1, 1e7, "evaluation episodes");
}

/// What an expert did in some episodes.
struct ExpertScore {
    int episodes = 0, successes = 0, truncated = 0, fallen = 0;
    double steps = 0;    ///< of the successes, in all
    int longest = 0;     ///< of the successes
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

template <class View = env::AntRider, rl::ActorCriticShape Shape = rl::ActorCriticShape{.width = 64, .layers = 2}, env::AntWorld World = env::AntWorld{}>
struct Expert {
    using Ant = env::AntPinpad<World>;
    using Guided = env::GuidedAntPinpad<World, View>;
    using Agent = rl::ActorCritic<typename Guided::Observation, typename Guided::Action, Shape>;
    using Trainee = rl::PpoTrainee<Agent, train::AdamW>;
    /// Acts on the plain ant: what data are recorded by.
    using Acting = rl::ActorExpert<typename Agent::Acting, Guided>;

    static std::string architecture() {
        return fmt::format("ant expert: actor of {} layers of {}, observation of {}", Shape.layers, Shape.width, Guided::Observation::width);
    }
    static std::string description(const ExpertSettings& s) {
        const auto& p = s.ppo;
        return fmt::format(
            "{}; seed {}; shards {}; updates {} learning rate {} to {} deviation {} progress {} effort {} instances {} steps {} epochs {} minibatches {} discount {} lambda {} "
            "clip {} value weight {} entropy {} divergence limit {} observation limit {} era {}",
            architecture(), s.seed, s.shards, s.updates, s.learning_rate, s.last_learning_rate, s.deviation, s.wage.progress, s.wage.effort, p.instances, p.steps, p.epochs,
            p.minibatches, p.advantages.discount, p.advantages.lambda, p.clip, p.value_weight, p.entropy_weight, p.divergence_limit, p.observation_limit, p.era);
    }
    static Acting load(const std::filesystem::path& path, float temperature = 1) { return Acting::load(path, architecture(), temperature); }

    /// The actor as it now stands.
    static Acting acting(const Trainee& trainee, const ExpertSettings& s) {
        core::Box<typename Acting::Trained> trained;
        trained->actor = trainee.learner.parameters->actor;
        trained->normaliser = trainee.moments.normaliser(s.ppo.observation_limit);
        return Acting(std::move(trained));
    }

    template <class AnyExpert>
    static ExpertScore evaluate(const AnyExpert& expert, const env::TaskDistribution& tasks, int episodes, core::Random random, int threads) {
        constexpr int shards = 16;
        std::array<ExpertScore, shards> scores;
        core::OpenMP{threads}.for_each(shards, [&](int shard) {
            Ant ant(tasks);
            ExpertScore& score = scores[static_cast<std::size_t>(shard)];
            for (int i = shard; i < episodes; i += shards) {
                const float total = env::play(ant, expert, random.fork(static_cast<std::uint64_t>(i)), [&](const Ant&, const float* torques) {
                    for (int k = 0; k < Ant::Action::width; ++k) score.saturated += std::abs(torques[k]) > 1, ++score.torques;
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
        io::CsvWriter csv(std::filesystem::path(s.output) / "expert-success.csv", {"unseen", "temperature", "episodes", "success", "out_of_time", "fallen", "length", "longest", "saturated"});
        Table table{.header = {"tasks", "actions", "episodes", "success", "out of time", "fallen", "length", "longest", "saturated"}};
        for (const bool unseen : {false, true})
            for (const float temperature : {1.0f, 0.0f}) {
                const auto tasks = unseen ? env::TaskDistribution::ant_posttraining() : env::TaskDistribution::ant_pretraining();
                const auto score = evaluate(expert.at(temperature), tasks, s.episodes, core::Random(s.seed).fork(unseen ? 11 : 10), s.threads);
                const double all = score.episodes, truncated = score.truncated / all, fallen = score.fallen / all, saturated = score.saturated / score.torques;
                csv.row({unseen ? 1.0 : 0.0, temperature, all, score.success(), truncated, fallen, score.length(), static_cast<double>(score.longest), saturated});
                const auto share = [](double value) { return fmt::format("{:.3f}", value); };
                table.rows.push_back({unseen ? "unseen" : "pretraining", temperature > 0 ? "sampled" : "mean", fmt::format("{}", score.episodes), share(score.success()),
                                      share(truncated), share(fallen), fmt::format("{:.0f}", score.length()), fmt::format("{}", score.longest), share(saturated)});
            }
        print(table);
    }

    /// Trains, or goes on where a checkpoint stands, and leaves `expert-weights.safetensors` in the output folder.
    static void train(const ExpertSettings& s) {
        const std::filesystem::path folder = s.output;
        std::filesystem::create_directories(folder);
        Trainee trainee{.learner = {.optimiser = {.epsilon = 1e-5, .weight_decay = 0}, .shards = s.shards}};
        Agent::initialise(*trainee.learner.parameters, core::Random(s.seed).fork(0), s.deviation);
        Stage<Trainee> stage(folder, "expert", description(s), trainee, s.updates,
                             {"cpu_seconds", "steps", "reward", "return", "success", "out_of_time", "length", "deviation", "clipped", "divergence", "explained", "epochs"},
                             s.checkpoint_seconds, "steps", static_cast<double>(s.ppo.instances) * s.ppo.steps);
        const auto before = io::read_csv(folder / "expert.csv").column("cpu_seconds");
        const double cpu_before = before.empty() ? 0 : before.back();
        rl::Ppo<Guided, Trainee> ppo(Guided(Ant(env::TaskDistribution::ant_pretraining()), s.wage), trainee, s.ppo);
        const train::LinearDecay rate{.from = s.learning_rate, .to = s.last_learning_rate, .last = s.updates};
        rl::PpoReport era;
        double updates = 0;
        while (!stage.finished()) {
            const auto report = ppo.update(core::OpenMP{s.threads}, rate(trainee.steps()), core::Random(s.seed).fork(1));
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
            for (const float raw : trainee.learner.parameters->actor.spread.values) deviation += std::exp(0.5 * raw) / Guided::Action::width;
            const double success = era.success / episodes, length = era.length / episodes, reward = era.reward / updates;
            stage.record({cpu_before + static_cast<double>(std::clock()) / CLOCKS_PER_SEC, static_cast<double>(trainee.steps()) * s.ppo.instances * s.ppo.steps, reward,
                          era.mean_return / episodes, success, era.truncated / episodes, length, deviation, era.sums.clipped / era.sums.decisions,
                          era.sums.divergence / era.sums.decisions, era.explained / updates, era.epochs / updates});
            stage.tick([&] { return fmt::format("reward {:.4f}  success {:.3f}  length {:.0f}", reward, success, length); });
            era = {};
            updates = 0;
        }
        const Acting expert = acting(trainee, s);
        expert.save(folder / "expert-weights.safetensors", architecture());
        report(expert, s);
    }
};

}  // namespace midstream::examples::ant
