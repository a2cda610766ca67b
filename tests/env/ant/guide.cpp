#include "midstream/env/ant/guide.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "env/worlds.hpp"
#include "midstream/env/batched.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
using Ant = AntPinpad<>;
using Guided = GuidedAntPinpad<>;
constexpr Pinpad grid = Ant::world;
static_assert(Environment<Guided> && HasSubgoal<Guided> && !HasTarget<Guided>);
static_assert(Guided::Observation::width == Ant::Observation::width + 64);

constexpr int up = 0, down = 1, right = 3;

/// The way from A to 3 leads around 1, which would end the episode, and the wall.
const Layout<grid> layout = test::draw<grid>(
    "...."
    "A1.3"
    "#0.."
    "..2.");

Ant ant_of(const char* task, std::uint64_t seed = 1) {
    Ant ant(TaskDistribution::ant_pretraining());
    ant.begin(layout, parse_task(task), core::Random(seed));
    return ant;
}
}  // namespace

BOOST_AUTO_TEST_CASE(every_cell_is_told_its_way) {
    const Ant ant = ant_of("3-1");
    constexpr int none = AntGuide::none;
    // Of the colours the way off them; the goal's own cell the way off it and back; first of up, down, left, right.
    const int expected[16] = {right, right, down,  down,  //
                              up,    right, right, up,    //
                              none,  right, up,    up,    //
                              none,  none,  up,    up};
    std::vector<float> row(64);
    AntGuide::observe(ant, row.data());
    for (int cell = 0; cell < 16; ++cell) {
        BOOST_TEST(AntGuide::move(ant, cell) == expected[cell], "cell " << cell << ": " << AntGuide::move(ant, cell));
        for (int move = 0; move < 4; ++move) BOOST_TEST(row[4 * cell + move] == (move == expected[cell] ? 1.0f : 0.0f));
    }
    const auto [x, y] = AntGuide::direction(ant);
    BOOST_TEST((x == 0 && y == 1));  // up is along y
}

BOOST_AUTO_TEST_CASE(the_expert_sees_what_the_ant_sees_and_the_guide) {
    Guided guided(ant_of("3-1"));
    std::vector<float> row(Guided::Observation::width), plain(Ant::Observation::width), way(64);
    guided.observe(row.data());
    guided.ant().observe(plain.data());
    AntGuide::observe(guided.ant(), way.data());
    BOOST_TEST(std::equal(plain.begin(), plain.end(), row.begin()));
    BOOST_TEST(std::equal(way.begin(), way.end(), row.begin() + Ant::Observation::width));
}

BOOST_AUTO_TEST_CASE(progress_along_the_way_is_worth_its_speed) {
    constexpr float weight = 0.5f;
    Guided guided(ant_of("3-1"), {.progress = weight});
    Ant plain = ant_of("3-1");
    core::Random random(2);
    double total = 0;
    for (int t = 0; t < 10; ++t) {
        std::array<float, 8> torques;
        for (float& torque : torques) torque = static_cast<float>(2 * random.uniform() - 1);
        BOOST_REQUIRE(guided.ant().agent() == 4);  // where the way leads up
        const double before = plain.torso()[1];
        const Transition expected = plain.step(torques.data()), found = guided.step(torques.data());
        const double speed = (plain.torso()[1] - before) / 0.05;
        BOOST_TEST(found.done == expected.done);
        BOOST_TEST(std::abs(found.reward - expected.reward - weight * speed) < 1e-5);
        total += speed * 0.05;
        if (found.done) break;
    }
    BOOST_TEST(std::abs(total) > 1e-4);  // it did move
    BOOST_TEST(!guided.completed());
}

BOOST_AUTO_TEST_CASE(failure_has_its_price) {
    const auto last_reward = [](const char* task, float failure) {
        Ant ant(TaskDistribution::ant_pretraining());
        // Thrown to the right from beside the border to cell 5, where 1 lies.
        AntState state;
        state.position = {Ant::centre(4)[0] + 0.79, Ant::centre(4)[1], AntRest::height, 1, 0, 0, 0};
        for (int leg = 0; leg < 4; ++leg) state.position[8 + 2 * static_cast<std::size_t>(leg)] = AntRest::ankle;
        state.velocity[0] = 2;
        ant.begin(layout, parse_task(task), state);
        Guided guided(ant, {.progress = 0, .failure = failure});
        const float none[8] = {};
        const Transition transition = guided.step(none);
        BOOST_TEST(transition.done);
        return transition.reward;
    };
    BOOST_TEST(last_reward("3-1", 0) == 0.0f);
    BOOST_TEST(last_reward("3-1", 2.5f) == -2.5f);
    BOOST_TEST(last_reward("1", 2.5f) == 1.0f);
}
