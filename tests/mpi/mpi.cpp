// Started by CTest with 1, 2, 3 and 4 processes. Each compares with what it comes to on its own.
#include "midstream/core/mpi.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "midstream/rl/clipped_policy_gradient.hpp"
#include "midstream/rl/learned_baseline.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"
#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

struct Session {
    core::MpiSession session;
};
BOOST_TEST_GLOBAL_FIXTURE(Session);

constexpr auto small = test::tiny_meta(1, 2);
using Meta = control::Metacontroller<TinyModel, small, control::LowRank<2>>;
using World = env::Batched<test::Drift>;
using Policy = test::PolicyFor<World>;
template <class L>
using Learner = train::Learner<typename L::template Parameters<float>, train::AdamW>;

const auto dataset = test::random_episodes<TinyModel, float>(core::Random(3), {0, 5, 6, 13, 16, 25});
const auto base = test::random_model<TinyModel, float>(core::Random(1));
constexpr int shards = 5;

template <class L>
Learner<L> begin(std::uint64_t seed = 2) {
    Learner<L> learner{.shards = shards};
    L::initialise(*learner.parameters, core::Random(seed));
    return learner;
}

/// `train(policy, learner, told)` appends to `told` what it is told.
template <class L, class Train>
void check_same_bits(Train&& train) {
    const auto come_to = [&](const auto& policy) {
        auto learner = begin<L>();
        std::vector<double> told;
        train(policy, learner, told);
        const auto values = core::flat<float>(*learner.parameters);
        return std::pair(std::vector<float>(values.begin(), values.end()), told);
    };
    const auto [alone, told_alone] = come_to(core::Serial{});
    const auto [together, told_together] = come_to(core::Mpi{});
    BOOST_TEST(std::memcmp(alone.data(), together.data(), alone.size() * sizeof(float)) == 0);
    BOOST_TEST(!told_alone.empty());
    BOOST_TEST(told_alone == told_together, boost::test_tools::per_element());
}

constexpr train::Constant rate{0.01};
auto teller(std::vector<double>& told) {
    return [&told](std::int64_t, const train::LossSums& sums) {
        told.insert(told.end(), {sums.action, sums.target, sums.divergence, sums.steps, sums.episodes});
        return true;
    };
}

BOOST_AUTO_TEST_CASE(pretraining_has_the_same_bits_in_any_number_of_processes) {
    check_same_bits<TinyModel>([](const auto& policy, auto& learner, auto& told) {
        train::pretrain<TinyModel>(policy, learner, train::sampler(dataset), {.steps = 5, .batch = 7, .lambda = 0.1},
                                   rate, core::Random(4), teller(told));
    });
}

/// With means that are normalised over the whole batch, so that shards meet within an update.
BOOST_AUTO_TEST_CASE(discovery_has_the_same_bits_in_any_number_of_processes) {
    check_same_bits<Meta>([](const auto& policy, auto& learner, auto& told) {
        train::discover<Meta>(
            policy, *base, learner, train::sampler(dataset), {.steps = 5, .batch = 7}, train::Ramp{0, 0.1, 1, 4},
            [](std::int64_t) { return Meta::Options{.signal = 0.8}; }, rate, core::Random(4), teller(told));
    });
}

BOOST_AUTO_TEST_CASE(reinforcement_has_the_same_bits_in_any_number_of_processes) {
    check_same_bits<Policy>([](const auto& policy, auto& learner, auto& told) {
        rl::ClippedPolicyGradient<World, Policy, Learner<Policy>> algorithm(
            World({}), learner, {.batch = 23, .epochs = 2, .minibatches = 3});
        for (int i = 0; i < 4; ++i) {
            const auto report = algorithm.update(policy, 0.01, core::Random(4));
            told.insert(told.end(), {report.mean_return, report.success, report.decisions, report.length,
                                     report.sums.surrogate, report.sums.divergence});
        }
    });
}

