// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
// clang-format on

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "env/worlds.hpp"
#include "midstream/core/parallel.hpp"
#include "midstream/data/dataset.hpp"
#include "midstream/env/ant/gait.hpp"
#include "midstream/env/ant/pinpad.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/env/record.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;
using namespace midstream::env;

namespace {

using Ant = AntPinpad<>;
constexpr Pinpad grid = Ant::world;
constexpr double cell = Ant::ant_world.cell;
static_assert(Environment<Ant> && HasTarget<Ant> && HasSubgoal<Ant> && BatchEnvironment<Batched<Ant>>);
static_assert(Ant::Observation::width == 27 + 2 + 2 * 5 + 2 && Ant::Target::width == 29 && Ant::Action::width == 8);
static_assert(Ant::horizon == 500 && grid.size == 4 && grid.colours == 4 && grid.walls == 1);  // A.2

using Torques = std::array<float, 8>;
constexpr Torques none{};

/// 1 is right of the ant, 0 below it, the wall left of it; 3 is diagonally right and below.
const std::string picture =
    "...."
    "#A1."
    ".03."
    "...2";
const Layout<grid> layout = test::draw<grid>(picture);
constexpr int start = 5;

auto message(const std::string& part) {
    return [part](const core::Error& error) { return std::string(error.what()).find(part) != std::string::npos; };
}

/// The rest pose at this place relative to the centre of the start cell, the torso moving at this speed.
AntState resting(double x = 0, double y = 0, double speed_x = 0, double speed_y = 0, double height = AntRest::height) {
    AntState state;
    const auto centre = Ant::centre(start);
    state.position = {centre[0] + x, centre[1] + y, height, 1, 0, 0, 0};
    for (int leg = 0; leg < 4; ++leg) state.position[8 + 2 * leg] = AntRest::ankle;
    state.velocity[0] = speed_x;
    state.velocity[1] = speed_y;
    return state;
}
/// A finger's breadth before the border in this direction, on the way across it.
AntState crossing(int right, int up) {
    const double near = cell / 2 - 0.02, speed = 3;
    return resting(right * near, up * near, right * speed, up * speed);
}

Torques random_torques(core::Random& random) {
    Torques torques;
    for (float& torque : torques) torque = static_cast<float>(2 * random.uniform() - 1);
    return torques;
}

std::vector<float> seen(const auto& ant) {
    std::vector<float> row(Ant::Observation::width);
    ant.observe(row.data());
    return row;
}
bool all_finite(const std::vector<float>& row) {
    return std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); });
}

/// Everything seen of an episode under torques drawn from a stream.
std::vector<float> episode(auto& ant, core::Random random) {
    std::vector<float> history;
    for (bool done = false; !done;) {
        const auto row = seen(ant);
        history.insert(history.end(), row.begin(), row.end());
        done = ant.step(random_torques(random).data()).done;
    }
    return history;
}

/// MuJoCo's warnings, which would otherwise be written to a file.
void ignore(const char*) {}
const bool warnings_ignored = (mju_user_warning = ignore, true);

}  // namespace

// What a colour's visit is, and what ends an episode.

BOOST_AUTO_TEST_CASE(entering_a_colour_from_another_cell_is_a_visit_once) {
    Ant ant(TaskDistribution::ant_pretraining());
    ant.begin(layout, parse_task("1-2"), crossing(1, 0));
    BOOST_TEST(ant.agent() == start);
    BOOST_TEST(!ant.step(none.data()).done);
    BOOST_TEST(ant.agent() == start + 1);
    BOOST_TEST(ant.progress() == 1);
    BOOST_TEST(ant.colour() == 2);
    for (int i = 0; i < 3; ++i) {  // staying there is none: colour 1 would now be a wrong one
        BOOST_TEST(!ant.step(none.data()).done);
        BOOST_TEST(ant.agent() == start + 1);
        BOOST_TEST(ant.progress() == 1);
    }
    BOOST_TEST(ant.steps() == 4);
}

