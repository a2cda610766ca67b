#include "midstream/core/openmp.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <vector>

using midstream::core::OpenMP;

namespace {

/// The team that each of `count` pieces was done by.
std::vector<int> teams(OpenMP policy, int count) {
    std::vector<int> result(static_cast<std::size_t>(count));
    policy.for_each(count, [&](int i) { result[static_cast<std::size_t>(i)] = omp_get_num_threads(); });
    return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(teams_are_no_larger_than_the_work) {
    for (const int threads : {1, 2, 3, 256})
        for (const int count : {0, 1, 2, 4})
            for (const int team : teams({threads}, count)) {
                BOOST_TEST(team >= 1);
                BOOST_TEST(team <= std::min(threads, count));
            }
}

BOOST_AUTO_TEST_CASE(a_team_of_unsaid_size_is_no_larger_than_the_processors) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(100'000);
    for (const int team : teams({}, 1000)) BOOST_TEST(team <= omp_get_num_procs());
    omp_set_num_threads(before);
}
