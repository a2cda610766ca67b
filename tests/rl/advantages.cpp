#include "midstream/rl/advantages.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

using namespace midstream;

std::vector<float> advantages(const std::vector<float>& returns, rl::BatchNormalised advantage = {}) {
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
    BOOST_TEST(std::abs(advantages(returns, {.epsilon = 1})[5] - (1 - share) / (std::sqrt(share * (1 - share)) + 1)) <
               1e-4);
}
