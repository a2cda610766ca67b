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

BOOST_AUTO_TEST_CASE(teams_are_no_larger_than_the_work_and_the_processors) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(100'000);
    for (const int threads : {0, 1, 2, 3, 256, 100'000})
        for (const int count : {0, 1, 2, 4, 1000})
            for (const int team : teams({threads}, count)) {
                BOOST_TEST(team >= 1);
                BOOST_TEST(team <= std::min(count, omp_get_num_procs()));
                BOOST_TEST((threads == 0 || team <= threads));
            }
    omp_set_num_threads(before);
}

BOOST_AUTO_TEST_CASE(several_threads_work_where_there_are_several_processors) {
    for (const int team : teams({2}, 2)) BOOST_TEST(team == std::min(2, omp_get_num_procs()));
}
