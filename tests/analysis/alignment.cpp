#include "midstream/analysis/alignment.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace midstream;

namespace {

/// Two episodes of 8 and 5 steps with changes at rows 3 and 6, and at row 10 (step 2 of the second).
const std::vector<int> offsets{0, 8, 13};
const std::vector<std::int16_t> subgoals{0, 0, 0, 1, 1, 1, 2, 2, 0, 0, 1, 1, 1};

analysis::Alignment align(const std::vector<int>& switches, const analysis::AlignmentOptions& options = {}) {
    core::Buffer<float, 1> gates;
    gates.zeros(13);
    for (const int row : switches) gates.values[row] = 0.75f;
    return analysis::alignment(gates.view(), {offsets}, subgoals, options);
}

}  // namespace

BOOST_AUTO_TEST_CASE(switches_on_every_change) {
    const auto result = align({0, 3, 6, 8, 10});  // and on the first steps, which do not count
    BOOST_TEST(result.precision == 1);
    BOOST_TEST(result.recall == 1);
    BOOST_TEST(result.switches == 1.5);
    BOOST_TEST(result.changes == 1.5);
}

BOOST_AUTO_TEST_CASE(shifted_by_one) {
    for (const auto& switches : {std::vector<int>{2, 5, 9}, std::vector<int>{4, 7, 11}}) {
        BOOST_TEST(align(switches).precision == 1);
        BOOST_TEST(align(switches).recall == 1);
        BOOST_TEST(align(switches, {.tolerance = 0}).precision == 0);
        BOOST_TEST(align(switches, {.tolerance = 0}).recall == 0);
        BOOST_TEST(align(switches).offset == (switches[0] == 4 ? 1 : -1));
        BOOST_TEST(std::isnan(align(switches, {.tolerance = 0}).offset));
    }
}

BOOST_AUTO_TEST_CASE(extra_switches_cost_precision) {
    const auto result = align({1, 3, 6, 10, 12});
    BOOST_TEST(result.precision == 3.0 / 5);
    BOOST_TEST(result.recall == 1);
}

BOOST_AUTO_TEST_CASE(missing_switches_cost_recall) {
    const auto result = align({3, 10});
    BOOST_TEST(result.precision == 1);
    BOOST_TEST(result.recall == 2.0 / 3);
}

BOOST_AUTO_TEST_CASE(matching_is_one_to_one) {
    // Three switches within reach of one change match it once.
    BOOST_TEST(align({2, 3, 4}).precision == 1.0 / 3);
    BOOST_TEST(align({2, 3, 4}).recall == 1.0 / 3);
    // A switch between two changes serves one; two served in turn serve both, though each prefers the same.
    BOOST_TEST(align({5}, {.tolerance = 2}).recall == 1.0 / 3);
    BOOST_TEST(align({4, 5}, {.tolerance = 2}).recall == 2.0 / 3);
}

BOOST_AUTO_TEST_CASE(the_offset_is_that_of_the_nearest_matching) {
    BOOST_TEST(align({2, 3}).offset == 0);  // not of the first switch in reach
    BOOST_TEST(align({3, 4}).offset == 0);
    BOOST_TEST(align({2, 4}).offset == -1);  // equally near: the earlier
    BOOST_TEST(align({3, 7, 9, 11}).offset == 0.0);
    BOOST_TEST(align({4, 6, 11}).offset == 2.0 / 3);
    // More pairs come before near ones: 3 with the change at 3, 4 with that at 6, not 4 with the change at 3 alone.
    BOOST_TEST(align({3, 4}, {.tolerance = 2}).recall == 2.0 / 3);
    BOOST_TEST(align({3, 4}, {.tolerance = 2}).offset == -1);
    BOOST_TEST(align({0, 8}).switches == 0);  // first steps are no switches
    BOOST_TEST(std::isnan(align({0, 8}).offset));
}