/// Whose critic learns from shards that no process has all of.
BOOST_AUTO_TEST_CASE(a_learned_baseline_has_the_same_bits_in_any_number_of_processes) {
    using Critic = model::Autoregressive<World::Observation, data::Continuous<1>, model::Hawk<test::policy_shape>>;
    check_same_bits<Policy>([](const auto& policy, auto& learner, auto& told) {
        auto critic = begin<Critic>(3);
        using Baseline = rl::LearnedBaseline<Critic, Learner<Critic>>;
        rl::ClippedPolicyGradient<World, Policy, Learner<Policy>, Baseline> algorithm(World({}), learner, {.batch = 23},
                                                                                      Baseline(critic));
        for (int i = 0; i < 4; ++i) {
            algorithm.update(policy, 0.01, core::Random(4));
            told.push_back(algorithm.advantage().error());
        }
        const auto learned = core::flat<float>(*critic.parameters);
        told.insert(told.end(), learned.begin(), learned.end());
    });
}

BOOST_AUTO_TEST_CASE(sums_are_added_in_the_order_of_the_parts) {
    const core::Mpi mpi;
    constexpr std::size_t size = 300'001;  // several messages, the last of them short
    std::vector<std::vector<float>> numbers(shards);
    for (std::size_t s = 0; s < shards; ++s) {
        core::Random random(s);
        for (std::size_t i = 0; i < size; ++i) numbers[s].push_back(random.normal<float>());
    }
    std::vector<float> expected = numbers[0], sum(size);
    for (std::size_t s = 1; s < shards; ++s)
        for (std::size_t i = 0; i < size; ++i) expected[i] += numbers[s][i];
    for (int s = 0; s < shards; ++s)  // which are not read
        if (mpi.owner(s, shards) != mpi.rank()) std::ranges::fill(numbers[static_cast<std::size_t>(s)], 1e9f);
    std::vector<std::span<float>> parts(numbers.begin(), numbers.end());
    core::reduce(mpi, std::span<const std::span<float>>(parts), std::span(sum));
    BOOST_TEST((sum == expected));
    core::reduce(mpi, std::span<const std::span<float>>(parts), parts[0]);
    BOOST_TEST((numbers[0] == expected));
}

/// Which Error `f` throws, and that it is the same in all processes.
template <class F>
std::string error_of(F&& f) {
    std::string message;
    try {
        f();
    } catch (const core::Error& error) {
        message = error.what();
    }
    BOOST_TEST(!message.empty());
    BOOST_CHECK_NO_THROW(core::require_same(core::Mpi{}, std::span<const char>(message), "messages"));
    return message;
}

BOOST_AUTO_TEST_CASE(an_error_in_one_process_is_one_in_all) {
    const core::Mpi mpi;
    for (const int bad : {0, shards - 1}) {
        const auto message = error_of([&] {
            core::for_shards(mpi, shards, [&](int shard) {
                core::require(shard != bad, [&] { return "shard " + std::to_string(shard) + " is bad"; });
            });
        });
        const std::string expected = "in process " + std::to_string(mpi.owner(bad, shards)) + " of " +
                                     std::to_string(mpi.size()) + ": shard " + std::to_string(bad) + " is bad";
        BOOST_TEST(message == expected);
    }
}

BOOST_AUTO_TEST_CASE(processes_that_do_not_do_the_same_are_refused) {
    const core::Mpi mpi;
    if (mpi.size() == 1) return;
    const auto pretrain = [&](auto& learner, std::uint64_t seed) {
        train::pretrain<TinyModel>(mpi, learner, train::sampler(dataset), {.steps = 1, .batch = 7}, rate,
                                   core::Random(seed), [](auto, const auto&) { return true; });
    };
    const auto own = static_cast<std::uint64_t>(mpi.rank());
    auto learner = begin<TinyModel>(), other = begin<TinyModel>(own);
    BOOST_TEST(error_of([&] { pretrain(learner, own); }).find("random streams") != std::string::npos);
    BOOST_TEST(error_of([&] { pretrain(other, 1); }).find("the learner's parameters differ") != std::string::npos);
    BOOST_TEST(error_of([&] { core::for_shards(mpi, 1, [](int) {}); }).find("1 shards of a batch are too few") !=
               std::string::npos);
}

/// A stage ends in all processes when it ends in one.
BOOST_AUTO_TEST_CASE(one_process_ends_a_stage_for_all) {
    const core::Mpi mpi;
    auto learner = begin<TinyModel>();
    train::pretrain<TinyModel>(
        mpi, learner, train::sampler(dataset), {.steps = 9, .batch = 7}, rate, core::Random(4),
        [&](std::int64_t step, const auto&) { return step < 3 || mpi.rank() != mpi.size() - 1; });
    BOOST_TEST(learner.steps() == 3);
}
