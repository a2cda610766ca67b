#include "midstream/env/gridworld/pinpad.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "env/worlds.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
constexpr Pinpad tiny{.size = 3, .colours = 2, .walls = 1, .horizon = 8};
using Tiny = GridworldPinpad<tiny>;
using Paper = GridworldPinpad<Pinpad{}>;
static_assert(Environment<Tiny> && HasTarget<Tiny> && HasSubgoal<Tiny>);

constexpr std::int16_t up = 0, down = 1, left = 2, right = 3;

Transition step(auto& environment, std::int16_t action) { return environment.step(&action); }

auto message(const std::string& part) {
    return [part](const core::Error& error) { return std::string(error.what()).find(part) != std::string::npos; };
}
const std::string picture =
    "A.0"
    ".#."
    "..1";
}  // namespace

BOOST_AUTO_TEST_CASE(completing_the_task_earns_one_and_ends) {
    Tiny environment(test::draw<tiny>(picture), parse_task("0-1"));
    for (const auto action : {right, right, down}) {
        const auto [reward, done] = step(environment, action);
        BOOST_TEST(reward == 0.0f);
        BOOST_TEST(!done);
    }
    BOOST_TEST(environment.progress() == 1);
    BOOST_TEST(environment.colour() == 1);
    const auto [reward, done] = step(environment, down);
    BOOST_TEST(reward == 1.0f);
    BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(a_wrong_colour_ends_with_nothing) {
    Tiny environment(test::draw<tiny>(picture), parse_task("1-0"));
    BOOST_TEST(!step(environment, right).done);
    const auto [reward, done] = step(environment, right);
    BOOST_TEST(reward == 0.0f);
    BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(a_no_op_on_a_colour_is_no_visit) {
    // With 0-0 a no-op counted as a visit would complete the task, with 0-1 it would fail.
    for (const char* task : {"0-0", "0-1"}) {
        Tiny environment(test::draw<tiny>(picture), parse_task(task));
        step(environment, right);
        step(environment, right);
        for (const auto action : {up, right}) {
            const auto [reward, done] = step(environment, action);
            BOOST_TEST(reward == 0.0f);
            BOOST_TEST(!done);
            BOOST_TEST(environment.progress() == 1);
        }
    }
    Tiny environment(test::draw<tiny>(picture), parse_task("0-0"));
    for (const auto action : {right, right, left}) BOOST_TEST(!step(environment, action).done);
    BOOST_TEST(step(environment, right).reward == 1.0f);
}

BOOST_AUTO_TEST_CASE(walls_and_edges_stop_but_cost_a_step) {
    Tiny environment(test::draw<tiny>(picture), parse_task("0"));
    for (const auto action : {up, left}) {
        step(environment, action);
        BOOST_TEST(environment.agent() == 0);
    }
    step(environment, right);
    step(environment, down);  // the wall
    BOOST_TEST(environment.agent() == 1);
    BOOST_TEST(environment.steps() == 4);
}

BOOST_AUTO_TEST_CASE(the_horizon_ends_with_nothing_unless_its_last_step_completes) {
    Tiny environment(test::draw<tiny>(picture), parse_task("0"));
    for (int t = 1; t < tiny.horizon; ++t) BOOST_TEST(!step(environment, up).done);
    const auto [reward, done] = step(environment, up);
    BOOST_TEST(done);
    BOOST_TEST(reward == 0.0f);
    BOOST_TEST(environment.truncated());

    environment.begin(test::draw<tiny>(picture), parse_task("0"));
    BOOST_TEST(!environment.truncated());
    for (int t = 2; t < tiny.horizon; ++t) step(environment, up);
    BOOST_TEST(!step(environment, right).done);
    const auto last = step(environment, right);
    BOOST_TEST(last.done);
    BOOST_TEST(last.reward == 1.0f);
    BOOST_TEST(!environment.truncated());
}

BOOST_AUTO_TEST_CASE(agrees_with_the_rules_spelled_out_on_random_walks) {
    constexpr Pinpad world{.size = 4, .colours = 3, .walls = 2, .horizon = 30};
    GridworldPinpad<world, Egocentric> environment(TaskDistribution::transition_rule(3, 3));
    core::Random random(5);
    int wins = 0, failures = 0, timeouts = 0;
    for (int episode = 0; episode < 4000; ++episode) {
        environment.reset(random.fork(episode));
        core::Random walk = random.fork(episode).fork(1);
        const auto& layout = environment.layout();
        int x = layout.agent % 4, y = layout.agent / 4, next = 0;
        const Task task = environment.task();
        for (int t = 1;; ++t) {
            BOOST_REQUIRE_EQUAL(environment.subgoal(), task[next]);
            const auto action = static_cast<std::int16_t>(walk.below(4));
            int to_x = x, to_y = y;
            if (action == up) --to_y;
            if (action == down) ++to_y;
            if (action == left) --to_x;
            if (action == right) ++to_x;
            const int to = to_y * 4 + to_x;
            if (to_x < 0 || to_x > 3 || to_y < 0 || to_y > 3 || to == layout.walls[0] || to == layout.walls[1])
                to_x = x, to_y = y;
            float reward = 0;
            bool done = t == 30;
            for (int colour = 0; colour < 3; ++colour)
                if ((to_x != x || to_y != y) && layout.colours[colour] == to_y * 4 + to_x) {
                    if (colour == task[next]) {
                        if (++next == task.length) reward = 1, done = true;
                    } else {
                        done = true;
                        ++failures;
                    }
                }
            x = to_x, y = to_y;
            const Transition transition = step(environment, action);
            BOOST_REQUIRE_EQUAL(transition.reward, reward);
            BOOST_REQUIRE_EQUAL(transition.done, done);
            BOOST_REQUIRE_EQUAL(environment.agent(), y * 4 + x);
            if (!done) continue;
            wins += reward > 0;
            timeouts += t == 30;
            break;
        }
    }
    BOOST_TEST(wins > 10);
    BOOST_TEST(failures > 10);
    BOOST_TEST(timeouts > 10);
}

BOOST_AUTO_TEST_CASE(the_task_is_not_in_the_observation) {
    const auto layout = test::draw<tiny>(picture);
    const Tiny one(layout, parse_task("0-1")), other(layout, parse_task("1-0-1"));
    std::vector<std::int16_t> row(Tiny::Observation::width), other_row(row);
    one.observe(row.data());
    other.observe(other_row.data());
    BOOST_TEST(row == other_row, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(observation_follows_the_agent) {
    Tiny environment(test::draw<tiny>(picture), parse_task("0-1"));
    step(environment, down);
    std::int16_t row[4], target[4];
    environment.observe(row);
    environment.target(target);
    const int cells[4] = {2, 8, 4, 3};
    for (int i = 0; i < 4; ++i) {
        BOOST_TEST(row[i] == 9 * i + cells[i]);
        BOOST_TEST(target[i] == cells[i]);
    }
    BOOST_TEST(environment.layout().agent == 0);  // where the episode began
}

BOOST_AUTO_TEST_CASE(resets_repeat_by_stream_and_only_begin_what_can_be_won) {
    constexpr Pinpad tight{.size = 3, .colours = 3, .walls = 2, .horizon = 20};
    using E = GridworldPinpad<tight>;
    E a(TaskDistribution::transition_rule(3, 3)), b(a);
    core::Random random(6);
    int different = 0, impossible = 0;
    for (int i = 0; i < 500; ++i) {
        a.reset(random.fork(i));
        b.reset(random.fork(i));
        BOOST_TEST((a.layout() == b.layout() && a.task() == b.task()));
        BOOST_TEST(a.distances().solvable(a.board(), a.task()));
        b.reset(random.fork(i + 1));
        different += !(a.layout() == b.layout());
        Board<tight> board;
        Distances<tight> distances;
        board.assign(sample_layout<tight>(random));
        distances.assign(board);
        impossible += !distances.solvable(board, a.task());
    }
    BOOST_TEST(different > 490);
    BOOST_TEST(impossible > 100);  // so the resets did have to draw again
}

BOOST_AUTO_TEST_CASE(a_reset_forgets_the_last_episode) {
    Tiny environment(test::draw<tiny>(picture), parse_task("0-1"));
    step(environment, right);
    step(environment, right);
    environment.reset(core::Random(1));
    BOOST_TEST(environment.progress() == 0);
    BOOST_TEST(environment.steps() == 0);
    BOOST_TEST(environment.agent() == environment.layout().agent);
    BOOST_TEST((environment.task() == parse_task("0-1")));
}

BOOST_AUTO_TEST_CASE(impossible_tasks_are_refused_by_name) {
    BOOST_CHECK_EXCEPTION(Tiny(TaskDistribution(parse_task("0-2"))), core::Error,
                          message("task 0-2 names colour 2, gridworld-pinpad 3 x 3"));
    BOOST_CHECK_EXCEPTION(Tiny(TaskDistribution(Task{})), core::Error, message("0 colours, valid is 1 to 16"));
    Task too_long;
    too_long.length = 17;
    BOOST_CHECK_EXCEPTION(Tiny(TaskDistribution(too_long)), core::Error, message("17 colours, valid is 1 to 16"));
    BOOST_CHECK_EXCEPTION(Paper(TaskDistribution(parse_task("0-8"))), core::Error, message("has 0 to 7"));
    Tiny never(TaskDistribution(parse_task("0-1-0-1-0-1-0-1-0")));  // nine visits in eight steps
    BOOST_CHECK_EXCEPTION(never.reset(core::Random(1)), core::Error,
                          message("3 x 3 with 2 colours, 1 wall and horizon 8"));
    BOOST_CHECK_EXCEPTION(never.reset(core::Random(1)), core::Error, message("0-1-0-1-0-1-0-1-0"));
    BOOST_CHECK_EXCEPTION(Tiny(test::draw<tiny>("A0. #1. ..."), parse_task("1-0")), core::Error,
                          message("no legal path for task 1-0"));
}

BOOST_AUTO_TEST_CASE(the_papers_pairs_are_subgoals) {
    Paper environment(TaskDistribution::paper_pretraining());
    for (int i = 0; i < 20; ++i) {
        environment.reset(core::Random(i));
        BOOST_TEST(environment.subgoal() == environment.task()[0] / 2);
        BOOST_TEST(environment.colour() == environment.task()[0]);
    }
}