BOOST_AUTO_TEST_CASE(a_border_may_be_crossed_at_a_corner) {
    Ant ant(TaskDistribution::ant_pretraining());
    ant.begin(layout, parse_task("3-2"), crossing(1, -1));
    BOOST_TEST(!ant.step(none.data()).done);
    BOOST_TEST(ant.agent() == start + 5);
    BOOST_TEST(ant.progress() == 1);
}

BOOST_AUTO_TEST_CASE(completing_the_task_earns_one_and_ends) {
    Ant ant(TaskDistribution::ant_pretraining());
    ant.begin(layout, parse_task("1"), crossing(1, 0));
    const auto [reward, done] = ant.step(none.data());
    BOOST_TEST(done);
    BOOST_TEST(reward == 1.0f);
}

BOOST_AUTO_TEST_CASE(a_wrong_colour_or_a_wall_ends_with_nothing) {
    Ant ant(TaskDistribution::ant_pretraining());
    for (const int right : {1, -1}) {
        ant.begin(layout, parse_task("0-1"), crossing(right, 0));
        const auto [reward, done] = ant.step(none.data());
        BOOST_TEST(done);
        BOOST_TEST(reward == 0.0f);
        BOOST_TEST(ant.agent() == start + right);
        BOOST_TEST(ant.progress() == 0);
    }
}

BOOST_AUTO_TEST_CASE(coming_back_to_a_colour_is_another_visit) {
    // Onto the colour, off it again and back: with 1-1 this completes the task, with 1-2 it is a wrong colour.
    for (const char* task : {"1-1", "1-2"}) {
        Ant ant(TaskDistribution::ant_pretraining());
        ant.begin(layout, parse_task(task), crossing(1, 0));
        Transition transition{0, false};
        const auto walk_to = [&](int agent) {
            while (!transition.done && ant.agent() != agent) {
                const auto& now = ant.simulation();
                const auto to = Ant::centre(agent), from = std::array{now.position()[0], now.position()[1]};
                const double heading = std::atan2(to[1] - from[1], to[0] - from[0]);
                const auto torques = AntGait{}.towards(heading, ant.steps() * 0.05, now.position(), now.velocity());
                transition = ant.step(torques.data());
            }
        };
        walk_to(start + 1);
        walk_to(start);
        BOOST_TEST(!transition.done);
        BOOST_TEST(ant.progress() == 1);
        walk_to(start + 1);
        BOOST_TEST(transition.done);
        BOOST_TEST(transition.reward == (ant.task() == parse_task("1-1") ? 1.0f : 0.0f));
    }
}

BOOST_AUTO_TEST_CASE(the_torso_must_keep_its_height) {
    using Fine = AntPinpad<AntWorld{.time_step = 0.001, .frame_skip = 1}>;  // so fine that a step does not move it
    for (const double height : {0.15, 0.25, 0.95, 1.05}) {
        Fine ant(TaskDistribution::ant_pretraining());
        ant.begin(layout, parse_task("0-1"), resting(0, 0, 0, 0, height));
        const auto [reward, done] = ant.step(none.data());
        BOOST_TEST(done == (height < 0.2 || height > 1));
        BOOST_TEST(reward == 0.0f);
        BOOST_TEST(ant.steps() == 1);
    }
    // A fall comes before a visit.
    Ant ant(TaskDistribution::ant_pretraining());
    auto state = crossing(1, 0);
    state.position[2] = 1.3;
    ant.begin(layout, parse_task("1"), state);
    const auto [reward, done] = ant.step(none.data());
    BOOST_TEST(done);
    BOOST_TEST(reward == 0.0f);
    BOOST_TEST(ant.progress() == 0);
}

