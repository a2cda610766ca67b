#include "midstream/analysis/steered_success.hpp"

#include "analysis/doors.hpp"

using namespace midstream;
using test::Doors, test::DoorsControllers;

namespace {

template <int Horizon = 8, class Policy = core::Serial>
analysis::SteeredSuccess steered(const core::Box<DoorsControllers::Parameters<float>>& controllers, float gain = 1,
                                 const Policy& policy = {}, analysis::RolloutOptions options = {}) {
    options.gain = gain;
    return analysis::steered_success<DoorsControllers>(policy, env::Batched(Doors<Horizon>{}), *test::doors_model(),
                                                       *controllers, 300, core::Random(1), options);
}

analysis::SuccessRate total(const analysis::SteeredSuccess& result) {
    analysis::SuccessRate sum;
    for (const auto& rate : result.transitions) sum += rate;
    return sum;
}

}  // namespace

BOOST_AUTO_TEST_CASE(controllers_that_reach_their_subgoals) {
    const auto result = steered(test::doors_controllers());
    BOOST_TEST(result.success() == 1);
    BOOST_TEST(result.mean_length == 3);
    BOOST_TEST((total(result) == analysis::SuccessRate{900, 900}));
    for (int to = 0; to < 3; ++to) {
        BOOST_TEST(result.transition(-1, to).attempts > 60);
        BOOST_TEST(result.transition(to, to).attempts == 0);
    }
    BOOST_TEST(result.transition(-1, 0).attempts + result.transition(-1, 1).attempts +
                   result.transition(-1, 2).attempts ==
               300);
}

BOOST_AUTO_TEST_CASE(one_controller_fails_and_so_do_its_transitions) {
    auto controllers = test::doors_controllers();
    for (int door = 0; door < 3; ++door) test::at(controllers->down, 6 + door, 6 + door) = 0;
    const auto result = steered(controllers);
    for (int from = -1; from < 3; ++from)
        for (int to = 0; to < 3; ++to) {
            const auto& rate = result.transition(from, to);
            if (from == to || from == 2)
                BOOST_TEST(rate.attempts == 0);
            else
                BOOST_TEST(rate.share() == (to == 2 ? 0.0 : 1.0), from << " to " << to);
        }
    // Goals without a 2: 0-1-0 and 1-0-1, of the 12 there are.
    BOOST_TEST(result.success() > 0.1);
    BOOST_TEST(result.success() < 0.25);
    // Every episode ends in success or in one failed attempt.
    BOOST_TEST(total(result).attempts - total(result).successes == 300 - result.episodes.successes);
}

BOOST_AUTO_TEST_CASE(controllers_that_lead_elsewhere_fail) {
    auto controllers = test::doors_controllers();
    for (int door = 0; door < 3; ++door) test::at(controllers->up, door, 12 + door) = -20;  // from the door of colour 0
    const auto result = steered(controllers);
    BOOST_TEST(result.transition(-1, 0).successes == 0);
    BOOST_TEST(result.transition(-1, 1).share() == 1);
}

BOOST_AUTO_TEST_CASE(a_subgoal_that_comes_with_the_end_is_not_attempted) {
    const auto result = steered<2>(test::doors_controllers());
    BOOST_TEST(result.success() == 0);
    BOOST_TEST(result.mean_length == 2);
    BOOST_TEST((total(result) == analysis::SuccessRate{600, 600}));
}

BOOST_AUTO_TEST_CASE(the_model_alone) {
    const auto alone = analysis::base_success<test::DoorsModel>(core::Serial{}, env::Batched(Doors<>{}),
                                                                *test::doors_model(), 3, 300, core::Random(1));
    BOOST_TEST(alone.success() == 0);
    BOOST_TEST(alone.mean_length == 8);
    BOOST_TEST((total(alone) == analysis::SuccessRate{300, 0}));
    const auto no_gain = steered(test::doors_controllers(), 0);
    BOOST_TEST((no_gain.transitions == alone.transitions));
    BOOST_CHECK_THROW(analysis::base_success<test::DoorsModel>(core::Serial{}, env::Batched(Doors<>{}),
                                                               *test::doors_model(), 2, 300, core::Random(1)),
                      core::Error);
}

BOOST_AUTO_TEST_CASE(neither_workers_nor_threads_matter) {
    const auto controllers = test::doors_controllers();
    constexpr float gain = 0.0258f;  // at which the model hesitates between going and staying
    const auto expected = steered(controllers, gain, core::Serial{}, {.batches = {.batch = 32, .shards = 1}});
    BOOST_TEST(expected.success() > 0);
    BOOST_TEST(expected.success() < 1);
    const auto same = [&](const analysis::SteeredSuccess& other) {
        return other.transitions == expected.transitions && other.episodes == expected.episodes &&
               other.mean_length == expected.mean_length;
    };
    BOOST_TEST(same(steered(controllers, gain, core::Serial{}, {.batches = {.batch = 32, .shards = 5}})));
#ifdef _OPENMP
    BOOST_TEST(same(steered(controllers, gain, core::OpenMP{2}, {.batches = {.batch = 32}})));
#endif
}
