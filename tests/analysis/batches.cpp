#include "midstream/analysis/batches.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
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

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
    analysis::RolloutOptions{}.validate();
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    for (const float wrong : {nan, infinity, -1.0f}) {
        BOOST_CHECK_THROW(analysis::RolloutOptions{.temperature = wrong}.validate(), core::Error);
        BOOST_CHECK_THROW(analysis::RolloutOptions{.gain = wrong}.validate(), core::Error);
    }
    for (const analysis::BatchOptions& wrong : {analysis::BatchOptions{.batch = 0}, {.batch = -1}, {.shards = 0}}) {
        BOOST_CHECK_THROW(wrong.validate(), core::Error);
        BOOST_CHECK_THROW(analysis::RolloutOptions{.batches = wrong}.validate(), core::Error);
        BOOST_CHECK_THROW(analysis::make_workers(wrong, 0), core::Error);
    }
}
