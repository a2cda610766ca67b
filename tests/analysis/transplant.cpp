#include "midstream/analysis/transplant.hpp"

#include "analysis/doors.hpp"

using namespace midstream;
using test::CodesMean, test::Doors, test::DoorsMeta;

BOOST_AUTO_TEST_CASE(a_code_from_every_segment) {
    const std::vector<int> offsets{0, 6, 9};
    const std::vector<std::int16_t> subgoals{2, 2, 2, 2, 0, 0, 0, 0, 1};  // a new episode is a new segment
    core::Buffer<float, 1> codes;
    for (int row = 0; row < codes.resize(9).count; ++row) codes.values[row] = static_cast<float>(row);
    const auto taken = [&](analysis::Moment moment) {
        const auto segments = analysis::segment_codes(std::as_const(codes).view(), {offsets}, subgoals, moment);
        BOOST_TEST(segments.subgoals == (std::vector<int>{2, 0, 0, 1}), boost::test_tools::per_element());
        return std::vector<float>(segments.codes.view().data, segments.codes.view().data + segments.codes.count);
    };
    BOOST_TEST(taken(analysis::Moment::last) == (std::vector<float>{3, 5, 7, 8}), boost::test_tools::per_element());
    BOOST_TEST(taken(analysis::Moment::middle) == (std::vector<float>{1, 4, 6, 8}), boost::test_tools::per_element());
    BOOST_CHECK_THROW(analysis::segment_codes(std::as_const(codes).view().slice(0, 8), {offsets}, subgoals),
                      core::Error);
}

namespace {

analysis::Transplant transplant(const core::Box<DoorsMeta::Parameters<float>>& meta) {
    env::EpisodesOf<Doors<>> episodes;
    env::record(Doors<>{}, test::DoorsExpert{}, 150, core::Random(1), episodes);
    const auto base = test::doors_model();
    return analysis::transplant(core::Serial{}, env::Batched(Doors<>{}), rl::Steered<DoorsMeta>(*base, *meta),
                                analysis::Goals{Doors<>::colours, test::behind_door}, episodes, core::Random(2),
                                {.noise = 0});
}

}  // namespace

BOOST_AUTO_TEST_CASE(colours_survive_a_new_layout) {
    const auto result = transplant(test::doors_meta(CodesMean::colours));
    BOOST_TEST(result.codes == 450);
    BOOST_TEST(result.reached == 1);
    BOOST_TEST(result.none == 0);
    int total = 0;
    for (int colour = 0; colour < 3; ++colour) total += result.counts.count(colour, colour);
    BOOST_TEST(total == 450);
    // Three colours, each a third of the segments.
    BOOST_TEST(std::abs(result.chance - 1.0 / 3) < 0.01);
}

BOOST_AUTO_TEST_CASE(places_do_not) {
    // In their own layouts these codes explain the expert as well as the others do.
    const auto result = transplant(test::doors_meta(CodesMean::doors));
    BOOST_TEST(result.reached > 0.25);
    BOOST_TEST(result.reached < 0.42);
    BOOST_TEST(result.none == 0);
}

BOOST_AUTO_TEST_CASE(codes_that_steer_nowhere_reach_nothing) {
    core::Box<DoorsMeta::Parameters<float>> idle;
    idle->inference.encoder.second.bias.values[0] = 1;  // codes, but no controllers
    const auto result = transplant(idle);
    BOOST_TEST(result.reached == 0);
    BOOST_TEST(result.none == 1);
    BOOST_TEST(result.chance == 0);
}
