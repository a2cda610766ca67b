// A second level: codes over codes learn a task of twelve colours that first-level codes never solve. Level one comes
// trained (examples/zoo/gridworld-demo.safetensors); docs/how-to/two-levels.md walks through this and has the results.
//     second_level AGENT [seed] [share of all episodes and updates]
#include <cstdio>
#include <cstdlib>
#include <midstream/midstream.hpp>

#include "second_level/routines.hpp"

namespace midstream::examples {
using core::Random;

// Level one: a model of moves in a world of four colours, what steers it, and an environment whose actions are codes.
constexpr env::Pinpad small{.size = 5, .colours = 4, .walls = 1, .horizon = 100};
using World = env::GridworldPinpad<small, env::Relative>;
constexpr model::TransformerShape moves{
    .depth = 4, .width = 64, .heads = 4, .mlp = 256, .context = 50, .max_distance = 32, .slides = true};
using Base = model::Autoregressive<World::Observation, World::Action, model::Transformer<moves>, World::Target>;
using Meta = control::Metacontroller<Base, control::MetacontrollerShape{.read = 1, .write = 0, .code = 3},
                                     control::LowRank<16>, control::GumbelSwitch, control::EveryStep,
                                     control::FutureGru<64>, control::StreamEvents<64, 0, 12>>;
template <class Environment>
using PolicyOf =
    model::Autoregressive<typename Environment::Observation, typename Environment::Action,
                          model::Hawk<model::HawkShape{.depth = 1, .width = 64, .recurrent = 64, .mlp = 128}>>;
using Inner = rl::Internal<env::Batched<World>, Meta>;
using Policy = PolicyOf<Inner>;

// Level two: a model of codes, what steers that, and an environment whose actions are codes of codes.
constexpr model::TransformerShape codes{.depth = 2, .width = 64, .heads = 4, .mlp = 128, .max_distance = 32};
using Base2 = model::Autoregressive<Inner::Observation, Inner::Action, model::Transformer<codes>>;
using Meta2 = control::Metacontroller<Base2, control::MetacontrollerShape{.read = 1, .write = 0, .code = 3},
                                      control::LowRank<8>, control::GumbelSwitch, control::EveryStep,
                                      control::FutureGru<64>, control::RawActions<Inner::Action>>;
using Inner2 = rl::Internal<Inner, Meta2>;
using Policy2 = PolicyOf<Inner2>;

template <class Model>
using Learner = train::Learner<typename Model::template Parameters<float>, train::AdamW>;
const core::Serial one_thread;
constexpr int batch_size = 512;
/// Success of every batch of internal RL.
template <class Actor, class Environment>
std::vector<double> learn(const Environment& environment, Learner<Actor>& learner, double rate, int updates,
                          Random random) {
    rl::ClippedPolicyGradient<Environment, Actor, Learner<Actor>> algorithm(environment, learner, {batch_size, 4});
    std::vector<double> success;
    for (int i = 0; i < updates; ++i)
        success.push_back(algorithm.update(one_thread, rate * (1 - 1.0 * i / updates), random).success);
    return success;
}

int run(int argc, char** argv) {
    if (argc < 2) return std::puts("usage: second_level AGENT [seed] [share]"), 1;
    const auto trained = rl::load_agent<rl::TrainedAgent<Meta, Policy>>(argv[1]);
    const rl::Steered<Meta> level1(*trained.base, *trained.meta, trained.acting);
    const Random seed(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
    const double share = argc > 3 ? std::atof(argv[3]) : 1;
    const auto part = [&](int whole) { return 2 + static_cast<int>(whole * share); };

    // 1. Four first-level policies learn a routine each, at whose end alone there is a reward.
    std::vector<Learner<Policy>> learned(routines, {.optimiser = {.weight_decay = 0}});
    std::vector<rl::ModelActor<Policy>> actors;
    for (int r = 0; r < routines; ++r) {
        Policy::initialise(*learned[r].parameters, seed.fork(r));
        const env::Batched world{Practice<World>(practice(r))};
        const rl::Internal<env::Batched<Practice<World>>, Meta> inner(world, level1);
        std::printf("routine %d: success %.3f\n", r,
                    learn<Policy>(inner, learned[r], 2e-3, part(30), seed.fork(10 + r)).back());
        actors.emplace_back(*learned[r].parameters);
    }

    // 2. What they do in turn, in 31 tasks of four routines: behaviour, whose steps are codes.
    train::EpisodesOf<Base2, float> behaviour;
    const Inner busy(env::Batched{World(habits())}, level1);
    rl::record_decisions(busy, Habit<Inner, Policy>{rl::InTurn(actors)}, part(4000), seed.fork(20), behaviour,
                         {.only_successes = share == 1, .batch = batch_size});

    // 3. A model of that behaviour, and codes over codes that explain it.
    const auto report = [](auto step, const auto& sums) {
        if (step % 250 == 0) std::printf("update %d: %.3f nats a code\n", int(step), sums.action / sums.steps);
        return true;
    };
    Learner<Base2> base;
    Base2::initialise(*base.parameters, seed.fork(30));
    const int pretraining = part(1500), discovery = part(1000);
    train::pretrain<Base2>(one_thread, base, train::sampler(behaviour), {.steps = pretraining, .batch = 64},
                           train::LinearDecay{.from = 3e-3, .last = pretraining}, seed.fork(31), report);
    Learner<Meta2> meta;
    Meta2::initialise(*meta.parameters, seed.fork(32));
    const Meta2::Options pass{.signal = 0.75};
    const train::Ramp alpha{.from = 0, .to = 0.25, .first = discovery / 5, .last = discovery * 3 / 5};
    train::discover<Meta2>(
        one_thread, *base.parameters, meta, train::sampler(behaviour), {.steps = discovery, .batch = 64}, alpha,
        [&](auto) { return pass; }, train::WarmupLinearDecay{6e-3, discovery / 50, discovery}, seed.fork(33), report);
    const rl::Steered<Meta2> level2(*base.parameters, *meta.parameters, {.temperature = 0.5f, .gain = 1.5f});
    const auto inferred = analysis::infer(one_thread, level2, behaviour, seed.fork(34), pass);
    const auto match =
        analysis::alignment(inferred.gates.view(), behaviour.sequences(), behaviour.subgoals, {.tolerance = 0});
    std::printf("switch: precision %.2f, recall %.2f\n", match.precision, match.recall);

    // 4. Routines in an order that never was, with a reward at the end alone: for both levels, and the model of codes.
    const Inner task(env::Batched{World(env::TaskDistribution(then({}, unseen_order.span())))}, level1);
    Learner<Policy2> upper{.optimiser = {.weight_decay = 0}};
    Learner<Policy> lower{.optimiser = {.weight_decay = 0}};
    Learner<Base2> tuned{.optimiser = {.weight_decay = 0}};
    Policy2::initialise(*upper.parameters, seed.fork(40));
    Policy::initialise(*lower.parameters, seed.fork(41));
    *tuned.parameters = *base.parameters;
    const int updates = part(80);
    const auto second = learn<Policy2>(Inner2(task, level2), upper, 1e-3, updates, seed.fork(42));
    const auto first = learn<Policy>(task, lower, 1e-3, updates, seed.fork(43));
    const auto started = learn<Base2>(task, tuned, 1e-3, updates, seed.fork(44));
    std::puts("episodes  level two  level one  level one from the model of codes");
    for (int i = 0; i < updates; i += 10)
        std::printf("%8d  %9.3f  %9.3f  %9.3f\n", i * batch_size, second[i], first[i], started[i]);
    return 0;
}
}  // namespace midstream::examples
int main(int argc, char** argv) { return midstream::examples::run(argc, argv); }
