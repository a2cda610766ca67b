#include "midstream/analysis/first_reached.hpp"

#include "analysis/doors.hpp"
#include "env/worlds.hpp"
#include "midstream/env/gridworld/pinpad.hpp"

using namespace midstream;
using test::CodesMean, test::Doors, test::DoorsMeta;

namespace {

/// Two codes along each axis.
core::Buffer<float, 3> axes() {
    core::Buffer<float, 3> codes;
    codes.zeros(6);
    for (int i = 0; i < 6; ++i) codes.view().row(i)[i / 2] = i % 2 ? 1.0f : 2.0f;
    return codes;
}

template <class Policy = core::Serial>
analysis::FirstReached fixed(CodesMean meaning, const core::Buffer<float, 3>& codes, int episodes,
                             const Policy& policy = {}, const rl::ActingOptions<DoorsMeta>& acting = {},
                             const analysis::BatchOptions& batches = {}) {
    const auto base = test::doors_model();
    const auto meta = test::doors_meta(meaning);
    return analysis::fixed_codes(policy, env::Batched(Doors<>{}), rl::Steered<DoorsMeta>(*base, *meta, acting),
                                 analysis::Goals{Doors<>::colours, test::behind_door}, codes.view(), episodes,
                                 core::Random(1), batches);
}

}  // namespace

BOOST_AUTO_TEST_CASE(codes_that_mean_colours) {
    const auto reached = fixed(CodesMean::colours, axes(), 50);
    for (int code = 0; code < 6; ++code)
        for (int colour = -1; colour < 3; ++colour)
            BOOST_TEST(reached.count(code, colour) == (colour == code / 2 ? 50 : 0));
    const auto summary = analysis::summarise(reached);
    BOOST_TEST(summary.mode_share == 1);
    BOOST_TEST(summary.decisive == 1);
    BOOST_TEST(summary.covered == 3);
    BOOST_TEST(summary.none == 0);
    BOOST_TEST(std::abs(summary.information - std::log(3.0)) < 1e-12);
}

BOOST_AUTO_TEST_CASE(codes_that_mean_places) {
    const auto summary = analysis::summarise(fixed(CodesMean::doors, axes(), 100));
    BOOST_TEST(summary.mode_share > 0.33);
    BOOST_TEST(summary.mode_share < 0.5);
    BOOST_TEST(summary.decisive == 0);
    BOOST_TEST(summary.covered == 0);
    BOOST_TEST(summary.none == 0);
    BOOST_TEST(summary.information < 4 * summary.information_bias);
}

BOOST_AUTO_TEST_CASE(a_code_that_means_nothing) {
    core::Buffer<float, 3> codes;
    codes.zeros(2);
    const auto summary = analysis::summarise(fixed(CodesMean::colours, codes, 10));
    BOOST_TEST(summary.none == 1);
    BOOST_TEST(summary.mode_share == 0);
    BOOST_TEST(summary.information == 0);
}

BOOST_AUTO_TEST_CASE(episodes_differ_and_threads_do_not) {
    const auto expected = fixed(CodesMean::doors, axes(), 30, core::Serial{}, {}, {.batch = 16, .shards = 1});
    BOOST_TEST((fixed(CodesMean::doors, axes(), 30, core::Serial{}, {}, {.batch = 16, .shards = 3}).counts ==
                expected.counts));
    BOOST_TEST((fixed(CodesMean::doors, axes(), 30, core::Serial{}, {}, {.batch = 7}).counts != expected.counts));
#ifdef _OPENMP
    BOOST_TEST((fixed(CodesMean::doors, axes(), 30, core::OpenMP{2}, {}, {.batch = 16}).counts == expected.counts));
#endif
}

BOOST_AUTO_TEST_CASE(only_what_is_reached_first_counts) {
    // Held, the code reaches colour 0 at every step of an episode, and what is said of later steps is not asked for.
    int asked = 0;
    const auto base = test::doors_model();
    const auto meta = test::doors_meta(CodesMean::colours);
    const analysis::Goals goals{3, [&](const Doors<>& environment) {
                                    ++asked;
                                    BOOST_TEST(environment.at == 0);
                                    return environment.steps == 1 ? 2 : 1;
                                }};
    const auto outcomes =
        analysis::hold_codes(core::Serial{}, env::Batched(Doors<>{}), rl::Steered<DoorsMeta>(*base, *meta), goals,
                             axes().view().slice(0, 1), core::Random(1));
    BOOST_TEST(outcomes == std::vector<int>{2}, boost::test_tools::per_element());
    BOOST_TEST(asked == 1);
}

