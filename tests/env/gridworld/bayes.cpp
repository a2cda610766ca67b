#include "midstream/env/gridworld/bayes.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>

using namespace midstream;
using namespace midstream::env;

namespace {
constexpr Pinpad tiny{.size = 3, .colours = 3, .walls = 1, .horizon = 20};
using Tiny = GridworldPinpad<tiny>;

Tiny world() {
    return Tiny(TaskDistribution(
        {parse_task("0-1"), parse_task("0-2-0"), parse_task("2-1"), parse_task("1-1-2"), parse_task("0-1-2")}));
}

/// The probability of these actions, all from the beginning and none of them the last, given a task: by playing them.
double likelihood(const Layout<tiny>& layout, const Task& task, const ShortestPathExpert& expert,
                  const std::vector<std::int16_t>& actions) {
    try {
        Tiny environment(layout, task);
        double product = 1;
        for (std::size_t i = 0; i < actions.size(); ++i) {
            product *= expert.probabilities(environment)[actions[i]];
            if (environment.step(&actions[i]).done && i + 1 < actions.size()) return 0;
        }
        return product;
    } catch (const core::Error&) {
        return 0;  // this layout does not permit this task
    }
}
/// Whether the episode goes on after these actions.
bool goes_on(const Layout<tiny>& layout, const Task& task, const std::vector<std::int16_t>& actions) {
    Tiny environment(layout, task);
    for (const auto& action : actions)
        if (environment.step(&action).done) return false;
    return true;
}
}  // namespace

BOOST_AUTO_TEST_CASE(agrees_with_enumeration) {
    for (const double epsilon : {0.0, 0.2})
        for (const auto ties : {TieBreaking::uniform, TieBreaking::deterministic}) {
            const ShortestPathExpert expert{epsilon, ties};
            Tiny environment = world();
            BayesPredictor<tiny> predictor(expert);
            for (int episode = 0; episode < 60; ++episode) {
                std::vector<std::int16_t> past;
                const auto watch = [&](const Tiny& now, const std::int16_t* action) {
                    if (past.empty())
                        predictor.begin(now);
                    else
                        predictor.observe(past.back());
                    std::array<double, 4> joint{};
                    std::array<double, 3> colours{};
                    double evidence = 0;
                    for (const Task& task : now.tasks().tasks()) {
                        const double weight = likelihood(now.layout(), task, expert, past);
                        if (weight == 0 || !goes_on(now.layout(), task, past)) continue;
                        evidence += weight;
                        Tiny replay(now.layout(), task);
                        for (const auto& made : past) replay.step(&made);
                        colours[replay.colour()] += weight;
                        for (std::int16_t move = 0; move < 4; ++move) {
                            auto longer = past;
                            longer.push_back(move);
                            joint[move] += likelihood(now.layout(), task, expert, longer);
                        }
                    }
                    for (int move = 0; move < 4; ++move)
                        BOOST_TEST(std::abs(predictor.moves()[move] - joint[move] / evidence) < 1e-12);
                    for (int colour = 0; colour < 3; ++colour)
                        BOOST_TEST(std::abs(predictor.colours()[colour] - colours[colour] / evidence) < 1e-12);
                    BOOST_TEST(std::abs(std::accumulate(predictor.moves().begin(), predictor.moves().end(), 0.0) - 1) <
                               1e-12);
                    BOOST_TEST(std::abs(std::accumulate(predictor.colours().begin(), predictor.colours().end(), 0.0) -
                                        1) < 1e-12);
                    past.push_back(*action);
                };
                play(environment, expert, core::Random(11).fork(episode), watch);
            }
        }
}

BOOST_AUTO_TEST_CASE(beliefs_are_calibrated_because_the_prior_is_that_of_reset) {
    // Over many episodes every colour is the true one as often as it is believed to be, at the start and later. In so
    // tight a world that would not be so if the layout alone were drawn again for a task it forbids.
    constexpr Pinpad tight{.size = 3, .colours = 3, .walls = 2, .horizon = 30};
    GridworldPinpad<tight> environment(
        TaskDistribution({parse_task("0-1-2-0-1-2-0"), parse_task("1"), parse_task("2-2")}));
    const ShortestPathExpert expert;
    BayesPredictor<tight> predictor(expert);
    for (const int moment : {0, 1}) {
        std::array<double, 3> sum{}, squares{};
        for (int i = 0; i < 6000; ++i) {
            std::int16_t previous = 0;
            play(environment, expert, core::Random(12).fork(i), [&](const auto& now, const std::int16_t* action) {
                if (now.steps() == 0)
                    predictor.begin(now);
                else
                    predictor.observe(previous);
                previous = *action;
                if (now.steps() != moment) return;
                for (int colour = 0; colour < 3; ++colour) {
                    const double gap = (now.colour() == colour) - predictor.colours()[colour];
                    sum[colour] += gap;
                    squares[colour] += gap * gap;
                }
            });
        }
        for (int colour = 0; colour < 3; ++colour) {
            BOOST_TEST(std::abs(sum[colour]) < 4 * std::sqrt(squares[colour]));
            BOOST_TEST(squares[colour] > (moment == 0 ? 300 : 20));  // there was something not to know
        }
    }
}

BOOST_AUTO_TEST_CASE(floors_of_known_cases) {
    // One task: the Bayes predictor knows the goal.
    constexpr Pinpad small{.size = 5, .colours = 4, .walls = 1, .horizon = 50};
    using World = GridworldPinpad<small, Egocentric>;
    const auto single = bayes_floor(World(TaskDistribution(ascending_task(4))), {}, 200, core::Random(1));
    BOOST_TEST(single.action_nll.mean == single.known_goal_nll.mean, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(single.goal_accuracy.mean == 1.0);
    BOOST_TEST(single.known_goal_nll.mean > 0.1);
    // Deterministic ties: all there is to learn is which of 32 tasks it is, ln 32 nats an episode, of which a few are
    // told by the layout or never.
    const auto rule = TaskDistribution::transition_rule(4, 4);
    const auto clean = bayes_floor(World(rule), {.tie_breaking = TieBreaking::deterministic}, 4000, core::Random(2));
    BOOST_TEST(clean.known_goal_nll.mean == 0.0);
    BOOST_TEST(clean.action_nll.mean * clean.steps.mean < std::log(32.0));
    BOOST_TEST(std::abs(clean.action_nll.mean - 0.246) < 0.005);
    BOOST_TEST(std::abs(clean.steps.mean - 14.0) < 0.2);
    BOOST_TEST(clean.goal_accuracy.standard_error > 0.0);
    BOOST_CHECK_THROW(bayes_floor(World(rule), {}, 1, core::Random(2)), core::Error);
}

BOOST_AUTO_TEST_CASE(floor_of_the_papers_world) {
    using Paper = GridworldPinpad<Pinpad{}>;
    const auto floor = bayes_floor(Paper(TaskDistribution::paper_pretraining()), {}, 2000, core::Random(3));
    const auto near = [](const Estimate& estimate, double expected) {
        return std::abs(estimate.mean - expected) < 4 * estimate.standard_error;
    };
    BOOST_TEST(near(floor.steps, 31.50));
    BOOST_TEST(near(floor.known_goal_nll, 0.170));
    BOOST_TEST(near(floor.action_nll, 0.2555));
    BOOST_TEST(near(floor.goal_accuracy, 0.862));
    BOOST_TEST(floor.action_nll.standard_error < 0.003);
}