BOOST_AUTO_TEST_CASE(the_horizon_ends_with_nothing_unless_its_last_step_completes) {
    constexpr Pinpad brief{.size = 4, .colours = 4, .walls = 1, .horizon = 2};
    AntPinpad<AntWorld{.grid = brief}> ant(TaskDistribution::ant_pretraining());
    ant.begin(test::draw<brief>(picture), parse_task("1"), resting());
    BOOST_TEST(!ant.step(none.data()).done);
    const auto last = ant.step(none.data());
    BOOST_TEST(last.done);
    BOOST_TEST(last.reward == 0.0f);

    constexpr Pinpad briefest{.size = 4, .colours = 4, .walls = 1, .horizon = 1};
    AntPinpad<AntWorld{.grid = briefest}> in_time(TaskDistribution::ant_pretraining());
    in_time.begin(test::draw<briefest>(picture), parse_task("1"), crossing(1, 0));
    const auto only = in_time.step(none.data());
    BOOST_TEST(only.done);
    BOOST_TEST(only.reward == 1.0f);
}

BOOST_AUTO_TEST_CASE(cells_at_the_edge_reach_outward) {
    constexpr double far = 100 * cell;
    BOOST_TEST(Ant::cell_at(-far, far) == 0);
    BOOST_TEST(Ant::cell_at(far, far) == 3);
    BOOST_TEST(Ant::cell_at(-far, -far) == 12);
    BOOST_TEST(Ant::cell_at(1e300, -1e300) == 15);
    for (int c = 0; c < grid.cells(); ++c) {
        const auto [x, y] = Ant::centre(c);
        for (const double right : {-0.49, 0.0, 0.49})
            for (const double up : {-0.49, 0.0, 0.49}) BOOST_TEST(Ant::cell_at(x + right * cell, y + up * cell) == c);
    }
    // Columns along x, rows against y.
    BOOST_TEST(std::abs(Ant::centre(1)[0] - Ant::centre(0)[0] - cell) < 1e-9);
    BOOST_TEST(std::abs(Ant::centre(0)[1] - Ant::centre(4)[1] - cell) < 1e-9);
    BOOST_TEST(Ant::centre(0)[0] == -Ant::centre(15)[0]);

    Ant ant(TaskDistribution::ant_pretraining());
    const auto edge = test::draw<grid>("A... #.1. .03. ...2");
    AntState state = resting(0, 0, -3, 0);
    state.position[0] = Ant::centre(0)[0] - cell / 2 + 0.02;
    state.position[1] = Ant::centre(0)[1];
    ant.begin(edge, parse_task("1"), state);
    BOOST_TEST(!ant.step(none.data()).done);
    BOOST_TEST(ant.torso()[0] < -2 * cell);
    BOOST_TEST(ant.agent() == 0);
}

// How an episode begins.