// The average over all sets of as many steps, matched one by one, is what the formula says.
BOOST_AUTO_TEST_CASE(chance_is_the_mean_over_all_ways_to_place_the_switches) {
    const std::vector<int> one{0, 9};
    for (const auto& labels : {std::vector<std::int16_t>{0, 0, 1, 1, 1, 1, 2, 2, 2},
                               {0, 1, 2, 2, 2, 2, 2, 2, 3},
                               {0, 0, 0, 1, 2, 1, 1, 0, 0},
                               {0, 0, 0, 0, 0, 0, 0, 0, 0}})
        for (const int tolerance : {0, 1, 2, 20}) {
            std::array<double, 9> precision{}, recall{}, ways{}, chance_precision{}, chance_recall{};
            for (int set = 0; set < 256; ++set) {
                core::Buffer<float, 1> gates;
                gates.zeros(9);
                for (int i = 0; i < 8; ++i) gates.values[i + 1] = static_cast<float>(set >> i & 1);
                const auto result = analysis::alignment(gates.view(), {one}, labels, {.tolerance = tolerance});
                const auto count = static_cast<std::size_t>(result.switches);
                precision[count] += result.precision;
                recall[count] += result.recall;
                ++ways[count];
                chance_precision[count] = result.chance_precision;
                chance_recall[count] = result.chance_recall;
            }
            for (std::size_t count = 0; count < ways.size(); ++count) {
                BOOST_TEST(std::abs(precision[count] / ways[count] - chance_precision[count]) < 1e-12);
                BOOST_TEST(std::abs(recall[count] / ways[count] - chance_recall[count]) < 1e-12);
            }
        }
}

BOOST_AUTO_TEST_CASE(chance_is_weighted_as_precision_and_recall_are) {
    // Two switches among the 7 steps of the first episode, one among the 4 of the second; tolerance 0.
    const auto result = align({1, 2, 10}, {.tolerance = 0});
    BOOST_TEST(std::abs(result.chance_precision - (2 * 2.0 / 7 + 1.0 / 4) / 3) < 1e-12);
    BOOST_TEST(std::abs(result.chance_recall - (2 * 2.0 / 7 + 1.0 / 4) / 3) < 1e-12);
    BOOST_TEST(align({}).chance_precision == 0);
    BOOST_TEST(align({}).chance_recall == 0);
}

BOOST_AUTO_TEST_CASE(matching_stays_within_an_episode) {
    // Row 7 is the last of the first episode, three steps before the change at row 10.
    BOOST_TEST(align({7}, {.tolerance = 3}).recall == 1.0 / 3);
    BOOST_TEST(align({6, 3, 7}, {.tolerance = 3}).recall == 2.0 / 3);
}

BOOST_AUTO_TEST_CASE(no_switches) {
    const auto result = align({});
    BOOST_TEST(result.precision == 0);
    BOOST_TEST(result.recall == 0);
    BOOST_TEST(result.switches == 0);
}

BOOST_AUTO_TEST_CASE(the_threshold_belongs_to_switches) {
    BOOST_TEST(align({3}, {.threshold = 0.75f}).switches == 0.5);
    BOOST_TEST(align({3}, {.threshold = 0.76f}).switches == 0);
}

BOOST_AUTO_TEST_CASE(mean_gate_around_changes) {
    const auto result = align({0, 3, 6, 8, 10});
    constexpr int reach = analysis::Alignment::reach;
    // By hand: changes at steps 3 and 6 of 8, and 2 of 5; first steps left out.
    const std::array<int, 2 * reach + 1> counts{1, 1, 1, 2, 3, 3, 3, 2, 1, 1, 0};
    BOOST_TEST(result.mean_gate_count == counts, boost::test_tools::per_element());
    BOOST_TEST(result.mean_gate[reach] == 0.75);
    BOOST_TEST(result.mean_gate[reach - 1] == 0);
    BOOST_TEST(result.mean_gate[reach - 3] == 0.75);  // step 3, seen from 6; step 0 seen from 3 is the first
    BOOST_TEST(result.mean_gate[reach + 3] == 0.75);
    BOOST_TEST(result.mean_gate[reach + 5] == 0);
}

BOOST_AUTO_TEST_CASE(sequences_in_the_middle_of_a_batch) {
    // The second episode alone: offsets that do not begin with zero.
    core::Buffer<float, 1> gates;
    gates.zeros(5).data[2] = 1;
    const auto result =
        analysis::alignment(gates.view(), {std::span<const int>(offsets).subspan(1)}, std::span(subgoals).subspan(8));
    BOOST_TEST(result.precision == 1);
    BOOST_TEST(result.recall == 1);
}

BOOST_AUTO_TEST_CASE(sizes_must_agree) {
    core::Buffer<float, 1> gates;
    BOOST_CHECK_THROW(analysis::alignment(gates.zeros(12), {offsets}, subgoals), core::Error);
    BOOST_CHECK_THROW(align({}, {.tolerance = -1}), core::Error);
    // As of an environment that has no subgoal() to tell: a measure of nothing would be 0, and looks like one.
    auto unknown = subgoals;
    unknown[3] = -1;
    BOOST_CHECK_THROW(analysis::alignment(gates.zeros(static_cast<int>(unknown.size())), {offsets}, unknown),
                      core::Error);
}
