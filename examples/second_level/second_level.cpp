// A second level: codes over codes learn a task of twelve colours that first-level codes never solve. Level one comes
// trained (examples/zoo/gridworld-demo.safetensors); docs/how-to/two-levels.md walks through this and has the results.
//     second_level AGENT [seed] [share of all episodes and updates]
#include <cstdio>
#include <cstdlib>
#include <midstream/midstream.hpp>

#include "second_level/routines.hpp"

namespace ms = midstream;
using namespace midstream::examples;
using ms::core::Random;

// Level one: a model of moves in a world of four colours, what steers it, and an environment whose actions are codes.
constexpr ms::env::Pinpad small{.size = 5, .colours = 4, .walls = 1, .horizon = 100};
using World = ms::env::GridworldPinpad<small, ms::env::Relative>;
constexpr ms::model::TransformerShape moves{
    .depth = 4, .width = 64, .heads = 4, .mlp = 256, .context = 50, .max_distance = 32, .slides = true};
using Base = ms::model::Autoregressive<World::Observation, World::Action, ms::model::Transformer<moves>, World::Target>;
using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 0, .code = 3},
                                         ms::control::LowRank<16>, ms::control::GumbelSwitch, ms::control::EveryStep,
                                         ms::control::FutureGru<64>, ms::control::StreamEvents<64, 0, 12>>;
template <class Environment>
using PolicyOf = ms::model::Autoregressive<
    typename Environment::Observation, typename Environment::Action,
    ms::model::Hawk<ms::model::HawkShape{.depth = 1, .width = 64, .recurrent = 64, .mlp = 128}>>;
using Inner = ms::rl::Internal<ms::env::Batched<World>, Meta>;
using Policy = PolicyOf<Inner>;

// Level two: a model of codes, what steers that, and an environment whose actions are codes of codes.
constexpr ms::model::TransformerShape codes{.depth = 2, .width = 64, .heads = 4, .mlp = 128, .max_distance = 32};
using Base2 = ms::model::Autoregressive<Inner::Observation, Inner::Action, ms::model::Transformer<codes>>;
using Meta2 = ms::control::Metacontroller<Base2, ms::control::MetacontrollerShape{.read = 1, .write = 0, .code = 3},
                                          ms::control::LowRank<8>, ms::control::GumbelSwitch, ms::control::EveryStep,
                                          ms::control::FutureGru<64>, ms::control::RawActions<Inner::Action>>;
using Inner2 = ms::rl::Internal<Inner, Meta2>;
using Policy2 = PolicyOf<Inner2>;

template <class Model>
using Learner = ms::train::Learner<typename Model::template Parameters<float>, ms::train::AdamW>;
const ms::core::Serial one_thread;
constexpr int batch = 512;

/// Success of every batch of internal RL.
template <class Actor, class Environment>
std::vector<double> learn(const Environment& environment, Learner<Actor>& learner, double rate, int updates,
                          Random random) {
    ms::rl::ClippedPolicyGradient<Environment, Actor, Learner<Actor>> algorithm(environment, learner, {batch, 4});
    std::vector<double> success;
    for (int i = 0; i < updates; ++i)
        success.push_back(algorithm.update(one_thread, rate * (1 - 1.0 * i / updates), random).success);
    return success;
}

