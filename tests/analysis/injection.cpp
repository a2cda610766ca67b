#include "midstream/analysis/injection.hpp"

#include "analysis/doors.hpp"
#include "io/files.hpp"

using namespace midstream;
using test::CodesMean, test::Doors, test::DoorsMeta;

namespace {

const env::Batched<Doors<>> hall{Doors<>{}};
const auto base = test::doors_model();
const analysis::Goals goals{3, test::behind_door};

template <class Meta>
rl::Steered<Meta> steered(const core::Box<typename Meta::template Parameters<float>>& meta,
                          const rl::ActingOptions<Meta>& options = {}) {
    return {*base, *meta, options};
}

analysis::ReachingCodes<3> codes_of(const core::Box<DoorsMeta::Parameters<float>>& meta) {
    return analysis::reaching_codes(core::Serial{}, hall, steered<DoorsMeta>(meta), goals, 400, core::Random(1));
}
analysis::Injection inject(const core::Box<DoorsMeta::Parameters<float>>& meta, int goal,
                           analysis::InjectionMoment moment, const rl::ActingOptions<DoorsMeta>& options = {},
                           const analysis::BatchOptions& batches = {}) {
    return analysis::inject(core::Serial{}, hall, steered<DoorsMeta>(meta, options), goals,
                            codes_of(meta).by_goal[goal], {goal, moment, 600}, core::Random(2), batches);
}

}  // namespace

BOOST_AUTO_TEST_CASE(codes_are_kept_by_what_they_led_to) {
    const auto codes = codes_of(test::doors_meta(CodesMean::colours));
    BOOST_TEST(codes.by_goal.size() == 3u);
    int matching = 0, total = 0;
    for (int colour = 0; colour < 3; ++colour)
        for (const auto& code : codes.by_goal[colour]) {
            matching += std::max_element(code.begin(), code.end()) - code.begin() == colour;
            ++total;
        }
    BOOST_TEST(total > 300);
    BOOST_TEST(matching > 0.7 * total);
    for (const auto& none : codes_of({}).by_goal) BOOST_TEST(none.empty());
}

BOOST_AUTO_TEST_CASE(codes_of_colours_lead_there_again) {
    const auto meta = test::doors_meta(CodesMean::colours);
    for (int goal = 0; goal < 3; ++goal) {
        const auto early = inject(meta, goal, {.step = 1});
        BOOST_TEST(early.injected.attempts > 100);
        BOOST_TEST(early.injected.attempts == early.left_alone.attempts);  // the same episodes up to there
        BOOST_TEST(early.injected.share() > 0.55);  // some codes lie near a border, where the model chooses at random
        BOOST_TEST(early.injected.share() > early.left_alone.share() + 0.2);
    }
    const auto after = inject(meta, 1, {.after = 0});
    BOOST_TEST(after.injected.attempts > 30);
    BOOST_TEST(after.injected.share() > 0.7);
    BOOST_TEST(after.left_alone.share() < 0.6);
}

BOOST_AUTO_TEST_CASE(codes_of_doors_do_not) {
    const auto early = inject(test::doors_meta(CodesMean::doors), 0, {.step = 1});
    BOOST_TEST(std::abs(early.injected.share() - early.left_alone.share()) < 0.1);
}

BOOST_AUTO_TEST_CASE(workers_do_not_matter) {
    const auto meta = test::doors_meta(CodesMean::colours);
    const auto one = inject(meta, 0, {.step = 1}, {}, {.batch = 50, .shards = 1});
    const auto three = inject(meta, 0, {.step = 1}, {}, {.batch = 50, .shards = 3});
    BOOST_TEST((one.injected == three.injected && one.left_alone == three.left_alone));
}

BOOST_AUTO_TEST_CASE(without_codes_there_is_nothing_to_inject) {
    BOOST_CHECK_THROW(inject({}, 0, {.step = 1}), core::Error);
}

BOOST_AUTO_TEST_CASE(moments_that_never_come_and_batches_of_nothing_are_refused) {
    const auto meta = test::doors_meta(CodesMean::colours);
    test::check_error("a code is injected after step 1", [&] { inject(meta, 0, {.step = 0}); });
    test::check_error("batch is 0", [&] {
        analysis::reaching_codes(core::Serial{}, hall, steered<DoorsMeta>(meta), goals, 400, core::Random(1),
                                 {.batch = 0});
    });
}

/// What injection measures is how internal RL acts: the switch and its threshold are the caller's.
BOOST_AUTO_TEST_CASE(the_switch_is_the_one_that_is_given) {
    using test::SwitchedDoorsMeta;
    const auto meta = test::doors_meta<SwitchedDoorsMeta>(CodesMean::colours);
    const auto reached = [&](double threshold) {
        const auto codes = analysis::reaching_codes(
            core::Serial{}, hall, steered<SwitchedDoorsMeta>(meta, {.switching = {.threshold = threshold}}), goals, 400,
            core::Random(1));
        std::size_t count = 0;
        for (const auto& of_goal : codes.by_goal) count += of_goal.size();
        return count;
    };
    // Gates of one half: new codes at every step, or the first one for ever, which leads to one door alone.
    BOOST_TEST(reached(0.4) > reached(0.6) + 50);
    BOOST_TEST(reached(0.5) == reached(0.4));
}
