#include "midstream/analysis/alignment.hpp"

#include <boost/test/unit_test.hpp>

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
}
