#include "midstream/rl/clipped_policy_gradient.hpp"

#include <algorithm>
#include <cstring>

#include "io/files.hpp"
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

/// Random observations, actions and advantages, with log-probabilities at the time of acting set by `old_ratio(row)`,
/// the ratio of the policy's present density to that.
template <class Space>
struct Surrogate {
    using Policy = model::Autoregressive<data::Dense<3>, Space, model::Hawk<test::policy_shape>>;
    static constexpr double clip = 0.2;
    core::Sequences sequences{test::ragged_offsets};
    std::vector<double> observations, old, advantages;
    std::vector<typename Space::template Element<double>> actions;
    core::Box<typename Policy::template Parameters<double>> parameters =
        test::random_model<Policy, double>(core::Random(1), 0.2);
    core::Box<typename Policy::template Parameters<double>> gradient;
    typename Policy::template Tape<double> tape;

    explicit Surrogate(const std::vector<double>& ratios) {
        core::Random random(2);
        for (int row = 0; row < sequences.rows(); ++row) {
            for (int i = 0; i < 3; ++i) observations.push_back(random.normal());
            for (int i = 0; i < Space::width; ++i) {
                if constexpr (std::is_integral_v<typename Space::template Element<double>>)
                    actions.push_back(static_cast<std::int16_t>(random.below(3)));
                else
                    actions.push_back(random.normal());
            }
        }
        for (int s = 0; s < sequences.count(); ++s) advantages.push_back(s % 2 == 0 ? 1.3 : -0.7);
        Policy::forward(*parameters, sequences, {observations.data(), sequences.rows()}, tape);
        for (int row = 0; row < sequences.rows(); ++row)
            old.push_back(Policy::Distribution::log_probability(tape.action.view().row(row), action(row)) -
                          std::log(ratios[static_cast<std::size_t>(row) % ratios.size()]));
    }
    const auto* action(int row) const { return actions.data() + row * Space::width; }
    template <class Gradient>
    rl::SurrogateSums run(Gradient&& to, double weight = 1, double entropy_weight = 0) {
        return rl::surrogate<Policy, double>(*parameters, sequences, {observations.data(), sequences.rows()},
                                             {actions.data(), sequences.rows()}, old, advantages, clip, weight, tape,
                                             to, entropy_weight);
    }
    /// Of all rows, by the tape of the last run.
    double entropy() const {
        double sum = 0;
        for (int row = 0; row < sequences.rows(); ++row)
            sum += Policy::Distribution::entropy(tape.action.view().row(row));
        return sum;
    }
};
using Gaussian = data::Continuous<2>;
using Categorical = data::Categories<3>;

template <class Space>
void check_surrogate(const std::vector<double>& ratios, double entropy_weight = 0) {
    Surrogate<Space> s(ratios);
    const auto sums = s.run(*s.gradient, 0.4, entropy_weight);
    double expected = 0, clipped = 0;
    for (int episode = 0; episode < s.sequences.count(); ++episode)
        for (int row = s.sequences.first(episode); row < s.sequences.first(episode + 1); ++row) {
            const double a = s.advantages[static_cast<std::size_t>(episode)],
                         r = ratios[static_cast<std::size_t>(row) % ratios.size()];
            expected += std::min(r * a, std::clamp(r, 0.8, 1.2) * a);
            clipped += std::clamp(r, 0.8, 1.2) * a < r * a;
        }
    BOOST_TEST(sums.surrogate == expected, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(sums.clipped == clipped);
    BOOST_TEST(sums.decisions == 16);
    test::check_gradient(
        "surrogate", core::flat<double>(*s.parameters), core::flat<double>(*s.gradient),
        [&] {
            const double surrogate = s.run(core::Frozen{}).surrogate;
            return -0.4 * (surrogate + entropy_weight * s.entropy());
        },
        150);
}

BOOST_AUTO_TEST_CASE(gradient_inside_the_clip_range) {
    check_surrogate<Gaussian>({1.0, 0.9, 1.1});
    check_surrogate<Categorical>({1.0, 0.9, 1.1});
}
BOOST_AUTO_TEST_CASE(gradient_inside_and_outside_the_clip_range) {
    check_surrogate<Gaussian>({1.0, 0.5, 1.7, 0.9, 1.1});
    check_surrogate<Categorical>({1.0, 0.5, 1.7, 0.9, 1.1});
}

BOOST_AUTO_TEST_CASE(gradient_with_entropy) {
    check_surrogate<Gaussian>({1.0, 0.5, 1.7, 0.9, 1.1}, 0.3);
    check_surrogate<Categorical>({1.0, 0.5, 1.7, 0.9, 1.1}, 0.3);
}

BOOST_AUTO_TEST_CASE(without_a_change_of_policy_it_is_the_plain_policy_gradient) {
    Surrogate<Gaussian> s({1.0});
    const auto sums = s.run(*s.gradient);
    BOOST_TEST(sums.clipped == 0);
    BOOST_TEST(std::abs(sums.divergence) < 1e-9);
    core::Box<decltype(s)::Policy::Parameters<double>> plain;
    using Policy = decltype(s)::Policy;
    Policy::forward(*s.parameters, s.sequences, {s.observations.data(), 16}, s.tape);
    Policy::clear_gradients(s.tape);
    for (int episode = 0; episode < s.sequences.count(); ++episode)
        for (int row = s.sequences.first(episode); row < s.sequences.first(episode + 1); ++row)
            Policy::Distribution::log_probability(s.tape.action.view().row(row), s.action(row),
                                                  -s.advantages[static_cast<std::size_t>(episode)],
                                                  s.tape.action_gradient.view().row(row));
    Policy::backward(*s.parameters, s.sequences, {s.observations.data(), 16}, s.tape, *plain);
    const auto a = core::flat<double>(*s.gradient), b = core::flat<double>(*plain);
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::abs(a[i] - b[i]) < 1e-9);
}