BOOST_AUTO_TEST_CASE(resets_are_distributed_as_the_paper_says) {
    Ant ant(TaskDistribution::ant_pretraining());
    constexpr int count = 2000;
    struct Moments {
        double sum = 0, squares = 0, lowest = 1e9, highest = -1e9;
        void add(double value) {
            sum += value;
            squares += value * value;
            lowest = std::min(lowest, value);
            highest = std::max(highest, value);
        }
        /// Whether this looks uniform on [-1, 1].
        bool uniform() const {
            return std::abs(sum / count) < 0.07 && std::abs(squares / count - 1.0 / 3) < 0.04 && lowest > -1.000001 &&
                   lowest < -0.99 && highest > 0.99 && highest < 1.000001;
        }
    };
    std::array<Moments, 2> place;
    std::array<Moments, 8> angles, speeds;
    Moments turn;
    std::array<int, grid.cells()> cells{};
    for (int i = 0; i < count; ++i) {
        ant.reset(core::Random(3).fork(i));
        const double *q = ant.simulation().position(), *v = ant.simulation().velocity();
        BOOST_REQUIRE_EQUAL(Ant::cell_at(q[0], q[1]), ant.layout().agent);
        BOOST_REQUIRE_EQUAL(ant.agent(), ant.layout().agent);
        BOOST_REQUIRE(ant.distances().solvable(ant.board(), ant.task()));
        ++cells[ant.agent()];
        for (int axis = 0; axis < 2; ++axis) place[axis].add((q[axis] - Ant::centre(ant.agent())[axis]) / (cell / 2));
        BOOST_REQUIRE_EQUAL(q[2], AntRest::height);
        BOOST_REQUIRE_SMALL(q[3] * q[3] + q[6] * q[6] - 1, 1e-12);  // no roll, no pitch
        BOOST_REQUIRE(q[4] == 0 && q[5] == 0);
        turn.add(std::atan2(2 * q[3] * q[6], q[3] * q[3] - q[6] * q[6]) / std::numbers::pi);
        for (int axis = 0; axis < 6; ++axis) BOOST_REQUIRE_EQUAL(v[axis], 0);
        for (int joint = 0; joint < 8; ++joint) {
            angles[joint].add((q[7 + joint] - (joint % 2 ? AntRest::ankle : AntRest::hip)) / 0.1);
            speeds[joint].add(v[6 + joint] / 0.1);
        }
        BOOST_REQUIRE(all_finite(seen(ant)));
    }
    for (const auto& moments : {place[0], place[1], turn}) BOOST_TEST(moments.uniform());
    for (int joint = 0; joint < 8; ++joint) BOOST_TEST((angles[joint].uniform() && speeds[joint].uniform()));
    for (const int times : cells) BOOST_TEST(times > count / grid.cells() / 2);
}

BOOST_AUTO_TEST_CASE(no_foot_touches_the_ground_at_the_beginning) {
    Ant ant(TaskDistribution::ant_pretraining());
    const mjModel* model = ant.simulation().model().get();
    const std::unique_ptr<mjData, void (*)(mjData*)> copy(mj_makeData(model), mj_deleteData);
    for (int i = 0; i < 200; ++i) {
        ant.reset(core::Random(4).fork(i));
        mj_copyData(copy.get(), model, &ant.simulation().data());
        mj_forward(model, copy.get());
        for (int contact = 0; contact < copy->ncon; ++contact) BOOST_TEST(copy->contact[contact].dist > 0);
        // The foot is at the end of the last capsule of each leg.
        for (int leg = 0; leg < 4; ++leg) BOOST_TEST(copy->geom_xpos[3 * (4 + 3 * leg) + 2] < AntRest::height - 0.15);
    }
}

BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_bits_whatever_was_before) {
    Ant a(TaskDistribution::ant_pretraining()), b(TaskDistribution::ant_pretraining());
    const core::Random random(6);
    for (int i = 0; i < 6; ++i) {
        a.reset(random.fork(i));
        const auto expected = episode(a, random.fork(i).fork(9));
        b.reset(random.fork(100 + i));  // other contacts, another warm start
        for (int t = 0; t < 20; ++t)
            if (b.step(none.data()).done) break;
        b.reset(random.fork(i));
        const auto found = episode(b, random.fork(i).fork(9));
        BOOST_TEST((found == expected));
        b.reset(random.fork(i + 1));
        BOOST_TEST((seen(b) != std::vector<float>(expected.begin(), expected.begin() + Ant::Observation::width)));
    }
}

BOOST_AUTO_TEST_CASE(copies_go_on_alike_and_apart) {
    Ant ant(TaskDistribution::ant_pretraining());
    ant.reset(core::Random(7));
    core::Random torques(8);
    for (int t = 0; t < 5; ++t) BOOST_REQUIRE(!ant.step(random_torques(torques).data()).done);
    Ant copy(ant), assigned(TaskDistribution::ant_posttraining());
    assigned = ant;
    BOOST_TEST(copy.simulation().model() == ant.simulation().model());
    const auto before = seen(ant);
    const auto expected = episode(copy, torques);
    BOOST_TEST((seen(ant) == before));
    BOOST_TEST((episode(assigned, torques) == expected));
    Ant moved(std::move(ant));
    BOOST_TEST((episode(moved, torques) == expected));
    ant = moved;  // what was moved from can be assigned to
    BOOST_TEST((seen(ant) == seen(moved)));
}

