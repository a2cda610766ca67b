#include "midstream/rl/clipped_policy_gradient.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "io/files.hpp"
#include "midstream/rl/learned_baseline.hpp"
#include "midstream/train/adamw.hpp"
#include "rl/toys.hpp"
#include "support/tiny_world.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;

template <class Policy>
using Learner = train::Learner<typename Policy::template Parameters<float>, train::AdamW>;

template <class Policy>
Learner<Policy> learner_of(int seed, int shards = 2) {
    Learner<Policy> learner{.optimiser = {.weight_decay = 0}, .shards = shards};
    Policy::initialise(*learner.parameters, core::Random(static_cast<std::uint64_t>(seed)));
    return learner;
}

/// Trains until the share of successes of a batch passes 0.95.
template <class Streams, class Environment, class Advantage>
void check_solves_by(Environment, Streams streams, Advantage advantage, int updates, double rate,
                     rl::ClippedPolicyGradientOptions options) {
    using World = env::Batched<Environment, Streams>;
    using Policy = test::PolicyFor<World>;
    auto learner = learner_of<Policy>(1);
    rl::ClippedPolicyGradient<World, Policy, Learner<Policy>, Advantage> policy_gradient(World(Environment{}, streams),
                                                                                         learner, options, advantage);
    const double before = policy_gradient.collect(core::Serial{}, core::Random(8)).success;
    double best = before;
    int i = 0;
    for (; i < updates && best <= 0.95; ++i)
        best =
            policy_gradient.update(core::Serial{}, rate, core::Random(7).fork(static_cast<std::uint64_t>(i))).success;
    BOOST_TEST_MESSAGE("success " << best << " after " << i << " updates");
    BOOST_TEST(before < 0.7);
    BOOST_TEST(best > 0.95);
    BOOST_TEST(policy_gradient.collect(core::Serial{}, core::Random(9)).success > 0.9);
}
template <class Environment>
void check_solves(int updates, double rate, rl::ClippedPolicyGradientOptions options) {
    check_solves_by(Environment{}, env::StreamPerInstance{}, rl::BatchNormalised{}, updates, rate, options);
}
BOOST_AUTO_TEST_CASE(solves_a_bandit) { check_solves<test::Bandit>(60, 0.02, {.batch = 64}); }
BOOST_AUTO_TEST_CASE(solves_a_continuous_bandit) { check_solves<test::Quadrant>(150, 0.02, {.batch = 128}); }
constexpr rl::ClippedPolicyGradientOptions corridor{.batch = 128, .epochs = 2, .minibatches = 2};
BOOST_AUTO_TEST_CASE(solves_a_corridor_that_needs_memory) { check_solves<test::Corridor>(150, 0.01, corridor); }
BOOST_AUTO_TEST_CASE(solves_it_by_leaving_one_out) {
    check_solves_by(test::Corridor{}, env::StreamPerInstance{}, rl::LeaveOneOut{}, 150, 0.01, corridor);
}
BOOST_AUTO_TEST_CASE(solves_it_in_groups) {
    check_solves_by(test::Corridor{}, env::StreamPerGroup{8}, rl::Grouped<>{.group = 8}, 150, 0.01, corridor);
    check_solves_by(test::Corridor{}, env::StreamPerGroup{4}, rl::Grouped<rl::LeaveOneOut>{.group = 4}, 150, 0.01,
                    corridor);
}
/// What a policy's critic is: the same blocks, and one number.
template <class B>
using CriticFor = model::Autoregressive<typename B::Observation, data::Continuous<1>, model::Hawk<test::policy_shape>>;
BOOST_AUTO_TEST_CASE(solves_it_by_a_learned_baseline) {
    using Critic = CriticFor<env::Batched<test::Corridor>>;
    auto critic = learner_of<Critic>(2);
    rl::LearnedBaseline<Critic, Learner<Critic>> baseline(critic, {.learning_rate = 0.01});
    check_solves_by(test::Corridor{}, env::StreamPerInstance{}, baseline, 150, 0.01, corridor);
}

using DriftWorld = env::Batched<test::Drift>;
using DriftPolicy = test::PolicyFor<DriftWorld>;
using DriftPolicyGradient = rl::ClippedPolicyGradient<DriftWorld, DriftPolicy, Learner<DriftPolicy>>;