/// A policy of two independent normals whose mean is its bias: the ratio of each dimension is known.
struct TwoDimensions {
    using Policy = Surrogate<Gaussian>::Policy;
    Surrogate<Gaussian> s{{1.0}};
    std::vector<double> ratios{0, 0};

    /// Moves the mean of dimension i so that every row's action has the ratio `ratio[i]` there, where all rows are
    /// alike.
    TwoDimensions(double first, double second) {
        auto& head = s.parameters->action_head;
        core::map(head.weight).setZero();
        core::map(head.bias).setZero();
        const double wanted[] = {first, second};
        for (int row = 0; row < 16; ++row)
            s.actions[static_cast<std::size_t>(2 * row)] = s.actions[static_cast<std::size_t>(2 * row) + 1] = 1;
        for (double& a : s.advantages) a = 1;
        Policy::forward(*s.parameters, s.sequences, {s.observations.data(), 16}, s.tape);
        for (int row = 0; row < 16; ++row)
            s.old[static_cast<std::size_t>(row)] =
                Policy::Distribution::log_probability(s.tape.action.view().row(row), s.action(row));
        // log ratio = ((1 - 0)^2 - (1 - mean)^2) / (2 variance).
        const double variance = std::exp(Policy::Distribution::log_variance(head.bias.values, 0));
        for (int i = 0; i < 2; ++i) head.bias.values[i] = 1 - std::sqrt(1 - 2 * variance * std::log(wanted[i]));
    }
};

BOOST_AUTO_TEST_CASE(the_ratio_is_of_the_joint_density) {
    // 1.15 in either dimension, 1.32 together: clipped, without gradient. Per dimension neither would be.
    TwoDimensions outside(1.15, 1.15);
    auto sums = outside.s.run(*outside.s.gradient);
    BOOST_TEST(sums.clipped == 16);
    BOOST_TEST(sums.surrogate == 16 * 1.2, boost::test_tools::tolerance(1e-9));
    for (const double g : core::flat<double>(*outside.s.gradient)) BOOST_TEST(g == 0);
    // 1.5 and 0.7, 1.05 together: not clipped, with the gradient of both. Per dimension the first would be.
    TwoDimensions inside(1.4, 0.75);
    sums = inside.s.run(*inside.s.gradient);
    BOOST_TEST(sums.clipped == 0);
    BOOST_TEST(sums.surrogate == 16 * 1.05, boost::test_tools::tolerance(1e-9));
    for (int i = 0; i < 2; ++i) BOOST_TEST(std::abs(inside.s.gradient->action_head.bias.values[i]) > 0.1);
}

/// Trains until the share of successes of a batch passes 0.95.
template <class Environment>
void check_solves(int updates, double rate, rl::ClippedPolicyGradientOptions options) {
    using World = env::Batched<Environment>;
    using Policy = test::PolicyFor<World>;
    auto learner = learner_of<Policy>(1);
    rl::ClippedPolicyGradient<World, Policy, Learner<Policy>> policy_gradient(World(Environment{}), learner, options);
    const double before = policy_gradient.collect(core::Serial{}, core::Random(8)).success;
    double best = before;
    for (int i = 0; i < updates && best <= 0.95; ++i)
        best =
            policy_gradient.update(core::Serial{}, rate, core::Random(7).fork(static_cast<std::uint64_t>(i))).success;
    BOOST_TEST(before < 0.7);
    BOOST_TEST(best > 0.95);
    BOOST_TEST(policy_gradient.collect(core::Serial{}, core::Random(9)).success > 0.9);
}
BOOST_AUTO_TEST_CASE(solves_a_bandit) { check_solves<test::Bandit>(60, 0.02, {.batch = 64}); }
BOOST_AUTO_TEST_CASE(solves_a_continuous_bandit) { check_solves<test::Quadrant>(150, 0.02, {.batch = 128}); }
BOOST_AUTO_TEST_CASE(solves_a_corridor_that_needs_memory) {
    check_solves<test::Corridor>(150, 0.01, {.batch = 128, .epochs = 2, .minibatches = 2});
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
    for (const float entropy_weight : {0.0f, 0.1f}) {
        auto learner = learner_of<DriftPolicy>(1, 1);
        const auto start = learner.parameters;
        DriftPolicyGradient policy_gradient(DriftWorld({}), learner, {.batch = 1});
        policy_gradient.update(core::Serial{}, 0.01, core::Random(1), entropy_weight);
        const auto before = core::flat<float>(*start);
        const auto after = core::flat<float>(*learner.parameters);
        BOOST_TEST(std::equal(before.begin(), before.end(), after.begin()) == (entropy_weight == 0));
    }
    auto learner = learner_of<DriftPolicy>(1);
    DriftPolicyGradient policy_gradient(DriftWorld({}), learner);
    BOOST_CHECK_THROW(policy_gradient.update(core::Serial{}, 0.01, core::Random(1), -1), core::Error);
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

template <class Parallel>
std::vector<float> after_five_updates(const Parallel& parallel) {
    auto learner = learner_of<DriftPolicy>(1, 3);
    DriftPolicyGradient policy_gradient(DriftWorld({}), learner, {.batch = 16, .epochs = 1, .minibatches = 1});
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