// What is seen.

BOOST_AUTO_TEST_CASE(observations_say_what_they_should) {
    Ant ant(TaskDistribution::ant_pretraining());
    AntState state = resting(-0.3, 0.2, 1, -2);
    state.position[3] = 0.8, state.position[6] = 0.6;
    ant.begin(layout, parse_task("2-1"), state);
    core::Random random(10);
    for (int t = 0; t < 4; ++t) {
        const auto row = seen(ant);
        const double *q = ant.simulation().position(), *v = ant.simulation().velocity();
        const auto check = [](float found, double expected) { BOOST_TEST(std::abs(found - expected) < 1e-6); };
        const auto squash = [](double x) { return x < 0 ? -std::log(1 - x) : std::log(1 + x); };
        for (int i = 0; i < 13; ++i) check(row[i], squash(q[2 + i]));
        for (int i = 0; i < 14; ++i) check(row[13 + i], squash(v[i]));
        for (int axis = 0; axis < 2; ++axis) check(row[27 + axis], q[axis] / (2 * cell));
        const int objects[5] = {9, 6, 15, 10, 4};  // colours 0 to 3, the wall
        for (int i = 0; i < 5; ++i)
            for (int axis = 0; axis < 2; ++axis) {
                // Own place and way to it add up to its place on the grid.
                const double there = axis == 0 ? -0.75 + 0.5 * (objects[i] % 4) : 0.75 - 0.5 * (objects[i] / 4);
                check(row[29 + 2 * i + axis], there - q[axis] / (2 * cell));
            }
        for (int axis = 0; axis < 2; ++axis)
            check(row[39 + axis], (q[axis] - Ant::centre(ant.agent())[axis]) / (cell / 2));
        std::vector<float> target(Ant::Target::width);
        ant.target(target.data());
        BOOST_TEST((target == std::vector<float>(row.begin(), row.begin() + 29)));
        auto torques = random_torques(random);
        for (float& torque : torques) torque *= 0.3f;
        BOOST_REQUIRE(!ant.step(torques.data()).done);
    }
    BOOST_TEST(symlog(-1.5) == -symlog(1.5));
    BOOST_TEST(symlog(0) == 0.0f);
}

BOOST_AUTO_TEST_CASE(the_task_is_not_in_the_observation) {
    Ant one(TaskDistribution::ant_pretraining()), other(TaskDistribution::ant_posttraining());
    one.begin(layout, parse_task("0-1"), core::Random(1));
    other.begin(layout, parse_task("2-1-0"), core::Random(1));
    core::Random torques(2);
    for (int t = 0; t < 5; ++t) {
        BOOST_TEST((seen(one) == seen(other)));
        const auto action = random_torques(torques);
        one.step(action.data());
        other.step(action.data());
    }
    BOOST_TEST(one.subgoal() == 0);
    BOOST_TEST(other.subgoal() == 2);
}

// The body.

