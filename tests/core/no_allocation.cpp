// Nothing on the heap in steady state: every allocation of the program is counted, operator new's, Eigen's and those of
// the shared libraries alike, since all of them end in the functions of the C library that this file stands in for.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "midstream/control/ended_beliefs.hpp"
#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"
#include "midstream/rl/internal.hpp"
#include "midstream/rl/learned_baseline.hpp"
#include "midstream/rl/path_collector.hpp"
#include "midstream/train/muon.hpp"
#include "midstream/train/stages.hpp"
#include "rl/toys.hpp"
#include "support/tiny_world.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

namespace {
std::atomic<long> allocation_count{0};
}

// Sanitizers stand there themselves, and other C libraries have no second names for these functions.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MIDSTREAM_SANITIZED
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(MIDSTREAM_SANITIZED)
constexpr bool counts = true;
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) noexcept {
    ++allocation_count;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
    ++allocation_count;
    return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
    ++allocation_count;
    return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    ++allocation_count;
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
    ++allocation_count;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}
}
#else
constexpr bool counts = false;
#endif

using namespace midstream;

BOOST_AUTO_TEST_CASE(the_counter_counts) {
    if (!counts) return;
    const auto count = [](auto&& work) {
        const long before = allocation_count;
        work();
        return allocation_count - before;
    };
    BOOST_TEST(count([] { core::Buffer<float, 4>().resize(10); }) == 1);
    BOOST_TEST(count([] { std::vector<int>(10); }) == 1);
    BOOST_TEST(count([] { Eigen::MatrixXd(10, 10).setZero(); }) == 1);
    BOOST_TEST(count([] {}) == 0);
}

// Large enough for Eigen's products to be blocked.
constexpr model::TransformerShape base_shape{
    .depth = 2, .width = 64, .heads = 4, .mlp = 256, .context = 41, .buckets = 16, .max_distance = 40};
using Base = model::Autoregressive<data::OneHots<9, 3>, data::Categories<4>, model::Transformer<base_shape>,
                                   data::Categories<5, 2>>;
using Meta = control::Metacontroller<Base, control::MetacontrollerShape{.read = 1, .write = 1}>;
/// Its encoder sees events of the residual stream.
using Watching = control::Metacontroller<Base, control::MetacontrollerShape{.read = 1, .write = 1},
                                         control::LowRank<16>, control::GumbelSwitch, control::EveryStep,
                                         control::FutureGru<64>, control::EndedBeliefs<64, 1, 2>>;
using Controllers = control::Supervised<Base, 1, 3>;

/// Sixteen episodes of up to 40 steps; as a source all of them, beginning with any, so that no batch is the largest.
struct Data {
    train::EpisodesOf<Base, float> episodes;
    Data() {
        std::vector<int> offsets{0};
        for (int i = 0; i < 16; ++i) offsets.push_back(offsets.back() + 25 + i);
        episodes = test::random_episodes<Base, float>(core::Random(1), offsets);
    }
    auto source() const {
        return [this](int count, core::Random random, auto& batch) {
            // Boost's checks are not for several threads.
            core::require(count == 16, "a shard was to have 16 episodes");
            const int first = random.below(count);
            for (int i = 0; i < count; ++i) train::append_episode(episodes, (first + i) % count, batch);
        };
    }
};
const Data dataset;
const auto frozen = test::random_model<Base, float>(core::Random(1), 0.05);

constexpr int warm_up = 3, steps = 6;

/// Runs `stage(policy, report)` of `steps` steps, and counts from the end of the warm-up.
template <class Stage>
void check_stage(Stage&& stage) {
    const auto run = [&](const auto& policy, const char* name) {
        long before = 0, after = 0;
        stage(policy, [&](std::int64_t step, const train::LossSums&) {
            if (step == warm_up) before = allocation_count;
            after = allocation_count;
            return true;
        });
        BOOST_TEST(after - before == 0,
                   name << ": " << after - before << " allocations in " << steps - warm_up << " steps");
    };
    run(core::Serial{}, "serial");
#ifdef _OPENMP
    run(core::OpenMP{2}, "OpenMP");
#endif
}

template <class Trained, class O>
auto learner_of(const O& optimiser) {
    train::Learner<typename Trained::template Parameters<float>, O> learner{.optimiser = optimiser, .shards = 2};
    Trained::initialise(*learner.parameters, core::Random(2));
    return learner;
}
constexpr train::Constant rate{1e-3};

BOOST_AUTO_TEST_CASE(pretraining) {
    const auto with = [](const auto& optimiser) {
        check_stage([&](const auto& policy, auto&& report) {
            auto learner = learner_of<Base>(optimiser);
            train::pretrain<Base>(policy, learner, dataset.source(), {.steps = steps, .batch = 32, .lambda = 0.1}, rate,
                                  core::Random(3), report);
        });
    };
    with(train::AdamW{});
    with(train::Muon<>{});
}
BOOST_AUTO_TEST_CASE(supervised_controllers) {
    check_stage([](const auto& policy, auto&& report) {
        auto learner = learner_of<Controllers>(train::AdamW{});
        train::supervise<Controllers>(policy, *frozen, learner, dataset.source(), {.steps = steps, .batch = 32}, rate,
                                      core::Random(3), report);
    });
}
BOOST_AUTO_TEST_CASE(discovery) {
    check_stage([](const auto& policy, auto&& report) {
        auto learner = learner_of<Meta>(train::AdamW{});
        train::discover<Meta>(
            policy, *frozen, learner, dataset.source(), {.steps = steps, .batch = 32}, train::Constant{0.1},
            [](std::int64_t) { return Meta::Options{}; }, rate, core::Random(3), report);
    });
    Watching::Options options;
    for (int kind = 0; kind < 2; ++kind) options.observer.beliefs.filter.values[65 * kind] = 1;
    options.observer.doubt.filter.values[2] = 1;  // fires every other step
    check_stage([&](const auto& policy, auto&& report) {
        auto learner = learner_of<Watching>(train::AdamW{});
        train::discover<Watching>(
            policy, *frozen, learner, dataset.source(), {.steps = steps, .batch = 32}, train::Constant{0.1},
            [&](std::int64_t) { return options; }, rate, core::Random(3), report);
    });
}

