// The usual task of the ant: what is paid, when episodes end, and what is seen.
#include "midstream/env/ant/run.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "midstream/env/environment.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
using Run = AntRun<AntWorld{}>;
static_assert(Environment<Run> && HasTimeLimit<Run>);
static_assert(Environment<AntRun<>>);
using Torques = std::array<float, AntDimensions::joints>;

/// MuJoCo's warnings, which would otherwise be written to a file.
void ignore(const char*) {}
const bool warnings_ignored = (mju_user_warning = ignore, true);
}  // namespace

BOOST_AUTO_TEST_CASE(who_stands_still_is_paid_for_standing_until_the_time_is_up) {
    Run ant;
    ant.reset(core::Random(1));
    const double start = ant.simulation().position()[0];
    double total = 0;
    Transition last;
    do {
        last = ant.step(Torques{}.data());
        total += last.reward;
    } while (!last.done);
    BOOST_TEST(ant.steps() == Run::horizon);
    BOOST_TEST(ant.truncated());
    // And for how far it slid.
    BOOST_TEST(std::abs(total - (Run::horizon + (ant.simulation().position()[0] - start) / 0.05)) < 1e-2);
}

BOOST_AUTO_TEST_CASE(episodes_begin_near_the_pose_at_rest) {
    Run ant;
    double squares = 0, largest = 0;
    constexpr int count = 200;
    for (int episode = 0; episode < count; ++episode) {
        ant.reset(core::Random(8).fork(episode));
        const double *position = ant.simulation().position(), *velocity = ant.simulation().velocity();
        std::array<double, 12> away{position[0], position[1], position[2] - AntRest::height, ant_yaw(position)};
        for (int i = 0; i < AntDimensions::joints; ++i)
            away[4 + i] = position[7 + i] - (i % 2 == 0 ? AntRest::hip : AntRest::ankle);
        for (const double distance : away) largest = std::max(largest, std::abs(distance));
        BOOST_TEST(position[4] == 0);
        BOOST_TEST(position[5] == 0);
        for (int i = 0; i < AntState::velocities; ++i) squares += velocity[i] * velocity[i];
    }
    BOOST_TEST(largest <= 0.1 + 1e-9);
    BOOST_TEST(largest > 0.099);
    BOOST_TEST(std::abs(std::sqrt(squares / (count * AntState::velocities)) - 0.1) < 0.005);
}

BOOST_AUTO_TEST_CASE(broken_physics_end_an_episode_and_are_no_truncation) {
    Run ant;
    AntState state;
    state.position[2] = AntRest::height;
    state.position[3] = 1;
    state.velocity[0] = 1e12;
    ant.begin(state);
    const Transition transition = ant.step(Torques{}.data());
    BOOST_TEST(transition.done);
    BOOST_TEST(transition.reward == 1);  // speed does not count
    BOOST_TEST(ant.diverged());
    BOOST_TEST(!ant.truncated());
    ant.reset(core::Random(9));
    BOOST_TEST(!ant.step(Torques{}.data()).done);
    BOOST_TEST(!ant.diverged());
}

BOOST_AUTO_TEST_CASE(speed_is_paid_and_torques_cost) {
    core::Random random(2);
    for (int episode = 0; episode < 5; ++episode) {
        Run plain, forward(AntRunPay{.standing = 0, .effort = 0}), effort(AntRunPay{.forward = 0, .standing = 0});
        for (Run* ant : {&plain, &forward, &effort}) ant->reset(core::Random(3).fork(episode));
        for (int i = 0; i < 40; ++i) {
            Torques torques;
            double squares = 0;
            for (float& torque : torques) {
                torque = static_cast<float>(1.5 * random.normal());
                const double held = std::clamp(torque, -1.0f, 1.0f);
                squares += held * held;
            }
            const double before = forward.simulation().position()[0];
            const Transition all = plain.step(torques.data()), f = forward.step(torques.data()),
                             e = effort.step(torques.data());
            const double metres = forward.simulation().position()[0] - before;
            BOOST_TEST(std::abs(f.reward - metres / 0.05) < 1e-5);
            BOOST_TEST(std::abs(e.reward + 0.5 * squares) < 1e-5);
            BOOST_TEST(std::abs(all.reward - (f.reward + e.reward + 1)) < 1e-5);
            if (all.done) break;
        }
    }
}

BOOST_AUTO_TEST_CASE(leaving_the_heights_ends_an_episode_and_is_no_truncation) {
    core::Random random(4);
    int ended = 0;
    for (int episode = 0; episode < 40; ++episode) {
        Run ant;
        ant.reset(core::Random(5).fork(episode));
        for (bool done = false; !done;) {
            Torques torques;
            for (float& torque : torques) torque = random.uniform() < 0.5 ? -1 : 1;
            done = ant.step(torques.data()).done;
            const double height = ant.simulation().position()[2];
            const bool outside = height < Run::lowest || height > Run::highest;
            BOOST_TEST(done == (outside || ant.steps() == Run::horizon));
            if (done) BOOST_TEST(ant.truncated() == !outside);
            ended += outside;
        }
    }
    BOOST_TEST(ended > 0);
}

BOOST_AUTO_TEST_CASE(what_is_seen_is_the_state_but_for_the_place) {
    Run ant;
    ant.reset(core::Random(6));
    std::array<float, Run::Observation::width> seen;
    ant.observe(seen.data());
    for (int i = 0; i < 13; ++i) BOOST_TEST(seen[i] == static_cast<float>(ant.simulation().position()[2 + i]));
    for (int i = 0; i < 14; ++i) BOOST_TEST(seen[13 + i] == static_cast<float>(ant.simulation().velocity()[i]));
    Run same;
    same.reset(core::Random(6));
    std::array<float, Run::Observation::width> again;
    same.observe(again.data());
    BOOST_TEST(seen == again, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_torque_that_is_not_a_number_is_an_error) {
    Run ant;
    ant.reset(core::Random(7));
    Torques torques{};
    torques[3] = std::numeric_limits<float>::quiet_NaN();
    BOOST_CHECK_THROW(ant.step(torques.data()), core::Error);
}