BOOST_AUTO_TEST_CASE(the_report_counts_episodes_and_steps) {
    auto learner = learner_of<DriftPolicy>(1, 3);
    DriftPolicyGradient policy_gradient(DriftWorld({}), learner, {.batch = 10, .epochs = 2, .minibatches = 3});
    const auto report = policy_gradient.update(core::Serial{}, 0, core::Random(1));
    double rows = 0, sum = 0, positive = 0;
    int episodes = 0;
    for (int shard = 0; shard < 3; ++shard) {
        const auto& e = policy_gradient.collector(shard).episodes();
        episodes += e.count();
        rows += e.rows();
        for (const float r : e.returns) sum += r, positive += r > 0;
    }
    BOOST_TEST(episodes == 10);
    BOOST_TEST(report.mean_return == sum / 10, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(report.success == positive / 10, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(report.decisions == rows / 10, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(report.length == rows / 10, boost::test_tools::tolerance(1e-12));
    // Every decision once per epoch, whatever the minibatches.
    BOOST_TEST(report.sums.decisions == 2 * rows);
    BOOST_TEST(learner.steps() == 6);
}

BOOST_AUTO_TEST_CASE(entropy_counts_where_returns_say_nothing) {
    // The advantage of a batch of one is zero.
    for (const auto& bonus :
         {rl::EntropyBonus{}, rl::EntropyBonus{.weight = 0.1}, rl::EntropyBonus{.weight = 0.1, .below = -100}}) {
        auto learner = learner_of<DriftPolicy>(1, 1);
        const auto start = learner.parameters;
        DriftPolicyGradient policy_gradient(DriftWorld({}), learner, {.batch = 1});
        policy_gradient.update(core::Serial{}, 0.01, core::Random(1), bonus);
        const auto before = core::flat<float>(*start);
        const auto after = core::flat<float>(*learner.parameters);
        BOOST_TEST(std::equal(before.begin(), before.end(), after.begin()) == (bonus.weight == 0 || bonus.below < 0));
    }
    auto learner = learner_of<DriftPolicy>(1);
    DriftPolicyGradient policy_gradient(DriftWorld({}), learner);
    BOOST_CHECK_THROW(policy_gradient.update(core::Serial{}, 0.01, core::Random(1), {.weight = -1}), core::Error);
}

/// The plain sum of gradients, kept in the parameters: what the minibatches of an epoch add up to.
struct Accumulate {
    template <class P, class T>
    struct State {
        std::uint64_t steps = 0;
        static void visit(auto&, auto&&) {}
    };
    template <core::Parallelism Policy, class P, class T>
    void update(const Policy&, State<P, T>& state, P&, const P& gradient, double) const {
        ++state.steps;
        for (const T g : core::flat<T>(gradient)) total().push_back(g);
    }
    static std::vector<float>& total() {
        static std::vector<float> values;
        return values;
    }
};

BOOST_AUTO_TEST_CASE(minibatches_and_shards_split_the_mean_over_decisions) {
    using Recorder = train::Learner<DriftPolicy::Parameters<float>, Accumulate>;
    const auto gradients = [&](int minibatches, double& rows) {
        Recorder learner{.max_norm = 1e9, .shards = 2};
        DriftPolicy::initialise(*learner.parameters, core::Random(1));
        rl::ClippedPolicyGradient<DriftWorld, DriftPolicy, Recorder> policy_gradient(
            DriftWorld({}), learner, {.batch = 9, .minibatches = minibatches});
        Accumulate::total().clear();
        policy_gradient.update(core::Serial{}, 0, core::Random(2));
        // The mean of a minibatch is over its own decisions: weigh by them to get the sum.
        std::vector<double> sum(core::flat<float>(*learner.parameters).size(), 0.0);
        rows = 0;
        for (int m = 0; m < minibatches; ++m) {
            double part = 0;
            for (int shard = 0; shard < 2; ++shard) {
                const auto& e = policy_gradient.collector(shard).episodes();
                part += e.offsets[static_cast<std::size_t>(e.count() * (m + 1) / minibatches)] -
                        e.offsets[static_cast<std::size_t>(e.count() * m / minibatches)];
            }
            rows += part;
            for (std::size_t i = 0; i < sum.size(); ++i)
                sum[i] += part * static_cast<double>(Accumulate::total()[static_cast<std::size_t>(m) * sum.size() + i]);
        }
        return sum;
    };
    double rows_of_one = 0, rows_of_four = 0;
    const auto one = gradients(1, rows_of_one), four = gradients(4, rows_of_four);
    BOOST_TEST(rows_of_one == rows_of_four);
    double largest = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        BOOST_TEST(std::abs(one[i] - four[i]) < 1e-3 * std::max(1.0, std::abs(one[i])));
        largest = std::max(largest, std::abs(one[i]));
    }
    BOOST_TEST(largest > 0.1);
}

template <class Streams = env::StreamPerInstance, class Advantage = rl::BatchNormalised, class Parallel>
std::vector<float> after_five_updates(const Parallel& parallel, Advantage advantage = {}, Streams streams = {}) {
    using World = env::Batched<test::Drift, Streams>;
    auto learner = learner_of<DriftPolicy>(1, 3);
    rl::ClippedPolicyGradient<World, DriftPolicy, Learner<DriftPolicy>, Advantage> policy_gradient(
        World({}, streams), learner, {.batch = 16, .epochs = 1, .minibatches = 1}, std::move(advantage));
    for (std::uint64_t i = 0; i < 5; ++i) policy_gradient.update(parallel, 0.01, core::Random(4).fork(i));
    const auto values = core::flat<float>(*learner.parameters);
    return {values.begin(), values.end()};
}
void check_same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    BOOST_REQUIRE(a.size() == b.size());
    BOOST_TEST(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

BOOST_AUTO_TEST_CASE(the_same_bits_in_any_order_and_on_any_number_of_threads) {
    const auto expected = after_five_updates(core::Serial{});
    check_same_bits(expected, after_five_updates(core::Serial{}));
    check_same_bits(expected, after_five_updates(test::Backwards{}));
#ifdef _OPENMP
    for (const int threads : {1, 2, 3}) check_same_bits(expected, after_five_updates(core::OpenMP{threads}));
#endif
}

/// `updates(parallel)` comes to numbers.
void check_any_order(const auto& updates) {
    const std::vector<float> expected = updates(core::Serial{});
    check_same_bits(expected, updates(test::Backwards{}));
#ifdef _OPENMP
    for (const int threads : {1, 2, 3}) check_same_bits(expected, updates(core::OpenMP{threads}));
#endif
}
BOOST_AUTO_TEST_CASE(other_advantages_have_the_same_bits_in_any_order_too) {
    check_any_order([](const auto& parallel) { return after_five_updates(parallel, rl::LeaveOneOut{}); });
    check_any_order([](const auto& parallel) {
        return after_five_updates(parallel, rl::Grouped<>{.group = 4}, env::StreamPerGroup{4});
    });
    check_any_order([](const auto& parallel) {
        using Critic = CriticFor<DriftWorld>;
        auto critic = learner_of<Critic>(2, 3);
        auto values = after_five_updates<env::StreamPerInstance>(
            parallel, rl::LearnedBaseline<Critic, Learner<Critic>>(critic), env::StreamPerInstance{});
        const auto learned = core::flat<float>(*critic.parameters);
        values.insert(values.end(), learned.begin(), learned.end());
        return values;
    });
}

/// Advantages are what was earned from a decision on.
struct RewardsToGo {
    template <core::Parallelism Parallel, class Observation>
    void operator()(const Parallel& parallel, std::span<const rl::Decisions<Observation>> shards) const {
        core::for_shards(parallel, static_cast<int>(shards.size()), [&](int shard) {
            const auto& seen = shards[static_cast<std::size_t>(shard)];
            std::copy(seen.rewards_to_go.begin(), seen.rewards_to_go.end(), seen.advantages.begin());
        });
    }
};
BOOST_AUTO_TEST_CASE(a_rule_of_decisions_learns_of_each_by_itself) {
    // Drift pays at the end alone, so that all decisions of an episode have its return to go.
    const auto same = [](const auto& rule) {
        auto learner = learner_of<DriftPolicy>(1, 2);
        rl::ClippedPolicyGradient<DriftWorld, DriftPolicy, Learner<DriftPolicy>, std::remove_cvref_t<decltype(rule)>>
            policy_gradient(DriftWorld({}), learner, {.batch = 9, .minibatches = 2}, rule);
        policy_gradient.update(core::Serial{}, 0.01, core::Random(4));
        const auto values = core::flat<float>(*learner.parameters);
        return std::vector<float>(values.begin(), values.end());
    };
    struct Returns {
        void operator()(std::span<const float> returns, std::span<float> advantages) const {
            std::copy(returns.begin(), returns.end(), advantages.begin());
        }
    };
    check_same_bits(same(RewardsToGo{}), same(Returns{}));
}

BOOST_AUTO_TEST_CASE(groups_are_those_of_the_environment) {
    using Groups = env::Batched<test::Drift, env::StreamPerGroup>;
    auto learner = learner_of<DriftPolicy>(1, 3);
    const auto make = [&](auto streams, auto rule, int batch) {
        using World = env::Batched<test::Drift, decltype(streams)>;
        using Algorithm = rl::ClippedPolicyGradient<World, DriftPolicy, Learner<DriftPolicy>, decltype(rule)>;
        return Algorithm(World({}, streams), learner, {.batch = batch}, rule);
    };
    make(env::StreamPerGroup{4}, rl::BatchNormalised{}, 16);  // whatever the rule
    test::check_error("begin as many in the same world, and these begin 1: env::Batched<World, env::StreamPerGroup>",
                      [&] { make(env::StreamPerInstance{}, rl::Grouped<>{.group = 4}, 16); });
    test::check_error("advantages of groups of 4 episodes",
                      [&] { make(env::StreamPerGroup{2}, rl::Grouped<>{.group = 4}, 16); });
    test::check_error("batch is 18, valid are multiples of 4",
                      [&] { make(env::StreamPerGroup{4}, rl::Grouped<>{.group = 4}, 18); });
    test::check_error("from 12 on, a group for each shard",
                      [&] { make(env::StreamPerGroup{4}, rl::Grouped<>{.group = 4}, 8); });
    // Five groups on three shards: none is split.
    auto policy_gradient = make(env::StreamPerGroup{4}, rl::Grouped<>{.group = 4}, 20);
    policy_gradient.collect(core::Serial{}, core::Random(1));
    int actions_differ = 0;
    for (int shard = 0; shard < 3; ++shard) {
        const auto& e = policy_gradient.collector(shard).episodes();
        BOOST_TEST(e.count() == (shard < 2 ? 8 : 4));
        for (int i = 0; i < e.count(); ++i) {
            const int first = e.offsets[static_cast<std::size_t>(i)],
                      leader = e.offsets[static_cast<std::size_t>(i / 4 * 4)];
            for (int k = 0; k < 3; ++k)
                BOOST_TEST(e.observation_rows().row(first)[k] == e.observation_rows().row(leader)[k]);
            actions_differ += e.actions[static_cast<std::size_t>(first)] != e.actions[static_cast<std::size_t>(leader)];
        }
    }
    BOOST_TEST(actions_differ > 0);
    static_assert(env::BatchEnvironment<Groups>);
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
    auto learner = learner_of<DriftPolicy>(1, 4);
    const auto make = [&](rl::ClippedPolicyGradientOptions options) {
        DriftPolicyGradient(DriftWorld({}), learner, options);
    };
    BOOST_CHECK_THROW(make({.batch = 3}), core::Error);
    BOOST_CHECK_THROW(make({.batch = 8, .epochs = 0}), core::Error);
    BOOST_CHECK_THROW(make({.batch = 8, .minibatches = 3}), core::Error);
    BOOST_CHECK_THROW(make({.batch = 8, .clip = -0.1f}), core::Error);
    for (const int wrong : {0, -1}) {
        learner.shards = wrong;
        BOOST_CHECK_THROW(make({.batch = 8}), core::Error);
    }
}

BOOST_AUTO_TEST_CASE(learners_that_cannot_learn_are_refused) {
    Learner<DriftPolicy> blank{.shards = 2};
    DriftPolicyGradient policy_gradient(DriftWorld({}), blank, {.batch = 8});
    test::check_error("the parameters of the policy are all zero",
                      [&] { policy_gradient.update(core::Serial{}, 0.01, core::Random(1)); });
    DriftPolicy::initialise(*blank.parameters, core::Random(1));
    policy_gradient.update(core::Serial{}, 0.01, core::Random(1));
    blank.shards = 3;
    test::check_error("the number of shards of a learner does not change",
                      [&] { policy_gradient.update(core::Serial{}, 0.01, core::Random(1)); });
    test::check_error("batch is 2, valid is 3 (an episode for each shard)",
                      [&] { DriftPolicyGradient(DriftWorld({}), blank, {.batch = 2}); });
}