int main(int argc, char** argv) {
    if (argc < 2) return std::puts("usage: second_level AGENT [seed] [share]"), 1;
    const auto trained = ms::rl::load_agent<ms::rl::TrainedAgent<Meta, Policy>>(argv[1]);
    const ms::rl::Steered<Meta> level1(*trained.base, *trained.meta, trained.acting);
    const Random seed(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
    const double share = argc > 3 ? std::atof(argv[3]) : 1;
    const auto part = [&](int whole) { return 2 + static_cast<int>(whole * share); };

    // 1. Four first-level policies learn a routine each, at whose end alone there is a reward.
    std::vector<Learner<Policy>> learned(routines, {.optimiser = {.weight_decay = 0}});
    std::vector<ms::rl::ModelActor<Policy>> actors;
    for (int r = 0; r < routines; ++r) {
        Policy::initialise(*learned[r].parameters, seed.fork(r));
        const ms::env::Batched world(Practice<World>(practice(r)));
        const ms::rl::Internal<ms::env::Batched<Practice<World>>, Meta> inner(world, level1);
        const auto success = learn<Policy>(inner, learned[r], 2e-3, part(30), seed.fork(10 + r));
        std::printf("routine %d: success %.3f\n", r, success.back());
        actors.emplace_back(*learned[r].parameters);
    }

    // 2. What they do in turn, in 31 tasks of four routines: behaviour, whose steps are codes.
    ms::train::EpisodesOf<Base2, float> behaviour;
    const Inner busy(ms::env::Batched(World(habits())), level1);
    ms::rl::record_decisions(busy, Habit<Inner, Policy>{ms::rl::InTurn(actors)}, part(4000), seed.fork(20), behaviour,
                             {.only_successes = share == 1, .batch = batch});

    // 3. A model of that behaviour, and codes over codes that explain it.
    const auto report = [](auto step, const auto& sums) {
        if (step % 250 == 0) std::printf("update %d: %.3f nats a code\n", int(step), sums.action / sums.steps);
        return true;
    };
    Learner<Base2> base;
    Base2::initialise(*base.parameters, seed.fork(30));
    const int pretraining = part(1500), discovery = part(1000);
    ms::train::pretrain<Base2>(one_thread, base, ms::train::sampler(behaviour), {.steps = pretraining, .batch = 64},
                               ms::train::LinearDecay{.from = 3e-3, .last = pretraining}, seed.fork(31), report);
    Learner<Meta2> meta;
    Meta2::initialise(*meta.parameters, seed.fork(32));
    const Meta2::Options pass{.signal = 0.75};
    const ms::train::Ramp alpha{.from = 0, .to = 0.25, .first = discovery / 5, .last = discovery * 3 / 5};
    ms::train::discover<Meta2>(
        one_thread, *base.parameters, meta, ms::train::sampler(behaviour), {.steps = discovery, .batch = 64}, alpha,
        [&](auto) { return pass; }, ms::train::WarmupLinearDecay{6e-3, discovery / 50, discovery}, seed.fork(33),
        report);
    const ms::rl::Steered<Meta2> level2(*base.parameters, *meta.parameters, {.temperature = 0.5f, .gain = 1.5f});
    const auto inferred = ms::analysis::infer(one_thread, level2, behaviour, seed.fork(34), pass);
    const auto match =
        ms::analysis::alignment(inferred.gates.view(), behaviour.sequences(), behaviour.subgoals, {.tolerance = 0});
    std::printf("switch: precision %.2f, recall %.2f\n", match.precision, match.recall);

    // 4. Routines in an order that never was, with a reward at the end alone: for both levels, and the model of codes.
    const Inner task(ms::env::Batched(World(ms::env::TaskDistribution(then({}, unseen_order.span())))), level1);
    Learner<Policy2> upper{.optimiser = {.weight_decay = 0}};
    Learner<Policy> lower{.optimiser = {.weight_decay = 0}};
    Learner<Base2> tuned{.optimiser = {.weight_decay = 0}};
    Policy2::initialise(*upper.parameters, seed.fork(40));
    Policy::initialise(*lower.parameters, seed.fork(41));
    *tuned.parameters = *base.parameters;
    const int updates = part(80);
    const auto second = learn<Policy2>(Inner2(task, level2), upper, 1e-3, updates, seed.fork(42));
    const auto first = learn<Policy>(task, lower, 1e-3, updates, seed.fork(43));
    const auto started = learn<Base2>(task, tuned, 3e-4, updates, seed.fork(44));
    std::puts("episodes  level two  level one  level one from the model of codes");
    for (int i = 0; i < updates; i += i + 10 < updates || i == updates - 1 ? 10 : updates - 1 - i)
        std::printf("%8d  %9.3f  %9.3f  %9.3f\n", i * batch, second[i], first[i], started[i]);
}
