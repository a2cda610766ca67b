#include "midstream/data/validate.hpp"

#include <limits>

#include "io/files.hpp"

using namespace midstream;

namespace {
using Grid = data::Episodes<data::OneHots<20, 3>, data::Categories<4>, data::Categories<9, 2>>;
using Point = data::Episodes<data::Dense<2>, data::Continuous<1>, data::Dense<1>, double>;

Grid grid() {
    Grid episodes;
    episodes.offsets = {0, 2, 5};
    episodes.observations.assign(15, 19);
    episodes.actions.assign(5, 3);
    episodes.targets.assign(10, 8);
    episodes.subgoals.assign(5, 2);
    episodes.returns = {0, 1};
    return episodes;
}
Point point() {
    Point episodes;
    episodes.offsets = {0, 2};
    episodes.observations = {0, 1, 2, 3};
    episodes.actions = {0.5, -0.5};
    episodes.targets = {2, std::numeric_limits<double>::quiet_NaN()};  // the last one is unused
    return episodes;
}
}  // namespace

BOOST_AUTO_TEST_CASE(what_is_optional_may_be_absent_unless_it_is_demanded) {
    Grid episodes = grid();
    episodes.targets.clear();
    episodes.subgoals.clear();
    episodes.returns.clear();
    data::validate(episodes);
    test::check_error("a source: targets has 0 entries, expected 10",
                      [&] { data::validate(episodes, {.targets = true}, "a source"); });
    test::check_error("subgoals has 0 entries, expected 5", [&] { data::validate(episodes, {.subgoals = 3}); });
    data::validate(grid(), {.targets = true, .subgoals = 3});
    data::validate(point(), {.targets = true});
    episodes.returns = {1};
    test::check_error("returns has 1 entries, expected 2", [&] { data::validate(episodes); });
    data::validate(Grid{}, {.targets = true, .subgoals = 3});
}

BOOST_AUTO_TEST_CASE(labels_are_in_the_range_that_is_demanded) {
    Grid episodes = grid();
    episodes.subgoals[3] = -1;
    data::validate(episodes);  // for whom labels do not matter
    test::check_error("subgoals [3] is -1, valid is 0 to 2", [&] { data::validate(episodes, {.subgoals = 3}); });
    test::check_error("subgoals [0] is 2, valid is 0 to 1", [&] { data::validate(episodes, {.subgoals = 2}); });
}

BOOST_AUTO_TEST_CASE(entries_outside_their_spaces_are_named) {
    const auto invalid = [](const std::string& why, auto episodes, const auto& change) {
        change(episodes);
        test::check_error(why, [&] { data::validate(episodes); });
    };
    invalid("observations [1, 2] is -1, valid is 0 to 19", grid(), [](Grid& e) { e.observations[5] = -1; });
    invalid("actions [4, 0] is 4, valid is 0 to 3", grid(), [](Grid& e) { e.actions[4] = 4; });
    invalid("targets [0, 1] is 9, valid is 0 to 8", grid(), [](Grid& e) { e.targets[1] = 9; });
    const double infinity = std::numeric_limits<double>::infinity();
    invalid("observations [1, 1] is not finite", point(), [&](Point& e) { e.observations[3] = -infinity; });
    invalid("actions [0, 0] is not finite", point(), [&](Point& e) { e.actions[0] = infinity; });
    invalid("targets [0, 0] is not finite", point(), [&](Point& e) { e.targets[0] = infinity; });
    invalid("offsets do not begin with 0", grid(), [](Grid& e) { e.offsets.clear(); });
    invalid("offsets [2] does not ascend", grid(), [](Grid& e) { e.offsets[2] = 2; });
}
