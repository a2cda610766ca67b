#include "midstream/analysis/informed_success.hpp"

#include "analysis/doors.hpp"

using namespace midstream;
using test::CodesMean, test::Doors, test::DoorsMeta, test::SwitchedDoorsMeta;

namespace {
core::Buffer<float, 3> unit_codes() {
    core::Buffer<float, 3> codes;
    core::map(codes.resize(3)).setIdentity();
    return codes;
}
template <class Meta = DoorsMeta, class Policy = core::Serial>
analysis::InformedSuccess informed(const core::Buffer<float, 3>& codes, rl::ActingOptions<Meta> options = {},
                                   const Policy& policy = {}, int shards = 4) {
    const auto base = test::doors_model();
    const auto meta = test::doors_meta<Meta>(CodesMean::colours);
    return analysis::informed_success(policy, env::Batched(Doors<>{}), rl::Steered<Meta>(*base, *meta, options),
                                      std::as_const(codes).view(), 300, core::Random(1), {.shards = shards});
}
}  // namespace

BOOST_AUTO_TEST_CASE(right_codes_succeed) {
    const auto result = informed(unit_codes());
    BOOST_TEST((result.episodes == analysis::SuccessRate{300, 300}));
    BOOST_TEST(result.decisions == 3);
}

BOOST_AUTO_TEST_CASE(a_wrong_code_fails_where_it_is_called_for) {
    auto codes = unit_codes();
    std::swap_ranges(codes.view().row(0), codes.view().row(0) + 3, codes.view().row(1));
    const auto result = informed(codes);
    BOOST_TEST(result.episodes.successes == 0);  // every goal holds a 0 or a 1
    BOOST_TEST(result.decisions < 3);
}

BOOST_AUTO_TEST_CASE(codes_are_asked_for_where_gates_reach_the_threshold) {
    for (const double threshold : {0.4, 0.5}) {
        const auto open = informed<SwitchedDoorsMeta>(unit_codes(), {.switching = {.threshold = threshold}});
        BOOST_TEST((open.episodes == analysis::SuccessRate{300, 300}));
        BOOST_TEST(open.decisions == 3);
    }
    // The first code stays in force and leads into the same door again, which is wrong by then.
    const auto shut = informed<SwitchedDoorsMeta>(unit_codes(), {.switching = {.threshold = 0.6}});
    BOOST_TEST(shut.episodes.successes == 0);
    BOOST_TEST(shut.decisions == 1);
}

BOOST_AUTO_TEST_CASE(mean_codes_of_segments) {
    analysis::SegmentCodes<2> segments;
    core::map(segments.codes.resize(3)) << 1, 2, 3, 6, -1, 0;
    segments.subgoals = {0, 0, 2};
    const auto means = analysis::mean_codes(segments, 3);
    const std::vector<float> expected{2, 4, 0, 0, -1, 0};
    BOOST_TEST(std::vector<float>(means.view().data, means.view().data + 6) == expected,
               boost::test_tools::per_element());
    BOOST_CHECK_THROW(analysis::mean_codes(segments, 2), core::Error);
}

#ifdef _OPENMP
BOOST_AUTO_TEST_CASE(threads_change_nothing) {
    const auto one = informed(unit_codes(), {.temperature = 2}),
               two = informed(unit_codes(), {.temperature = 2}, core::OpenMP{2}, 3);
    BOOST_TEST((one.episodes == two.episodes));
    BOOST_TEST(one.decisions == two.decisions);
}
#endif
