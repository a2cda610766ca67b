// Whole episodes of the ant: its expert succeeds, in about the steps that the paper shows, and what trains on other
// environments trains on it.
#include "midstream/env/ant/gait.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/env/batched.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/model/hawk.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;
using namespace midstream::env;

namespace {
using Ant = AntPinpad<>;
static_assert(ExpertFor<AntGait, Ant>);
constexpr model::HawkShape shape{.depth = 1, .width = 16, .recurrent = 16, .heads = 2, .mlp = 32};
using Base = model::Autoregressive<Ant::Observation, Ant::Action, model::Hawk<shape>, Ant::Target>;
}  // namespace

BOOST_AUTO_TEST_CASE(the_expert_succeeds_in_about_the_papers_steps) {
    Ant ant(TaskDistribution::ant_pretraining());
    constexpr int count = 30;
    int successes = 0, steps = 0;
    for (int i = 0; i < count; ++i)
        if (play(ant, AntGait{}, core::Random(1).fork(i), [](const Ant&, const float*) {}) == 1) {
            ++successes;
            steps += ant.steps();
        }
    BOOST_TEST(successes >= count - 3);
    BOOST_TEST(steps / successes > 120);
    BOOST_TEST(steps / successes < 200);
    BOOST_TEST_MESSAGE(successes << " of " << count << " in " << steps / successes << " steps");
}

BOOST_AUTO_TEST_CASE(noise_disturbs_it_little) {
    Ant ant(TaskDistribution::ant_posttraining());
    int successes = 0;
    for (int i = 0; i < 8; ++i)
        successes += play(ant, AntGait{.noise = 0.2}, core::Random(2).fork(i), [](const Ant&, const float*) {}) == 1;
    BOOST_TEST(successes >= 6);
}

BOOST_AUTO_TEST_CASE(a_model_is_pretrained_on_its_episodes) {
    train::Learner<Base::Parameters<float>, train::AdamW> learner;
    Base::initialise(*learner.parameters, core::Random(3));
    EpisodesOf<Ant> episodes;
    record(Ant(TaskDistribution::ant_pretraining()), AntGait{}, 4, core::Random(4), episodes);
    std::vector<double> action, target;
    train::pretrain<Base>(core::Serial{}, learner, train::sampler(episodes), {.steps = 60, .batch = 4, .lambda = 10},
                          train::Constant{1e-2}, core::Random(5), [&](auto, const train::LossSums& sums) {
                              action.push_back(sums.action / sums.steps);
                              target.push_back(sums.target / sums.steps);
                              return true;
                          });
    BOOST_TEST(action.back() < action.front() - 1);
    BOOST_TEST(target.back() < target.front() - 1);
}

namespace {
// Told the way, and paid for going it: what the paper's expert is trained on.
using Guided = GuidedAntPinpad<AntWorld{.grid = {.size = 4, .colours = 4, .walls = 1, .horizon = 20}}>;
using Policy = model::Autoregressive<Guided::Observation, Guided::Action, model::Hawk<shape>>;

/// A policy after two updates.
template <class Parallel>
core::Box<Policy::Parameters<float>> reinforced(const Parallel& parallel, bool update) {
    using Learner = train::Learner<Policy::Parameters<float>, train::AdamW>;
    Learner learner{.shards = 2};
    Policy::initialise(*learner.parameters, core::Random(6));
    const Batched<Guided> environment{Guided(Guided::Ant(TaskDistribution::ant_pretraining()))};
    rl::ClippedPolicyGradient<Batched<Guided>, Policy, Learner> policy_gradient(environment, learner, {.batch = 8});
    for (int i = 0; i < (update ? 2 : 0); ++i) {
        const auto report = policy_gradient.update(parallel, 1e-3, core::Random(7));
        BOOST_TEST(std::isfinite(report.mean_return));
        BOOST_TEST(report.length > 1);
        BOOST_TEST(report.length <= 20);
    }
    return learner.parameters;
}
bool same(const core::Box<Policy::Parameters<float>>& a, const core::Box<Policy::Parameters<float>>& b) {
    const auto x = core::flat<float>(*a), y = core::flat<float>(*b);
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_policy_is_reinforced_on_it) {
    const auto updated = reinforced(core::Serial{}, true);
    BOOST_TEST(!same(updated, reinforced(core::Serial{}, false)));
    for (const float value : core::flat<float>(*updated)) BOOST_REQUIRE(std::isfinite(value));
#ifdef _OPENMP
    for (const int threads : {1, 2}) BOOST_TEST(same(updated, reinforced(core::OpenMP{threads}, true)));
#endif
}
