#include "midstream/analysis/degeneration.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

using namespace midstream;
using namespace midstream::analysis;

namespace {
/// What is wrong with these figures: "" if nothing is.
template <class Figures>
std::string what(const Figures& figures) {
    std::string result;
    for (const Degeneration& each : degenerations(figures)) result += (result.empty() ? "" : ", ") + each.what;
    return result;
}
const SwitchFigures healthy_gates{
    .switches = 3, .steps = 24, .early_switches = 0.1, .early_changes = 0.1, .precision = 0.9, .chance_precision = 0.4};
}  // namespace

BOOST_AUTO_TEST_CASE(what_was_not_measured_is_not_judged) {
    BOOST_TEST(what(BeliefFigures{}) == "");
    BOOST_TEST(what(ControllerFigures{}) == "");
    BOOST_TEST(what(EventFigures{}) == "");
    BOOST_TEST(what(SwitchFigures{}) == "");
    BOOST_TEST(what(CodeFigures{}) == "");
    BOOST_TEST(what(RewardFigures{}) == "");
}

BOOST_AUTO_TEST_CASE(beliefs) {
    BOOST_TEST(what(BeliefFigures{.accuracy = 0.55, .observation = 0.3, .chance = 0.25}) == "");
    BOOST_TEST(what(BeliefFigures{.accuracy = 0.27, .observation = 0.26, .chance = 0.25}) == "Belief at chance");
    BOOST_TEST(what(BeliefFigures{.accuracy = 0.41, .observation = 0.4, .chance = 0.25}) == "Belief at chance");
    const auto found = degenerations(BeliefFigures{.accuracy = 0.27149, .observation = 0.26, .chance = 0.25});
    BOOST_TEST(found.at(0).figures ==
               "the subgoal is read from the best layer with an accuracy of 0.271, of guessing 0.25");
}

BOOST_AUTO_TEST_CASE(controllers) {
    BOOST_TEST(what(ControllerFigures{.success = 0.8, .alone = 0.01}) == "");
    BOOST_TEST(what(ControllerFigures{.success = 0.03, .alone = 0.01}) == "Controllers without effect");
}

BOOST_AUTO_TEST_CASE(events) {
    BOOST_TEST(what(EventFigures{.rise = 0.12}) == "");
    BOOST_TEST(what(EventFigures{.rise = -0.02}) == "No events");
    BOOST_TEST(what(EventFigures{.rise = 1.8, .skewness = 0.93}) == "");
    const auto found = degenerations(EventFigures{.rise = 1.5, .skewness = 0.3});
    BOOST_TEST(found.at(0).what == "No events");
    BOOST_TEST(found.at(0).figures ==
               "how the stream changes leans to one side by 0.3 at most, where beliefs that are given up have a "
               "skewness of 0.8 and more");
}

BOOST_AUTO_TEST_CASE(gates) {
    BOOST_TEST(what(healthy_gates) == "");
    const auto but = [](auto change) {
        SwitchFigures figures = healthy_gates;
        change(figures);
        return what(figures);
    };
    BOOST_TEST(but([](auto& f) { f.switches = 23; }) == "Gates stuck open");
    BOOST_TEST(but([](auto& f) { f.switches = 0.01; }) == "Gates stuck shut");
    BOOST_TEST(but([](auto& f) { f.early_switches = 0.95; }) == "Gates open at the start alone");
    BOOST_TEST(but([](auto& f) { f.early_switches = f.early_changes = 0.95; }) == "");  // so do subgoals
    BOOST_TEST(but([](auto& f) {
                   f.early_switches = 0.95;
                   f.early_changes = unmeasured;
               }) == "Gates open at the start alone");
    BOOST_TEST(but([](auto& f) { f.precision = 0.42; }) == "Switches at chance");
}

BOOST_AUTO_TEST_CASE(gates_are_counted_after_the_first_step) {
    // Two episodes, of 10 steps and of 5: the first fifth are steps 0 and 1, and step 0.
    const std::vector<int> offsets{0, 10, 15};
    std::vector<float> gates(15, 0.2f);
    std::vector<std::int16_t> subgoals(15, 1);
    gates[0] = gates[10] = 1;                // counted nowhere
    gates[1] = gates[7] = gates[12] = 0.5f;  // one of three is early
    for (int i = 7; i < 10; ++i) subgoals[static_cast<std::size_t>(i)] = 2;
    for (int i = 10; i < 15; ++i) subgoals[static_cast<std::size_t>(i)] = 3;  // a new episode is no change
    const auto found = switch_figures(gates, {offsets}, subgoals);
    BOOST_TEST(found.switches == 1.5);
    BOOST_TEST(found.steps == 6.5);
    BOOST_TEST(found.early_switches == 1.0 / 3);
    BOOST_TEST(found.early_changes == 0);
    BOOST_TEST(core::is_nan(found.precision));
    const auto blind = switch_figures(std::vector<float>(15, 0.0f), {offsets});
    BOOST_TEST(blind.switches == 0);
    BOOST_TEST(core::is_nan(blind.early_switches));
    BOOST_TEST(core::is_nan(blind.early_changes));
}

BOOST_AUTO_TEST_CASE(codes) {
    const CodeFigures healthy{
        .divergence = 6, .steered = 0.2, .unsteered = 0.26, .transplant = 0.9, .chance_transplant = 0.25};
    BOOST_TEST(what(healthy) == "");
    CodeFigures figures = healthy;
    figures.divergence = 0.001;
    figures.steered = 0.2599;
    figures.transplant = 0.3;
    BOOST_TEST(what(figures) == "Collapsed codes, Codes without effect, Codes that name moves");
}

BOOST_AUTO_TEST_CASE(rewards) {
    BOOST_TEST(what(RewardFigures{.batches = 10, .episodes = 10'240, .successes = 0}) == "RL that does not begin");
    BOOST_TEST(what(RewardFigures{.batches = 9, .episodes = 9216, .successes = 0}) == "");
    BOOST_TEST(what(RewardFigures{.batches = 10, .episodes = 10'240, .successes = 1}) == "");
    BOOST_TEST(degenerations(RewardFigures{.batches = 10, .episodes = 10'240, .successes = 0}).at(0).figures ==
               "none of the first 10240 episodes has succeeded");
}

BOOST_AUTO_TEST_CASE(every_sentence_has_a_place_in_the_documentation) {
    std::ifstream file(MIDSTREAM_TEST_FOLDER "/../docs/how-to/degenerate-runs.md");
    std::stringstream text;
    text << file.rdbuf();
    for (const auto& found :
         {degenerations(BeliefFigures{.accuracy = 0, .chance = 1}), degenerations(ControllerFigures{0, 1}),
          degenerations(SwitchFigures{.switches = 9, .steps = 9}), degenerations(SwitchFigures{.switches = 0}),
          degenerations(SwitchFigures{.switches = 1, .steps = 9, .early_switches = 1}),
          degenerations(SwitchFigures{.precision = 0, .chance_precision = 1}),
          degenerations(
              CodeFigures{.divergence = 0, .steered = 1, .unsteered = 1, .transplant = 0, .chance_transplant = 1}),
          degenerations(RewardFigures{.batches = 99, .episodes = 99, .successes = 0})}) {
        BOOST_TEST(!found.empty());
        for (const auto& each : found)
            BOOST_TEST(text.str().find("\n## " + each.what + "\n") != std::string::npos, each.what);
    }
}
