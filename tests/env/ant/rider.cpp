#include "midstream/env/ant/rider.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "env/worlds.hpp"
#include "midstream/env/batched.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
using Ant = AntPinpad<>;
using Guided = GuidedAntPinpad<AntWorld{}, AntRider>;
constexpr Pinpad grid = Ant::world;
static_assert(Environment<Guided> && HasTimeLimit<Guided>);
static_assert(Guided::Observation::width == AntRider::width<Ant> && AntRider::width<Ant> == 35);
constexpr int direction = 26, after = 28, sides = 32;  // where they stand in a row

/// The way from A to 3 leads around 1, which would end the episode, and the wall: up, right, right, down.
const Layout<grid> layout = test::draw<grid>(
    "...."
    "A1.3"
    "#0.."
    "..2.");

AntState standing(int cell, double yaw) {
    AntState state;
    const auto centre = Ant::centre(cell);
    state.position = {centre[0] + 0.3, centre[1] - 0.2, 0.6, std::cos(yaw / 2), 0, 0, std::sin(yaw / 2)};
    core::Random random(1);
    for (int i = 0; i < 8; ++i) state.position[static_cast<std::size_t>(7 + i)] = 0.8 * random.uniform();
    for (double& v : state.velocity) v = random.normal();
    return state;
}
/// The same ant, with another leg called the first.
AntState renamed(const AntState& state) {
    AntState other = state;
    const double* q = state.position.data() + 3;
    const double half = std::sqrt(0.5);  // of a quarter turn: times (half, 0, 0, half)
    const double turned[4] = {half * (q[0] - q[3]), half * (q[1] + q[2]), half * (q[2] - q[1]), half * (q[3] + q[0])};
    std::copy_n(turned, 4, other.position.data() + 3);
    other.velocity[3] = state.velocity[4];
    other.velocity[4] = -state.velocity[3];
    for (std::size_t i = 0; i < 8; ++i) {
        other.position[7 + i] = state.position[7 + (i + 2) % 8];
        other.velocity[6 + i] = state.velocity[6 + (i + 2) % 8];
    }
    return other;
}
/// A leaning ant: yaw and then some roll and pitch.
AntState leaning(double yaw) {
    AntState state = standing(4, yaw);
    double* q = state.position.data() + 3;
    const double c = std::cos(yaw / 2), s = std::sin(yaw / 2), r = 0.1, p = -0.15, w = std::sqrt(1 - r * r - p * p);
    const double product[4] = {c * w, c * r - s * p, c * p + s * r, s * w};
    std::copy_n(product, 4, q);
    return state;
}
Ant ant_of(const AntState& state, const char* task = "3-1") {
    Ant ant(TaskDistribution::ant_pretraining());
    Layout<grid> here = layout;
    here.agent = static_cast<std::int16_t>(Ant::cell_at(state.position[0], state.position[1]));
    ant.begin(here, parse_task(task), state);
    return ant;
}
std::vector<float> seen(const Ant& ant) {
    std::vector<float> row(AntRider::width<Ant>);
    AntRider::observe(ant, row.data());
    return row;
}
void check_close(const std::vector<float>& a, const std::vector<float>& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        BOOST_TEST(std::abs(a[i] - b[i]) < 1e-5, "entry " << i << ": " << a[i] << " and " << b[i]);
}
}  // namespace

BOOST_AUTO_TEST_CASE(it_does_not_matter_which_leg_is_called_the_first) {
    for (const double yaw : {0.1, 1.0, 2.5, -1.3}) {
        AntState state = leaning(yaw);
        const auto expected = seen(ant_of(state));
        float action[8], expected_torques[8];
        for (int i = 0; i < 8; ++i) action[i] = 0.1f * static_cast<float>(i) - 0.4f;
        AntRider::act(ant_of(state), action, expected_torques);
        for (int turn = 1; turn < 4; ++turn) {
            state = renamed(state);
            check_close(seen(ant_of(state)), expected);
            float torques[8];
            AntRider::act(ant_of(state), action, torques);
            for (int i = 0; i < 8; ++i) BOOST_TEST(torques[i] == expected_torques[(i + 2 * turn) % 8]);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_ant_turned_with_its_way_sees_the_same_body) {
    // At cell 4 the way leads up, at cell 0 to the right: a quarter turn clockwise.
    AntState up = standing(4, 0.4), right = standing(0, 0.4 - std::numbers::pi / 2);
    right.velocity[0] = up.velocity[1];
    right.velocity[1] = -up.velocity[0];
    const auto a = seen(ant_of(up)), b = seen(ant_of(right));
    check_close({a.begin(), a.begin() + after}, {b.begin(), b.begin() + after});
}

BOOST_AUTO_TEST_CASE(it_looks_ahead) {
    for (double yaw = -3; yaw < 3; yaw += 0.2) {
        const auto row = seen(ant_of(standing(4, yaw)));
        BOOST_TEST(row[direction] > std::abs(row[direction + 1]) - 1e-6);
        BOOST_TEST(std::hypot(row[direction], row[direction + 1]) == 1.0f, boost::test_tools::tolerance(1e-5f));
    }
}

BOOST_AUTO_TEST_CASE(it_knows_the_way_and_what_lies_beside_it) {
    // Looking up (yaw 90 degrees, the way leads up): x is up, y is left.
    const auto row = seen(ant_of(standing(4, std::numbers::pi / 2)));
    const float expected[9] = {1,           0, 0, -1, 1 + 0.2f / 1.6f,
                               0.3f / 1.6f, 0, 1, 1};  // ahead, then right; 1 is to the right, the wall behind
    for (int i = 0; i < 9; ++i)
        BOOST_TEST(std::abs(row[static_cast<std::size_t>(direction + i)] - expected[i]) < 1e-5, "entry " << i);
    // The next colour lies below cell 3: what comes after it nobody says.
    const auto last = seen(ant_of(standing(3, -std::numbers::pi / 2)));
    BOOST_TEST(std::abs(last[direction] - 1) < 1e-5);
    BOOST_TEST((last[after] == 0 && last[after + 1] == 0));
    BOOST_TEST((last[sides] == 0 && last[sides + 1] == 0 && last[sides + 2] == 0));
}

BOOST_AUTO_TEST_CASE(actions_move_the_ant_as_torques_do) {
    Guided guided(Ant(TaskDistribution::ant_pretraining()), {.progress = 0, .effort = 0.5f});
    guided.reset(core::Random(2));
    Ant plain(TaskDistribution::ant_pretraining());
    plain.reset(core::Random(2));
    core::Random random(3);
    for (int t = 0; t < 20; ++t) {
        float action[8], torques[8], effort = 0;
        for (float& a : action) a = 2 * random.uniform<float>() - 1;
        AntRider::act(plain, action, torques);
        for (const float torque : torques) effort += torque * torque / 8;
        const auto expected = plain.step(torques), found = guided.step(action);
        BOOST_TEST(found.done == expected.done);
        BOOST_TEST(std::abs(found.reward - expected.reward + 0.5f * effort) < 1e-5);
        BOOST_TEST((guided.ant().torso() == plain.torso()));
        if (found.done) break;
    }
}