BOOST_AUTO_TEST_CASE(a_summary_by_hand) {
    analysis::FirstReached reached(2, 2);
    reached.count(0, 0) = 8, reached.count(0, 1) = 1, reached.count(0, -1) = 1;
    reached.count(1, 0) = 2, reached.count(1, 1) = 2, reached.count(1, 2) = 6;
    const auto summary = analysis::summarise(reached);
    BOOST_TEST(summary.mode_share == (0.8 + 0.2) / 2);
    BOOST_TEST(summary.decisive == 0.5);
    BOOST_TEST(summary.covered == 1);
    BOOST_TEST(summary.none == 7.0 / 20);
    const double h_outcome = -(0.5 * std::log(0.5) + 0.15 * std::log(0.15) + 0.35 * std::log(0.35));
    const double h_given = -(0.8 * std::log(0.8) + 0.2 * std::log(0.1) + 0.4 * std::log(0.2) + 0.6 * std::log(0.6)) / 2;
    BOOST_TEST(std::abs(summary.information - (h_outcome - h_given)) < 1e-12);
    BOOST_TEST(summary.information_bias == 1.0 * 2 / 40);
    BOOST_CHECK_THROW(analysis::summarise(analysis::FirstReached(2, 2)), core::Error);
}

BOOST_AUTO_TEST_CASE(chance_forgets_what_codes_mean_and_keeps_how_often_each_outcome_is) {
    analysis::FirstReached reached(64, 4);
    for (int code = 0; code < 64; ++code) reached.count(code, code % 4) = 64;
    const auto by_chance = analysis::chance(reached, core::Random(1));
    // 64 episodes, 4 equally likely outcomes: the most frequent has about .32 of them (docs/laptop-scale.md).
    BOOST_TEST(by_chance.mode_share > 0.30);
    BOOST_TEST(by_chance.mode_share < 0.34);
    BOOST_TEST(by_chance.decisive == 0);
    BOOST_TEST(by_chance.covered == 0);
    const double bias = analysis::summarise(reached).information_bias;
    BOOST_TEST(by_chance.information > 0.8 * bias);
    BOOST_TEST(by_chance.information < 1.2 * bias);
    // Where one outcome alone occurs, chance is as good as any code.
    analysis::FirstReached same(8, 4);
    for (int code = 0; code < 8; ++code) same.count(code, 2) = 10;
    BOOST_TEST(analysis::chance(same, core::Random(1)).decisive == 1);
    BOOST_TEST(analysis::chance(same, core::Random(1)).covered == 1);
}

BOOST_AUTO_TEST_CASE(outcomes_out_of_range_are_refused) {
    BOOST_CHECK_THROW(fixed(CodesMean::colours, axes(), 0), core::Error);
    BOOST_CHECK_THROW(fixed(CodesMean::colours, axes(), 1, core::Serial{}, {}, {.batch = 0}), core::Error);
    BOOST_CHECK_THROW(fixed(CodesMean::colours, axes(), 1, core::Serial{}, {.gain = -1}), core::Error);
    BOOST_CHECK_THROW(fixed(CodesMean::colours, axes(), 1, core::Serial{}, {.temperature = -1}), core::Error);
    const std::vector<int> groups{0, 0}, outcomes{0, 3};
    BOOST_CHECK_THROW(analysis::tally(groups, outcomes, 1, 3), core::Error);
}

BOOST_AUTO_TEST_CASE(prior_codes_are_standard_normal) {
    const auto codes = analysis::prior_codes<4>(2000, core::Random(5));
    const auto values = core::map(codes.view());
    BOOST_TEST(codes.count == 2000);
    BOOST_TEST(std::abs(values.mean()) < 0.05);
    BOOST_TEST(std::abs(values.squaredNorm() / 8000 - 1) < 0.1);
}

BOOST_AUTO_TEST_CASE(standing_in_a_pinpad_world) {
    constexpr env::Pinpad world{.size = 3, .colours = 2, .walls = 1, .horizon = 9};
    env::GridworldPinpad<world> environment(test::draw<world>("A1. .#. 0.."), env::parse_task("1-0"), 2);
    const std::int16_t right = 3;
    BOOST_TEST(analysis::ColourStoodOn{}(environment) == -1);
    environment.step(&right);
    BOOST_TEST(analysis::ColourStoodOn{}(environment) == 1);
    BOOST_TEST(analysis::SubgoalStoodOn{}(environment) == 0);
    environment.step(&right);
    BOOST_TEST(analysis::ColourStoodOn{}(environment) == -1);
    BOOST_TEST(analysis::SubgoalStoodOn{}(environment) == -1);
}
