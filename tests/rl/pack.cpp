#include "midstream/rl/pack.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/data/episodes.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(rows_of_each_instance_follow_upon_each_other) {
    data::Episodes<data::Dense<2>, data::Categories<5>> episodes;
    std::vector<int> rows;
    const std::vector<float> returns{1, 0, 0.5f, 2};
    // The second instance never acts.
    const std::vector<int> instances{0, 2, 3, 0, 3, 3};
    const std::vector<float> observations{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const std::vector<std::int16_t> actions{0, 1, 2, 3, 4, 0};
    for (int again = 0; again < 2; ++again) {
        rl::pack(instances, observations, actions, returns, episodes, rows);
        BOOST_TEST(episodes.offsets == (std::vector<int>{0, 2, 2, 3, 6}), boost::test_tools::per_element());
        BOOST_TEST(rows == (std::vector<int>{0, 2, 3, 1, 4, 5}), boost::test_tools::per_element());
        BOOST_TEST(episodes.actions == (std::vector<std::int16_t>{0, 3, 1, 2, 4, 0}), boost::test_tools::per_element());
        BOOST_TEST(episodes.observations == (std::vector<float>{0, 1, 6, 7, 2, 3, 4, 5, 8, 9, 10, 11}),
                   boost::test_tools::per_element());
        BOOST_TEST(episodes.returns == returns, boost::test_tools::per_element());
    }
    rl::pack(std::vector<int>{}, std::vector<float>{}, std::vector<std::int16_t>{}, std::vector<float>(2), episodes,
             rows);
    BOOST_TEST(episodes.offsets == (std::vector<int>{0, 0, 0}), boost::test_tools::per_element());
}
