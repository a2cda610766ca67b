#include "midstream/rl/learned_baseline.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "io/files.hpp"
#include "midstream/train/adamw.hpp"
#include "rl/toys.hpp"
#include "support/gradient_check.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;

using Observation = data::Dense<3>;
using Critic = model::Autoregressive<Observation, data::Continuous<1>, model::Hawk<test::policy_shape>>;
using Learner = train::Learner<Critic::Parameters<float>, train::AdamW>;
using Baseline = rl::LearnedBaseline<Critic, Learner>;
static_assert(rl::DecisionAdvantage<Baseline, Observation> && !rl::ReturnAdvantage<Baseline> &&
              !rl::AdvantageRule<Baseline, data::Dense<4>>);

namespace {
Learner learner_of(std::uint64_t seed, int shards) {
    Learner learner{.optimiser = {.weight_decay = 0}, .shards = shards};
    Critic::initialise(*learner.parameters, core::Random(seed));
    return learner;
}

/// Two shards of episodes in which the reward to go is the first number seen, and noise.
struct Batch {
    std::vector<int> offsets[2] = {{0, 3, 4, 9}, {0, 5, 7}};
    std::vector<float> observations[2], rewards[2], advantages[2];

    explicit Batch(std::uint64_t seed, double noise = 0) {
        core::Random random(seed);
        for (int shard = 0; shard < 2; ++shard) {
            const auto rows = static_cast<std::size_t>(offsets[shard].back());
            for (std::size_t row = 0; row < rows; ++row) {
                for (int i = 0; i < 3; ++i) observations[shard].push_back(random.normal<float>());
                rewards[shard].push_back(observations[shard][3 * row] +
                                         static_cast<float>(noise) * random.normal<float>());
            }
            advantages[shard].resize(rows);
        }
    }
    std::vector<rl::Decisions<Observation>> shards() {
        std::vector<rl::Decisions<Observation>> result;
        for (int shard = 0; shard < 2; ++shard)
            result.push_back({{offsets[shard]},
                              {observations[shard].data(), offsets[shard].back()},
                              rewards[shard],
                              advantages[shard]});
        return result;
    }
};
}  // namespace

BOOST_AUTO_TEST_CASE(the_error_has_the_right_gradient) {
    auto parameters = test::random_model<Critic, double>(core::Random(1), 0.2);
    core::Box<Critic::Parameters<double>> gradient;
    Critic::Tape<double> tape;
    const core::Sequences sequences{test::ragged_offsets};
    std::vector<double> observations, rewards;
    core::Random random(2);
    for (int row = 0; row < sequences.rows(); ++row) {
        for (int i = 0; i < 3; ++i) observations.push_back(random.normal());
        rewards.push_back(random.normal());
    }
    const auto error = [&](auto&& to) {
        return rl::critic_error<Critic, double>(*parameters, sequences, {observations.data(), sequences.rows()},
                                                rewards, 0.3, tape, to);
    };
    const double found = error(*gradient);
    double expected = 0;
    for (int row = 0; row < sequences.rows(); ++row)
        expected += 0.5 * std::pow(tape.action.view().row(row)[0] - rewards[static_cast<std::size_t>(row)], 2);
    BOOST_TEST(found == expected, boost::test_tools::tolerance(1e-12));
    test::check_gradient(
        "critic", core::flat<double>(*parameters), core::flat<double>(*gradient),
        [&] { return 0.3 * error(core::Frozen{}); }, 150);
}

BOOST_AUTO_TEST_CASE(advantages_are_what_the_critic_did_not_expect_over_their_deviation) {
    Batch batch(3);
    auto critic = learner_of(1, 2);
    Baseline baseline(critic, {.passes = 1});
    // By hand, with the critic as it is before it learns from the batch.
    std::vector<double> unexpected;
    for (int shard = 0; shard < 2; ++shard) {
        Critic::Tape<float> tape;
        const auto shards = batch.shards();
        const auto& seen = shards[static_cast<std::size_t>(shard)];
        Critic::forward(*critic.parameters, seen.sequences, seen.observations, tape);
        for (int row = 0; row < seen.sequences.rows(); ++row)
            unexpected.push_back(seen.rewards_to_go[static_cast<std::size_t>(row)] - tape.action.view().row(row)[0]);
    }
    double mean = 0, square = 0, error = 0;
    for (const double u : unexpected) mean += u / static_cast<double>(unexpected.size());
    for (const double u : unexpected) {
        square += (u - mean) * (u - mean) / static_cast<double>(unexpected.size());
        error += u * u / static_cast<double>(unexpected.size());
    }
    const auto before = critic.parameters;
    const auto shards = batch.shards();
    baseline(core::Serial{}, std::span<const rl::Decisions<Observation>>(shards));
    std::size_t i = 0;
    for (int shard = 0; shard < 2; ++shard)
        for (const float advantage : batch.advantages[shard])
            BOOST_TEST(std::abs(advantage - unexpected[i++] / (std::sqrt(square) + 1e-3)) < 1e-5);
    BOOST_TEST(std::abs(baseline.error() - error) < 1e-6);
    BOOST_TEST(critic.steps() == 1);
    BOOST_TEST(core::flat<float>(*before)[0] != core::flat<float>(*critic.parameters)[0]);
}

BOOST_AUTO_TEST_CASE(it_comes_to_expect_what_can_be_seen_and_no_more) {
    const auto error_after = [](double noise) {
        auto critic = learner_of(1, 2);
        Baseline baseline(critic, {.learning_rate = 0.01, .passes = 2});
        double last = 0;
        for (std::uint64_t i = 0; i < 400; ++i) {
            Batch batch(100 + i, noise);
            const auto shards = batch.shards();
            baseline(core::Serial{}, std::span<const rl::Decisions<Observation>>(shards));
            if (i >= 350) last += baseline.error() / 50;
        }
        return last;
    };
    // Rewards have the variance 1, and 2 with the noise.
    BOOST_TEST(error_after(0) < 0.1);
    BOOST_TEST(error_after(1) > 0.6);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
    auto critic = learner_of(1, 3);
    Baseline baseline(critic);
    Batch batch(3);
    const auto shards = batch.shards();
    test::check_error("as many shards as the policy's",
                      [&] { baseline(core::Serial{}, std::span<const rl::Decisions<Observation>>(shards)); });
    test::check_error("the critic's passes", [&] { Baseline(critic, {.passes = 0}); });
    Learner blank{.shards = 2};
    Baseline nothing(blank);
    test::check_error("the parameters of the critic are all zero",
                      [&] { nothing(core::Serial{}, std::span<const rl::Decisions<Observation>>(shards)); });
}
