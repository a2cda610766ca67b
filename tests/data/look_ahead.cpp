#include "midstream/data/look_ahead.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace midstream;

namespace {

/// Rows 0 to 5 in two episodes, of 4 and 2; the target of row i is i, and i + 0.5.
auto numbered() {
    data::Episodes<data::Dense<1>, data::Continuous<1>, data::Dense<2>> episodes;
    episodes.offsets = {0, 4, 6};
    for (int i = 0; i < 6; ++i)
        for (const float half : {0.0f, 0.5f}) episodes.targets.push_back(static_cast<float>(i) + half);
    return episodes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(targets_come_from_rows_ahead_in_the_same_episode) {
    for (const auto& [steps, rows] :
         {std::pair{1, std::array{0, 1, 2, 3, 4, 5}}, std::pair{2, std::array{1, 2, 3, 3, 5, 5}},
          std::pair{3, std::array{2, 3, 3, 3, 5, 5}}, std::pair{100, std::array{3, 3, 3, 3, 5, 5}}}) {
        auto episodes = numbered();
        data::look_ahead(episodes, steps);
        for (std::size_t i = 0; i < 6; ++i) {
            BOOST_TEST(episodes.targets[2 * i] == static_cast<float>(rows[i]));
            BOOST_TEST(episodes.targets[2 * i + 1] == static_cast<float>(rows[i]) + 0.5f);
        }
    }
}

BOOST_AUTO_TEST_CASE(there_is_no_looking_back) {
    auto episodes = numbered();
    BOOST_CHECK_THROW(data::look_ahead(episodes, 0), core::Error);
}

BOOST_AUTO_TEST_CASE(targets_that_are_not_there_are_not_looked_for) {
    auto episodes = numbered();
    data::look_ahead(episodes, std::numeric_limits<int>::max());
    BOOST_TEST(episodes.targets.front() == 3.0f);
    episodes.targets.clear();
    data::look_ahead(episodes, 1);
    BOOST_CHECK_THROW(data::look_ahead(episodes, 2), core::Error);
}
