#include "midstream/env/gridworld/observations.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "env/worlds.hpp"
#include "midstream/core/tensor.hpp"

using namespace midstream;
using namespace midstream::env;

namespace {
constexpr Pinpad paper{};

/// Where things are, read back from a row: colours, walls, agent.
std::vector<int> decode_absolute(const std::int16_t* row) {
    std::vector<int> cells;
    for (int i = 0; i < 13; ++i) cells.push_back(row[i] - 49 * i);
    return cells;
}
std::vector<int> decode_egocentric(const std::int16_t* row) {
    using See = Egocentric<paper>;
    const auto own = See::meaning(row[12]);
    std::vector<int> cells;
    for (int i = 0; i < 12; ++i) {
        const auto meaning = See::meaning(row[i]);
        BOOST_TEST(meaning.object == i);
        cells.push_back((own.dy + meaning.dy) * 7 + own.dx + meaning.dx);
    }
    cells.push_back(own.dy * 7 + own.dx);
    return cells;
}
}  // namespace

BOOST_AUTO_TEST_CASE(sizes_are_the_papers) {
    BOOST_TEST(Absolute<paper>::Observation::dimension == 637);
    BOOST_TEST(Absolute<paper>::Observation::width == 13);
    BOOST_TEST(Absolute<paper>::Target::classes == 49);
    BOOST_TEST(Absolute<paper>::Target::width == 13);
    BOOST_TEST(Egocentric<paper>::Observation::dimension == 12 * 169 + 49);
    BOOST_TEST(Egocentric<paper>::Observation::width == 13);
    BOOST_TEST(Egocentric<paper>::Target::classes == 49);
    BOOST_TEST(Egocentric<paper>::Target::width == 1);
}

BOOST_AUTO_TEST_CASE(both_say_where_everything_is) {
    core::Random random(4);
    for (int i = 0; i < 500; ++i) {
        const auto layout = sample_layout<paper>(random);
        const int agent = random.below(49);  // anywhere, also on a colour
        std::vector<int> cells(layout.colours.begin(), layout.colours.end());
        cells.insert(cells.end(), layout.walls.begin(), layout.walls.end());
        cells.push_back(agent);
        std::int16_t absolute[13], egocentric[13], target[13], own[1];
        Absolute<paper>::observe(layout, agent, absolute);
        Egocentric<paper>::observe(layout, agent, egocentric);
        for (int k = 0; k < 13; ++k) {
            BOOST_TEST((absolute[k] >= 49 * k && absolute[k] < 49 * (k + 1)));  // so 13 different ones
            BOOST_TEST((egocentric[k] >= 169 * k && egocentric[k] < (k < 12 ? 169 * (k + 1) : 169 * 12 + 49)));
        }
        BOOST_TEST(decode_absolute(absolute) == cells, boost::test_tools::per_element());
        BOOST_TEST(decode_egocentric(egocentric) == cells, boost::test_tools::per_element());
        Absolute<paper>::target(layout, agent, target);
        BOOST_TEST(std::vector<int>(target, target + 13) == cells, boost::test_tools::per_element());
        Egocentric<paper>::target(layout, agent, own);
        BOOST_TEST(own[0] == agent);
    }
}

BOOST_AUTO_TEST_CASE(egocentric_entries_and_meanings_are_inverse) {
    using See = Egocentric<paper>;
    for (int index = 0; index < See::Observation::dimension; ++index) {
        BOOST_TEST(See::index(See::meaning(index)) == index);
        BOOST_TEST(See::meaning(index).object == std::min(index / 169, 12));
    }
    static_assert(See::meaning(84) == EgocentricMeaning{0, 0, 0});
}

BOOST_AUTO_TEST_CASE(offsets_count_columns_right_and_rows_down) {
    constexpr Pinpad world{.size = 3, .colours = 1, .walls = 1, .horizon = 9};
    const auto layout = test::draw<world>("..# A.. .0.");
    std::int16_t row[3];
    Egocentric<world>::observe(layout, layout.agent, row);
    BOOST_TEST((Egocentric<world>::meaning(row[0]) == EgocentricMeaning{0, 1, 1}));
    BOOST_TEST((Egocentric<world>::meaning(row[1]) == EgocentricMeaning{1, 2, -1}));
    BOOST_TEST((Egocentric<world>::meaning(row[2]) == EgocentricMeaning{2, 0, 1}));
}

BOOST_AUTO_TEST_CASE(relative_shows_offsets_and_blocked_moves_and_no_place) {
    constexpr Pinpad world{.size = 3, .colours = 1, .walls = 1, .horizon = 9};
    const auto corner = test::draw<world>("A#. ... .0.");
    std::int16_t row[3], egocentric[3], target[1];
    Relative<world>::observe(corner, corner.agent, row);
    Egocentric<world>::observe(corner, corner.agent, egocentric);
    BOOST_TEST(row[0] == egocentric[0]);
    BOOST_TEST(row[1] == egocentric[1]);
    // Up and left lead off the grid, right into the wall; down is free. Moves are up, down, left, right.
    BOOST_TEST(row[2] == Relative<world>::offsets + 0b1101);
    Relative<world>::target(corner, corner.agent, target);
    BOOST_TEST(target[0] == row[0]);
    BOOST_TEST(target[0] < Relative<world>::Target::classes);
    // Everything moved by a cell, and nothing at an edge that was not: the same observation.
    constexpr Pinpad wide{.size = 5, .colours = 1, .walls = 1, .horizon = 9};
    const auto here = test::draw<wide>("..... .A.#. .0... ..... ....."),
               there = test::draw<wide>("..... ..... .A.#. .0... .....");
    Relative<wide>::observe(here, here.agent, row);
    Relative<wide>::observe(there, there.agent, egocentric);
    for (int i = 0; i < 3; ++i) BOOST_TEST(row[i] == egocentric[i]);
}
