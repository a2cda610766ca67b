// How fast rl::Ppo learns the usual task of the ant (env::AntRun), to compare with other implementations' PPO on the
// same machine: docs/ant.md has RLtools' beside it. One thread, unless OMP_NUM_THREADS says more.
//
//     bench.ant_learning [seed] [millions of steps]
//
// The algorithm's settings are those by which `ant expert` learns to walk (examples/ant/expert_settings.hpp), without
// entropy.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "midstream/core/openmp.hpp"
#include "midstream/env/ant/run.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/rl/actor_critic.hpp"
#include "midstream/rl/ppo.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/schedule.hpp"

using namespace midstream;

namespace {
using World = env::AntRun<>;
using Agent = rl::ActorCritic<World::Observation, World::Action, rl::ActorCriticShape{.width = 64, .layers = 2}>;
using Trainee = rl::PpoTrainee<Agent, train::AdamW>;
constexpr rl::PpoOptions options{
    .instances = 64, .steps = 32, .epochs = 6, .minibatches = 8, .divergence_limit = 0.015, .era = 1 << 30};
// A critic learns small numbers sooner.
constexpr float scale = 0.02f;
constexpr env::AntRunPay scaled{.forward = scale, .standing = scale, .effort = 0.5f * scale};

/// The mean return of ten episodes, always the same ones, by the means of the actions.
double evaluate(const Trainee& trainee, core::Random random) {
    constexpr int episodes = 10;
    env::Batched<World> batch{World{}};
    batch.reset(episodes, random);
    const auto normalise = rl::Normaliser<World::Observation::width>::of(trainee.moments, options.observation_limit);
    core::Buffer<float, World::Observation::width> seen, normalised;
    core::Buffer<float, World::Action::width> torques;
    Agent::Acting::Tape<float> tape;
    while (!batch.awaiting().empty()) {
        const int count = static_cast<int>(batch.awaiting().size());
        const auto rows = normalised.resize(count);
        batch.observe(seen.resize(count));
        for (int i = 0; i < count; ++i) normalise(seen.view().row(i), rows.row(i));
        Agent::Acting::forward(trainee.learner.parameters->actor, std::as_const(normalised).view(), tape);
        torques.resize(count);
        for (int i = 0; i < count; ++i)
            Agent::Acting::Distribution::mode(tape.distribution.view().row(i), torques.view().row(i));
        batch.act(std::as_const(torques).view());
    }
    double sum = 0;
    for (const float total : batch.returns()) sum += total;
    return sum / episodes;
}
}  // namespace

int main(int argc, char** argv) {
    const auto seed = static_cast<std::uint64_t>(argc > 1 ? std::atoll(argv[1]) : 1);
    const double millions = argc > 2 ? std::atof(argv[2]) : 2;
    const int threads = std::getenv("OMP_NUM_THREADS") ? 0 : 1;
    const std::int64_t steps_each = options.instances * options.steps;
    const auto updates = static_cast<std::int64_t>(millions * 1e6) / steps_each;
    if (updates < 1) {
        std::fprintf(stderr, "usage: %s [seed] [millions of steps, at least %.4f]\n", argv[0], 1e-6 * steps_each);
        return 1;
    }
    Trainee trainee{.learner = {.optimiser = {.epsilon = 1e-5, .weight_decay = 0}, .shards = 2}};
    Agent::initialise(*trainee.learner.parameters, core::Random(seed).fork(0), 0.5);
    rl::Ppo<World, Trainee> ppo(World(scaled), trainee, options);
    const train::LinearDecay rate{.from = 5e-4, .to = 1e-5, .last = updates};
    const auto start = std::chrono::steady_clock::now();
    // Evaluation counts: RLtools' program evaluates as often and as long.
    std::printf("      steps   seconds  CPU seconds  return of sampled episodes  return by means\n");
    double sum = 0, episodes = 0;
    for (std::int64_t update = 1; update <= updates; ++update) {
        const auto report = ppo.update(core::OpenMP{threads}, rate(trainee.steps()), core::Random(seed).fork(1));
        sum += report.mean_return * report.episodes / scale;
        episodes += report.episodes;
        if (update * steps_each / 100'000 == (update - 1) * steps_each / 100'000 && update != updates) continue;
        const double mean = evaluate(trainee, core::Random(seed).fork(2));
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        std::printf("%11lld %9.0f %12.0f %27.0f %16.0f\n", static_cast<long long>(update * steps_each), elapsed.count(),
                    static_cast<double>(std::clock()) / CLOCKS_PER_SEC, episodes > 0 ? sum / episodes : 0.0, mean);
        std::fflush(stdout);
        sum = episodes = 0;
    }
}
