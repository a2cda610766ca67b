// From an environment of our own to internal RL; see docs/tutorial.md. `tutorial 2` is seed 2, `tutorial 1 0.01` does
// 1%.
#include <cstdio>
#include <midstream/midstream.hpp>
namespace ms = midstream;
using ms::core::Random;

/// A hall in the shape of a cross, with a door at the end of each arm. Doors are to be opened in an order that nobody
/// tells the agent. Behind the right door it is in the middle of the hall again, whose doors have changed places; the
/// wrong door ends the episode. In pretraining no door c is followed by itself or by c + 1. The unseen task is 0-1-2-3,
/// of which only the end is rewarded.
struct Hall {
    static constexpr int doors = 4, arm = 3, rounds = 4, horizon = 24;
    using Observation = ms::data::Dense<3 * doors>;
    using Action = ms::data::Categories<4>;  // left, right, down, up
    static constexpr std::array<int, 4> dx{-1, 1, 0, 0}, dy{0, 0, -1, 1};
    bool unseen = false;
    Random random{};
    std::array<int, rounds> order{};
    std::array<int, doors> side{};  ///< of each door: the action that leads there
    int x = 0, y = 0, done = 0, opened = -1, steps = 0;
    void reset(Random stream) {
        *this = {.unseen = unseen, .random = stream};
        for (int i = 0; i < rounds; ++i)
            order[i] = unseen ? i : i == 0 ? random.below(doors) : (order[i - 1] + 2 + random.below(doors - 2)) % doors;
        enter();
    }
    void enter() {
        x = y = 0;
        std::iota(side.begin(), side.end(), 0);
        for (int i = doors - 1; i > 0; --i) std::swap(side[i], side[random.below(i + 1)]);
    }
    /// For every door: how far to the right and up it is, and whether it has just been opened.
    void observe(float* row) const {
        for (int i = 0; i < doors; ++i) {
            row[3 * i] = static_cast<float>(arm * dx[side[i]] - x) / arm;
            row[3 * i + 1] = static_cast<float>(arm * dy[side[i]] - y) / arm;
            row[3 * i + 2] = i == opened;
        }
    }
    ms::env::Transition step(const std::int16_t* action) {
        const int to_x = x + dx[*action], to_y = y + dy[*action];
        if (to_x == 0 || to_y == 0) x = to_x, y = to_y;
        opened = -1;
        for (int i = 0; i < doors; ++i)
            if (x == arm * dx[side[i]] && y == arm * dy[side[i]]) opened = i;
        if (++steps == horizon || opened < 0) return {0, steps == horizon};
        if (opened != order[done]) return {0, true};
        enter();
        return {++done == rounds ? 1.0f : 0.0f, done == rounds};
    }
    int subgoal() const { return order[std::min(done, rounds - 1)]; }  ///< for measuring alone
};
struct Expert {
    std::array<std::int16_t, 1> act(const Hall& world, Random&) const {
        return {static_cast<std::int16_t>(world.side[world.subgoal()])};
    }
};

// The sequence model, what steers it, and the policy over codes.
constexpr int channels = 32;
constexpr ms::model::TransformerShape shape{.depth = 2, .width = channels, .mlp = 64, .context = Hall::horizon};
using Base = ms::model::Autoregressive<Hall::Observation, Hall::Action, ms::model::Transformer<shape>>;
using Events = ms::control::StreamEvents<channels, 0, 8>;
using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 0, .code = 3},
                                         ms::control::LowRank<8>, ms::control::GumbelSwitch, ms::control::EveryStep,
                                         ms::control::FutureGru<channels>, Events>;
using World = ms::env::Batched<Hall>;
using Inner = ms::rl::Internal<World, Meta>;
using Policy = ms::model::Autoregressive<
    Inner::Observation, Inner::Action,
    ms::model::Hawk<ms::model::HawkShape{.depth = 1, .width = 32, .recurrent = 32, .heads = 4, .mlp = 64}>>;

template <class Model>
using Learner = ms::train::Learner<typename Model::template Parameters<float>, ms::train::AdamW>;
const ms::core::Serial one_thread;

