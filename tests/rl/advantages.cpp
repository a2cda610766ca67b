#include "midstream/rl/advantages.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "io/files.hpp"
#include "midstream/data/spaces.hpp"

using namespace midstream;
static_assert(rl::ReturnAdvantage<rl::BatchNormalised> && rl::ReturnAdvantage<rl::LeaveOneOut> &&
              rl::ReturnAdvantage<rl::Grouped<rl::LeaveOneOut>>);
static_assert(!rl::AdvantageRule<int, data::Dense<3>>);

template <class Rule = rl::BatchNormalised>
std::vector<float> advantages(const std::vector<float>& returns, Rule advantage = {}) {
    std::vector<float> result(returns.size());
    advantage(returns, result);
    return result;
}

BOOST_AUTO_TEST_CASE(returns_are_standardised_by_the_deviation_of_the_population) {
    // Mean 2, population variance (4 + 1 + 0 + 9) / 4 = 3.5; a sample's would be 14 / 3.
    const auto found = advantages({0, 1, 2, 5});
    const double deviation = std::sqrt(3.5) + 1e-3;
    const double expected[] = {-2 / deviation, -1 / deviation, 0, 3 / deviation};
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(std::abs(found[i] - expected[i]) < 1e-6);
}

BOOST_AUTO_TEST_CASE(the_whole_batch_is_one_group) {
    // Were halves normalised by themselves, both would have the advantages -1, 1.
    const auto found = advantages({0, 1, 10, 11});
    BOOST_TEST(found[1] < 0);
    BOOST_TEST(found[2] > 0);
    // Moved and scaled returns have the same advantages but for the 1e-3.
    const auto moved = advantages({7, 107, 1007, 1107});
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(std::abs(found[i] - moved[i]) < 1e-3);
}

BOOST_AUTO_TEST_CASE(equal_returns_have_no_advantage) {
    for (const float value : {0.0f, 1.0f, -3.5f, 0.1f})
        for (const float a : advantages(std::vector<float>(7, value))) BOOST_TEST(a == 0.0f);
    BOOST_TEST(advantages({}).empty());
}

BOOST_AUTO_TEST_CASE(one_success_among_many_counts) {
    // One of n: (1 - 1/n) / (sqrt((1/n)(1 - 1/n)) + 1e-3).
    std::vector<float> returns(1024, 0.0f);
    returns[5] = 1;
    const auto found = advantages(returns);
    const double share = 1.0 / 1024;
    BOOST_TEST(std::abs(found[5] - (1 - share) / (std::sqrt(share * (1 - share)) + 1e-3)) < 1e-4);
    BOOST_TEST(std::abs(advantages(returns, rl::BatchNormalised{.epsilon = 1})[5] -
                        (1 - share) / (std::sqrt(share * (1 - share)) + 1)) < 1e-4);
}

BOOST_AUTO_TEST_CASE(one_left_out_is_compared_with_the_mean_of_the_others) {
    // Of 0, 1, 2, 5 the others of 5 have the mean 1, those of 0 8 / 3.
    const auto found = advantages<rl::LeaveOneOut>({0, 1, 2, 5});
    const double expected[] = {-8.0 / 3, 1 - 7.0 / 3, 0, 4};
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(std::abs(found[i] - expected[i]) < 1e-6);
    // n / (n - 1) times the distance from the mean of all, so that they add up to nothing.
    for (std::size_t i = 0; i < 4; ++i)
        BOOST_TEST(std::abs(found[i] - 4.0 / 3 * (std::vector<double>{0, 1, 2, 5}[i] - 2)) < 1e-6);
    for (const float a : advantages<rl::LeaveOneOut>(std::vector<float>(7, 0.1f))) BOOST_TEST(a == 0.0f);
    BOOST_TEST(advantages<rl::LeaveOneOut>({3})[0] == 3);
    BOOST_TEST(advantages<rl::LeaveOneOut>({}).empty());
}

BOOST_AUTO_TEST_CASE(groups_are_normalised_by_themselves) {
    // An easy world and a hard one: in each the better half is ahead by as much.
    const auto found = advantages({0, 1, 10, 11}, rl::Grouped<>{.group = 2});
    for (std::size_t i = 0; i < 4; ++i)
        BOOST_TEST(std::abs(found[i] - (i % 2 == 0 ? -1 : 1) * 0.5 / (0.5 + 1e-3)) < 1e-6);
    // Of a group that has one success among three, and of one that has none.
    const auto left_out = advantages({1, 0, 0, 0, 0, 0}, rl::Grouped<rl::LeaveOneOut>{.group = 3});
    const float expected[] = {1, -0.5f, -0.5f, 0, 0, 0};
    for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(left_out[i] == expected[i]);
    // One group is the batch.
    BOOST_TEST(advantages({0, 1, 2, 5}, rl::Grouped<>{.group = 4}) == advantages({0, 1, 2, 5}));
    test::check_error("groups of 3 episodes are asked for 4", [] {
        advantages({0, 1, 2, 5}, rl::Grouped<>{.group = 3});
    });
    test::check_error("the group of advantages", [] { advantages({0, 1, 2, 5}, rl::Grouped<>{.group = 0}); });
}

BOOST_AUTO_TEST_CASE(groups_ask_for_environments_that_begin_alike) {
    rl::require_groups(rl::BatchNormalised{}, 8);
    rl::require_groups(rl::Grouped<>{.group = 8}, 8);
    test::check_error("advantages of groups of 8 episodes", [] { rl::require_groups(rl::Grouped<>{.group = 8}, 1); });
}