BOOST_AUTO_TEST_CASE(the_body_has_the_public_dimensions) {
    const AntModel model = ant_model<AntWorld{}>();
    BOOST_TEST(model == ant_model<AntWorld{}>());  // loaded once
    BOOST_TEST(model->ngeom == 14);
    BOOST_TEST(model->opt.timestep == 0.01);
    BOOST_TEST(model->opt.integrator == mjINT_EULER);
    BOOST_TEST(model->geom_size[3 * 1] == 0.25);
    for (int geom = 2; geom < model->ngeom; ++geom) BOOST_TEST(model->geom_size[3 * geom] == 0.08);
    constexpr double degree = std::numbers::pi / 180;
    for (int joint = 0; joint < 8; ++joint) {
        const double* range = model->jnt_range + 2 * (1 + joint);
        BOOST_TEST(range[0] == (joint % 2 ? 30 : -30) * degree, boost::test_tools::tolerance(1e-9));
        BOOST_TEST(range[1] == (joint % 2 ? 70 : 30) * degree, boost::test_tools::tolerance(1e-9));
        BOOST_TEST(model->jnt_limited[1 + joint]);
        BOOST_TEST(model->dof_damping[6 + joint] == 1);
        BOOST_TEST(model->dof_armature[6 + joint] == 1);
        BOOST_TEST(model->actuator_gear[6 * joint] == 150);
        BOOST_TEST(model->actuator_trnid[2 * joint] == 1 + joint);
    }
    for (int dof = 0; dof < 6; ++dof) BOOST_TEST((model->dof_damping[dof] == 0 && model->dof_armature[dof] == 0));
    // Spheres and capsules of density 5.
    double mass = 0;
    for (int body = 0; body < model->nbody; ++body) mass += model->body_mass[body];
    const auto ball = [](double radius) { return 4.0 / 3 * std::numbers::pi * std::pow(radius, 3); };
    const auto rod = [](double length) { return std::numbers::pi * 0.08 * 0.08 * length; };
    const double root = std::sqrt(2.0), volume = ball(0.25) + 12 * ball(0.08) + 4 * rod(root * (0.2 + 0.2 + 0.4));
    BOOST_TEST(mass == 5 * volume, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_four_legs_are_alike) {
    // Turned by a quarter, with the torques of each leg given to the next: the same motion, turned.
    for (const auto integrator : {AntIntegrator::euler, AntIntegrator::runge_kutta}) {
        AntSimulation ant(load_ant(ant_mjcf({}, 0.01, integrator))), turned(ant);
        AntState state;
        state.position = {0, 0, AntRest::height, 1, 0, 0, 0};
        for (int leg = 0; leg < 4; ++leg) state.position[8 + 2 * leg] = AntRest::ankle;
        ant.begin(state);
        turned.begin(state);
        core::Random random(11);
        for (int t = 0; t < 10; ++t) {
            const Torques torques = random_torques(random);
            Torques next;
            for (int i = 0; i < 8; ++i) next[(i + 2) % 8] = torques[i];
            BOOST_REQUIRE(ant.advance(torques.data(), 5));
            BOOST_REQUIRE(turned.advance(next.data(), 5));
            const double *q = ant.position(), *p = turned.position();
            BOOST_TEST(std::abs(p[0] + q[1]) < 1e-6);
            BOOST_TEST(std::abs(p[1] - q[0]) < 1e-6);
            BOOST_TEST(std::abs(p[2] - q[2]) < 1e-6);
            for (int i = 0; i < 8; ++i) BOOST_TEST(std::abs(p[7 + (i + 2) % 8] - q[7 + i]) < 1e-6);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_part_may_touch_the_ground_at_once) {
    // The most contacts there can be fit into the memory that the model sets aside: no warning.
    for (const auto integrator : {AntIntegrator::euler, AntIntegrator::runge_kutta}) {
        AntSimulation ant(load_ant(ant_mjcf({}, 0.01, integrator)));
        AntState flat;
        flat.position = {0, 0, 0, 1, 0, 0, 0};
        for (int i = 0; i < 8; ++i) flat.position[7 + i] = 1.5;  // beyond all limits
        ant.begin(flat);
        BOOST_TEST(ant.advance(none.data(), 1));
        BOOST_TEST(ant.data().ncon == 25);
        BOOST_TEST(ant.data().nefc == 4 * 25 + 8);
    }
}

BOOST_AUTO_TEST_CASE(torques_are_clipped) {
    Ant a(TaskDistribution::ant_pretraining()), b(a);
    a.begin(layout, parse_task("2"), core::Random(12));
    b.begin(layout, parse_task("2"), core::Random(12));
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const Torques wild{100, -1.5f, infinity, -infinity, 1, -1, 0.5f, 2}, clipped{1, -1, 1, -1, 1, -1, 0.5f, 1};
    for (int t = 0; t < 3; ++t) {
        a.step(wild.data());
        b.step(clipped.data());
        BOOST_TEST((seen(a) == seen(b)));
    }
}

// What goes wrong.

BOOST_AUTO_TEST_CASE(diverging_physics_end_the_episode_and_nothing_else) {
    Ant ant(TaskDistribution::ant_pretraining()), fresh(ant);
    for (const double speed : {1e9, 1e12, std::numeric_limits<double>::quiet_NaN()}) {
        auto state = resting();
        state.velocity[8] = speed;
        ant.begin(layout, parse_task("1"), state);
        Transition transition{0, false};
        for (int t = 0; t < 5 && !transition.done; ++t) transition = ant.step(none.data());
        BOOST_TEST(transition.done);
        BOOST_TEST(transition.reward == 0.0f);
        BOOST_TEST(ant.diverged());
        BOOST_TEST(all_finite(seen(ant)));
        ant.reset(core::Random(13));
        BOOST_TEST(!ant.diverged());
        fresh.reset(core::Random(13));
        BOOST_TEST((episode(ant, core::Random(14)) == episode(fresh, core::Random(14))));
    }
}

BOOST_AUTO_TEST_CASE(mistakes_are_refused_by_name) {
    BOOST_CHECK_EXCEPTION(load_ant("<mujoco><worldbody><nonsense/></worldbody></mujoco>"), core::Error,
                          message("MuJoCo refuses the model of the ant: XML Error"));
    BOOST_CHECK_EXCEPTION(load_ant(""), core::Error, message("is empty"));
    BOOST_CHECK_EXCEPTION(load_ant("<mujoco/>"), core::Error, message("has 0 position coordinates, expected 15"));
    std::string seven = ant_mjcf({}, 0.01, AntIntegrator::euler);
    const std::string motor = "<motor joint=\"hip_2\"/>";
    seven.erase(seven.find(motor), motor.size());
    BOOST_CHECK_EXCEPTION(load_ant(seven), core::Error, message("has 7 motors, expected 8"));
    BOOST_CHECK_EXCEPTION(AntSimulation(nullptr), core::Error, message("needs a model"));
    BOOST_CHECK_EXCEPTION(Ant(TaskDistribution::ant_pretraining(), load_ant(ant_mjcf({}, 0.02, AntIntegrator::euler))),
                          core::Error, message("time steps of 0.02"));
    BOOST_CHECK_EXCEPTION(Ant(TaskDistribution(parse_task("0-4"))), core::Error, message("names colour 4"));
    Ant ant(TaskDistribution::ant_pretraining());
    BOOST_CHECK_EXCEPTION(ant.begin(layout, parse_task("0"), resting(cell, 0)), core::Error,
                          message("begins in cell 6, its layout has it in cell 5"));
    BOOST_CHECK_EXCEPTION(ant.begin(test::draw<grid>("A0.. #1.. .2.. ...3"), parse_task("1"), core::Random(1)),
                          core::Error, message("no legal path"));
    ant.begin(layout, parse_task("0"), resting());
    Torques torques{};
    torques[3] = std::numeric_limits<float>::quiet_NaN();
    BOOST_CHECK_EXCEPTION(ant.step(torques.data()), core::Error, message("torque 3 of the ant is not a number"));
}

// Many at once.

namespace {
/// Observations of whole batches under random torques, one shard each, as one list.
template <class Policy>
std::vector<float> play_shards(const Policy& policy) {
    constexpr int shards = 4;
    std::vector<std::vector<float>> histories(shards);
    const Ant prototype(TaskDistribution::ant_pretraining());
    policy.for_each(shards, [&](int shard) {
        Batched<Ant> batch(prototype);
        batch.reset(5, core::Random(15).fork(shard));
        core::Buffer<float, Ant::Observation::width> observations;
        core::Buffer<float, 8> actions;
        core::Random random(shard);
        for (int t = 0; t < 60 && !batch.awaiting().empty(); ++t) {
            const int awaiting = static_cast<int>(batch.awaiting().size());
            batch.observe(observations.resize(awaiting));
            const auto all = observations.view().flat();
            histories[shard].insert(histories[shard].end(), all.begin(), all.end());
            for (float& torque : actions.resize(awaiting).flat()) torque = static_cast<float>(2 * random.uniform() - 1);
            batch.act(actions.view());
        }
    });
    std::vector<float> history;
    for (const auto& part : histories) history.insert(history.end(), part.begin(), part.end());
    return history;
}
}  // namespace

BOOST_AUTO_TEST_CASE(any_number_of_threads_gives_the_same_bits) {
    const auto expected = play_shards(core::Serial{});
    BOOST_TEST(expected.size() > 4u * 5 * 20 * Ant::Observation::width);
    BOOST_TEST((play_shards(core::Serial{}) == expected));
#ifdef _OPENMP
    for (const int threads : {1, 2, 4}) BOOST_TEST((play_shards(core::OpenMP{threads}) == expected));
#endif
}

BOOST_AUTO_TEST_CASE(no_allocation_once_warm) {
    Batched<Ant> batch{Ant(TaskDistribution::ant_pretraining())};
    core::Buffer<float, Ant::Observation::width> observations;
    core::Buffer<float, 8> actions;
    core::Random random(16);
    const auto run = [&](int count) {
        batch.reset(count, random.fork(count));
        for (int t = 0; t < 30 && !batch.awaiting().empty(); ++t) {
            const int awaiting = static_cast<int>(batch.awaiting().size());
            batch.observe(observations.resize(awaiting));
            for (float& torque : actions.resize(awaiting).flat()) torque = static_cast<float>(2 * random.uniform() - 1);
            batch.act(actions.view());
        }
    };
    BOOST_TEST(test::allocations([&] { run(8); }) > 0);  // the counter counts
    for (const int count : {8, 3, 8}) BOOST_TEST(test::allocations([&] { run(count); }) == 0);
}

BOOST_AUTO_TEST_CASE(episodes_are_recorded) {
    struct Trembling {
        Torques act(const Ant&, core::Random& random) const { return random_torques(random); }
    };
    EpisodesOf<Ant> episodes;
    record(Ant(TaskDistribution::ant_pretraining()), Trembling{}, 3, core::Random(17), episodes, false);
    data::validate(episodes);
    BOOST_TEST(episodes.count() == 3);
    for (int row = 0; row + 1 < episodes.offsets[1]; ++row)
        BOOST_TEST(std::equal(episodes.target_row(row), episodes.target_row(row) + Ant::Target::width,
                              episodes.observation_rows().row(row + 1)));
    for (const auto subgoal : episodes.subgoals) BOOST_TEST((subgoal >= 0 && subgoal < 4));
}

BOOST_AUTO_TEST_CASE(running_out_of_time_is_told_from_other_ends) {
    Ant ant(TaskDistribution::ant_pretraining());
    ant.begin(layout, parse_task("2"), resting());
    Transition transition{0, false};
    for (int t = 0; t < Ant::horizon; ++t) {
        BOOST_TEST(!ant.truncated());
        transition = ant.step(none.data());
        if (transition.done) break;
    }
    BOOST_TEST(ant.steps() == Ant::horizon);
    BOOST_TEST(ant.truncated());
    auto state = resting();
    state.position[2] = 1.5;
    ant.begin(layout, parse_task("2"), state);
    BOOST_TEST(ant.step(none.data()).done);  // too high
    BOOST_TEST(!ant.truncated());
}