/// The same work again and again: allocations in the first round, none after the second.
template <class Work>
void check_rounds(const char* name, Work&& work) {
    for (int i = 0; i < 2; ++i) work();
    const long before = allocation_count;
    for (int i = 0; i < 3; ++i) work();
    BOOST_TEST(allocation_count - before == 0, name << ": " << allocation_count - before << " allocations in 3 rounds");
}

using World = env::Batched<test::Drift>;
using Inner = rl::Internal<World, Meta>;
constexpr model::HawkShape pilot_shape{.depth = 1, .width = 64, .recurrent = 64, .heads = 8, .taps = 4, .mlp = 128};
using Pilot = model::Autoregressive<Inner::Observation, Inner::Action, model::Hawk<pilot_shape>>;

/// At a learning rate of zero and after as many steps every update collects the same episodes.
template <class B, class Policy, class Parallel>
void check_policy_gradient(const char* name, const B& environment, const Parallel& parallel) {
    auto learner = learner_of<Policy>(train::AdamW{.weight_decay = 0});
    rl::ClippedPolicyGradient<B, Policy, decltype(learner)> policy_gradient(
        environment, learner, {.batch = 128, .epochs = 2, .minibatches = 2});
    check_rounds(name, [&] {
        learner.state.steps = 4;
        policy_gradient.update(parallel, 0, core::Random(5));
    });
}

BOOST_AUTO_TEST_CASE(reinforcement) {
    const auto meta = test::random_model<Meta, float>(core::Random(4), 0.1);
    const Inner inner(World(test::Drift{}), {*frozen, *meta});
    check_policy_gradient<Inner, Pilot>("internal RL", inner, core::Serial{});
    {
        auto learner = learner_of<Pilot>(train::AdamW{.weight_decay = 0});
        rl::PathCollector<World, Meta, Pilot> paths(World(test::Drift{}), {*frozen, *meta});
        rl::Pathwise<Pilot, Meta>::Tape<float> tape;
        const std::vector<float> advantages(128, 0.5f);
        check_rounds("raw actions, by the path through codes", [&] {
            paths.collect(*learner.parameters, 128, core::Random(5));
            learner.update(core::Serial{}, 0, [&](int, auto& gradient) {
                return rl::pathwise_surrogate<Pilot>(*learner.parameters, paths.frozen(), paths.episodes(),
                                                     paths.action_log_probabilities(), advantages, 0.2f, 0.01f, tape,
                                                     gradient);
            });
        });
    }
    check_policy_gradient<World, Base>("raw actions", World(test::Drift{}), core::Serial{});
#ifdef _OPENMP
    check_policy_gradient<Inner, Pilot>("internal RL, OpenMP", inner, core::OpenMP{2});
#endif
}

BOOST_AUTO_TEST_CASE(reinforcement_by_a_learned_baseline) {
    using Critic = model::Autoregressive<World::Observation, data::Continuous<1>, model::Hawk<test::policy_shape>>;
    auto learner = learner_of<Base>(train::AdamW{.weight_decay = 0});
    auto critic = learner_of<Critic>(train::AdamW{.weight_decay = 0});
    using Baseline = rl::LearnedBaseline<Critic, decltype(critic)>;
    rl::ClippedPolicyGradient<World, Base, decltype(learner), Baseline> policy_gradient(
        World(test::Drift{}), learner, {.batch = 128}, Baseline(critic));
    check_rounds("learned baseline", [&] {
        learner.state.steps = 4;
        policy_gradient.update(core::Serial{}, 0, core::Random(5));
    });
}

BOOST_AUTO_TEST_CASE(every_tick_of_an_internal_rollout) {
    const auto meta = test::random_model<Meta, float>(core::Random(4), 0.1);
    Inner inner(World(test::Drift{}), {*frozen, *meta});
    core::Buffer<float, Meta::code> codes;
    core::Buffer<float, Meta::width> observations;
    check_rounds("rollout", [&] {
        inner.reset(64, core::Random(6));
        while (!inner.awaiting().empty()) {
            const int count = static_cast<int>(inner.awaiting().size());
            inner.observe(observations.resize(count));
            inner.act(codes.zeros(count));
        }
    });
}

BOOST_AUTO_TEST_CASE(recording) {
    constexpr env::Pinpad world{.size = 5, .colours = 4, .walls = 1, .horizon = 40};
    using Gridworld = env::GridworldPinpad<world>;
    const Gridworld environment(env::TaskDistribution::transition_rule(4, 3));
    env::EpisodesOf<Gridworld> episodes;
    check_rounds("recording", [&] {
        episodes.clear();
        env::record(environment, env::ShortestPathExpert{}, 20, core::Random(7), episodes);
    });
}
