// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
// clang-format on

#include "io/files.hpp"
#include "midstream/env/record.hpp"
#include "midstream/rl/actor_expert.hpp"

using namespace midstream;

namespace {
/// A number that actions push about; what the expert sees is twice that.
struct Push {
    static constexpr int horizon = 5;
    using Observation = data::Dense<1>;
    using Action = data::Continuous<2>;
    float at = 0;
    int steps = 0;
    void reset(core::Random random) {
        at = random.uniform<float>();
        steps = 0;
    }
    void observe(float* row) const { *row = at; }
    env::Transition step(const float* action) {
        at += action[0] - action[1];
        return {1, ++steps == horizon};
    }
};
struct Twice {
    static void observe(const Push& push, float* row) {
        row[0] = 2 * push.at;
        row[1] = 2;
        row[2] = -push.at;
    }
};
using Actor = rl::Actor<data::Dense<3>, Push::Action, rl::ActorCriticShape{.width = 8, .layers = 3}>;
using Expert = rl::ActorExpert<Actor, Twice>;
static_assert(env::ExpertFor<Expert, Push>);

core::Box<Expert::Trained> some_actor() {
    core::Box<Expert::Trained> trained;
    Actor::initialise(trained->actor, core::Random(1), 0.3);
    core::Random random(2);
    for (float& value : core::flat<float>(trained->actor)) value += 0.3f * random.normal<float>();
    trained->normaliser = {.mean = {{0.5f, 2, 0}}, .scale = {{2, 1, 1}}, .limit = {{1.5f}}};
    return trained;
}
}  // namespace

BOOST_AUTO_TEST_CASE(it_acts_by_the_actor_on_what_its_view_shows_normalised) {
    const auto trained = some_actor();
    const Expert mean(trained, 0);
    Actor::Tape<float> tape;
    Push push;
    for (const float at : {-3.0f, 0.1f, 0.4f, 2.0f}) {
        push.at = at;
        const float seen[3] = {std::clamp((2 * at - 0.5f) * 2, -1.5f, 1.5f), 0, std::clamp(-at, -1.5f, 1.5f)};
        Actor::forward(trained->actor, {seen, 1}, tape);
        core::Random random(3);
        const auto action = mean.act(push, random);
        for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(std::abs(action[i] - tape.distribution.view().row(0)[i]) < 1e-6);
    }
}

BOOST_AUTO_TEST_CASE(temperature_scales_what_is_drawn) {
    const Expert sampling(some_actor());
    Push push;
    core::Random random(4), still(5);
    const auto mean = sampling.at(0).act(push, still);
    BOOST_TEST(still.counter == 0);
    double square[2] = {};
    const int draws = 20000;
    for (int i = 0; i < draws; ++i) {
        const auto action = sampling.act(push, random);
        for (std::size_t k = 0; k < 2; ++k) square[k] += std::pow(action[k] - mean[k], 2) / draws;
    }
    const auto trained = some_actor();
    const float* spread = trained->actor.spread.values;
    const float distribution[4] = {0, 0, spread[0], spread[1]};
    for (int k = 0; k < 2; ++k) {
        const float variance = std::exp(Actor::Distribution::log_variance(distribution, k));
        BOOST_TEST(square[k] == static_cast<double>(variance), boost::test_tools::tolerance(0.05));
    }
}

BOOST_AUTO_TEST_CASE(it_is_saved_and_loaded_and_another_architecture_is_refused) {
    const test::TemporaryFolder folder;
    const Expert expert(some_actor());
    expert.save(folder / "expert.safetensors", "three layers of 8");
    const auto loaded = Expert::load(folder / "expert.safetensors", "three layers of 8");
    core::Random random(6), same(6);
    Push push;
    BOOST_TEST((expert.act(push, random) == loaded.act(push, same)));
    test::check_error("belongs to three layers of 8", [&] { Expert::load(folder / "expert.safetensors", "two"); });
}

BOOST_AUTO_TEST_CASE(its_episodes_are_recorded_and_acting_allocates_nothing) {
    const Expert expert(some_actor());
    env::EpisodesOf<Push> episodes;
    env::record(Push{}, expert, 3, core::Random(7), episodes);
    BOOST_TEST(episodes.count() == 3);
    BOOST_TEST(episodes.rows() == 15);
    Push push;
    core::Random random(8);
    BOOST_TEST(test::allocations([&] {
                   for (int i = 0; i < 10; ++i) expert.act(push, random);
               }) == 0);
}