/// Learns by updates on 512 episodes each, and returns the success before and after.
template <class Actor, class Environment>
std::pair<double, double> learn(const Environment& environment, Learner<Actor>& learner, double rate, int updates,
                                Random random) {
    ms::rl::ClippedPolicyGradient<Environment, Actor, Learner<Actor>> algorithm(environment, learner,
                                                                                {.batch = 512, .epochs = 4});
    const double first = algorithm.collect(one_thread, random.fork(updates)).success;
    for (int i = 0; i < updates; ++i) algorithm.update(one_thread, rate * (1 - 1.0 * i / updates), random);
    return {first, algorithm.collect(one_thread, random.fork(updates + 1)).success};
}

int main(int argc, char** argv) {
    const Random seed(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1);
    const auto steps = [&](int whole) { return 2 + static_cast<int>(whole * (argc > 2 ? std::atof(argv[2]) : 1)); };
    const auto report = [](auto step, const auto& sums) {
        if (step % 500 == 0)
            std::printf("update %d: action loss %.3f nats a step\n", int(step), sums.action / sums.steps);
        return true;
    };
    const auto expert = ms::train::recorder(Hall{}, Expert{});

    // 1. A model of what the expert does next. It is told no goals.
    Learner<Base> base;
    Base::initialise(*base.parameters, seed.fork(1));
    const int pretraining = steps(1000);
    ms::train::pretrain<Base>(one_thread, base, expert, {.steps = pretraining, .batch = 64},
                              ms::train::LinearDecay{.from = 3e-3, .last = pretraining}, seed.fork(2), report);

    // 2. Events: components of its residual stream at whose firing it no longer knows what comes next.
    ms::env::EpisodesOf<Hall> episodes;
    expert(1000, seed.fork(3), episodes);
    const auto events = ms::train::find_events<Events, Base>(*base.parameters, episodes, seed.fork(4));

    // 3. Abstract actions, the model frozen: codes that explain what it does, and a switch that changes them rarely.
    Learner<Meta> meta;
    Meta::initialise(*meta.parameters, seed.fork(5));
    const Meta::Options pass{.signal = 0.9, .observer = events.observer};
    const int discovery = steps(1500);
    const ms::train::Ramp alpha{.from = 0, .to = 0.1, .first = 0, .last = discovery * 3 / 5};
    ms::train::discover<Meta>(
        one_thread, *base.parameters, meta, expert, {.steps = discovery, .batch = 64}, alpha,
        [&](auto) { return pass; }, ms::train::WarmupLinearDecay{1e-2, discovery / 50, discovery}, seed.fork(6),
        report);

    // 4. What the switch and the codes are worth: do switches fall on changes of the goal, and does a code taken from
    // one hall lead to the same door in another?
    const ms::rl::Steered<Meta> steered(*base.parameters, *meta.parameters, {.temperature = 0.5f, .gain = 1.5f});
    const auto inferred = ms::analysis::infer(one_thread, steered, episodes, seed.fork(8), pass);
    const auto match = ms::analysis::alignment(inferred.gates.view(), episodes.sequences(), episodes.subgoals);
    const ms::analysis::Goals opened{Hall::doors, [](const Hall& world) { return world.opened; }};
    const ms::rl::Steered<Meta> held(*base.parameters, *meta.parameters, {.gain = steered.acting.gain});
    const auto moved = ms::analysis::transplant(one_thread, World(Hall{}), held, opened, episodes, seed.fork(9), pass);

    // 5. Internal RL: the unseen task, by codes instead of moves; and by moves.
    const World unseen(Hall{.unseen = true});
    Learner<Policy> policy{.optimiser = {.beta2 = 0.99, .weight_decay = 0}};
    Policy::initialise(*policy.parameters, seed.fork(10));
    const Inner inner(unseen, steered);
    const auto internal = learn<Policy>(inner, policy, 1e-3, steps(60), seed.fork(11));
    Learner<Base> raw{.optimiser = {.beta2 = 0.99, .weight_decay = 0}};
    *raw.parameters = *base.parameters;
    const auto by_moves = learn<Base>(unseen, raw, 3e-4, steps(60), seed.fork(12));

    std::printf("events found                       %d, of %d doors\n", events.kinds, Hall::doors);
    std::printf("switch: precision, recall          %.2f, %.2f   by chance %.2f, %.2f\n", match.precision, match.recall,
                match.chance_precision, match.chance_recall);
    std::printf("a code leads to its door elsewhere %.2f         by chance %.2f\n", moved.reached, moved.chance);
    std::printf("unseen task, internal RL           %.2f         random codes %.3f\n", internal.second, internal.first);
    std::printf("unseen task, raw-action RL         %.2f         the model alone %.3f\n", by_moves.second,
                by_moves.first);
}
