#include "midstream/analysis/batches.hpp"

#include <boost/test/unit_test.hpp>
#include <utility>

using namespace midstream;

BOOST_AUTO_TEST_CASE(every_episode_is_in_one_batch_whoever_works) {
    for (const int shards : {1, 2, 3, 7}) {
        const analysis::BatchOptions options{.batch = 4, .shards = shards};
        auto workers = analysis::make_workers(options, std::vector<int>{});
        std::vector<std::pair<int, int>> batches(4);
        analysis::for_batches(core::Serial{}, options, workers, 14,
                              [&](std::vector<int>& worker, int batch, int first, int length) {
                                  worker.push_back(batch);
                                  batches.at(batch) = {first, length};
                              });
        BOOST_TEST((batches == std::vector<std::pair<int, int>>{{0, 4}, {4, 4}, {8, 4}, {12, 2}}));
        BOOST_TEST(workers.size() == static_cast<std::size_t>(shards));
        BOOST_TEST(workers[0].size() == static_cast<std::size_t>((4 + shards - 1) / shards));
    }
}

BOOST_AUTO_TEST_CASE(nothing_to_do) {
    auto workers = analysis::make_workers({}, 0);
    analysis::for_batches(core::Serial{}, {}, workers, 0,
                          [](int&, int, int, int) { BOOST_ERROR("a batch of nothing"); });
}

BOOST_AUTO_TEST_CASE(sizes_are_checked) {
    BOOST_CHECK_THROW(analysis::make_workers({.shards = 0}, 0), core::Error);
    std::vector<int> workers(1);
    BOOST_CHECK_THROW(analysis::for_batches(core::Serial{}, {.batch = 0}, workers, 1, [](int&, int, int, int) {}),
                      core::Error);
}
