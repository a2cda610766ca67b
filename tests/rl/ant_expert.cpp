// PPO on the guided ant: what holds of toys (rl/ppo.cpp) holds of physics, and the weights that come with the example
// do what docs/ant.md says.
#include <boost/test/unit_test.hpp>
#include <string>

#include "io/files.hpp"
#include "midstream/env/ant/rider.hpp"
#include "midstream/env/record.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/rl/actor_expert.hpp"
#include "midstream/rl/ppo.hpp"
#include "midstream/train/adamw.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;

namespace {
using Ant = env::AntPinpad<>;
using Guided = env::GuidedAntPinpad<env::AntWorld{}, env::AntRider>;
using Agent = rl::ActorCritic<Guided::Observation, Guided::Action, rl::ActorCriticShape{.width = 64, .layers = 2}>;
using Trainee = rl::PpoTrainee<Agent, train::AdamW>;
using Expert = rl::ActorExpert<Agent::Acting, Guided>;
static_assert(env::ExpertFor<Expert, Ant>);

Trainee beginner() {
    Trainee trainee{.learner = {.optimiser = {.weight_decay = 0}, .shards = 2}};
    Agent::initialise(*trainee.learner.parameters, core::Random(1));
    return trainee;
}
/// Goes on up to this many updates, from new environments.
template <class Parallel>
void go_on(Trainee& trainee, std::uint64_t updates, const Parallel& parallel) {
    const Guided guided(Ant(env::TaskDistribution::ant_pretraining()),
                        {.progress = 0.05f, .effort = 0.002f, .failure = 1});
    rl::Ppo<Guided, Trainee> ppo(guided, trainee,
                                 {.instances = 5, .steps = 30, .epochs = 2, .minibatches = 3, .era = 2});
    while (trainee.updates < updates) {
        const auto report = ppo.update(parallel, 1e-3, core::Random(2));
        BOOST_TEST(std::isfinite(report.reward));
    }
}
bool same(const Trainee& a, const Trainee& b) {
    const auto x = core::flat<float>(*a.learner.parameters), y = core::flat<float>(*b.learner.parameters);
    return std::equal(x.begin(), x.end(), y.begin(), y.end()) && a.moments.count == b.moments.count;
}
}  // namespace

BOOST_AUTO_TEST_CASE(ants_train_to_the_same_bits_on_any_number_of_threads_and_across_a_break) {
    Trainee straight = beginner();
    go_on(straight, 6, core::Serial{});
    Trainee half = beginner();
    go_on(half, 4, core::Serial{});
    const test::TemporaryFolder folder;
    io::save(folder / "run.safetensors", "run", [&](auto&& member) { member("trainee", half); });
    Trainee resumed = beginner();
    io::load(folder / "run.safetensors", "run", [&](auto&& member) { member("trainee", resumed); });
    BOOST_TEST(!same(resumed, straight));
    go_on(resumed, 6, core::Serial{});
    BOOST_TEST(same(resumed, straight));
#ifdef _OPENMP
    for (const int threads : {1, 2}) {
        Trainee threaded = beginner();
        go_on(threaded, 6, core::OpenMP{threads});
        BOOST_TEST(same(threaded, straight));
    }
#endif
}

BOOST_AUTO_TEST_CASE(the_expert_that_comes_with_the_example_arrives) {
    core::Description architecture{"ant-expert"};
    architecture.set("actor", std::type_identity<Agent::Acting>{}).set("view", std::type_identity<env::AntRider>{});
    const std::string path = MIDSTREAM_TEST_FOLDER "/../examples/ant/expert.safetensors";
    const Expert expert = Expert::load(path, core::text(architecture));
    architecture.set("view", std::type_identity<env::AntMap>{});
    test::check_error("view is env::AntRider, expected env::AntMap",
                      [&] { Expert::load(path, core::text(architecture)); });
    const auto success = [](const Expert& who, const env::TaskDistribution& tasks) {
        Ant ant(tasks);
        constexpr int count = 60;
        int successes = 0;
        for (int i = 0; i < count; ++i)
            successes += env::play(ant, who, core::Random(3).fork(static_cast<std::uint64_t>(i)),
                                   [](const Ant&, const float*) {}) == 1;
        BOOST_TEST_MESSAGE(successes << " of " << count);
        return static_cast<double>(successes) / count;
    };
    BOOST_TEST(success(expert, env::TaskDistribution::ant_pretraining()) > 0.55);
    BOOST_TEST(success(expert.at(0), env::TaskDistribution::ant_pretraining()) > 0.65);
    BOOST_TEST(success(expert.at(0), env::TaskDistribution::ant_posttraining()) > 0.5);
}
