#include "midstream/rl/normaliser.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "io/files.hpp"
#include "midstream/io/checkpoint.hpp"

using namespace midstream;

namespace {
constexpr int width = 3;
/// Numbers of very different means and deviations; the last coordinate never moves.
std::vector<float> rows_of(int count, std::uint64_t seed) {
    core::Random random(seed);
    std::vector<float> rows;
    for (int i = 0; i < count; ++i)
        for (const float x :
             {static_cast<float>(1e3 + 0.1 * random.normal()), static_cast<float>(5 * random.normal()), 2.0f})
            rows.push_back(x);
    return rows;
}
/// Merged in batches, each of two shards.
core::Moments<width> moments_of(const std::vector<float>& rows, int batch) {
    core::Moments<width> moments;
    const int count = static_cast<int>(rows.size()) / width;
    for (int first = 0; first < count; first += batch) {
        core::Moments<width> shards[2];
        for (int i = first; i < std::min(count, first + batch); ++i) shards[i % 2].add(rows.data() + i * width);
        for (const auto& shard : shards) moments += shard;
    }
    return moments;
}
}  // namespace

BOOST_AUTO_TEST_CASE(moments_are_those_of_all_rows_however_they_are_merged) {
    const auto rows = rows_of(1000, 1);
    for (const int batch : {1, 7, 100, 1000}) {
        const auto moments = moments_of(rows, batch);
        BOOST_TEST(moments.count == 1000);
        for (int i = 0; i < width; ++i) {
            double mean = 0, square = 0;
            for (int row = 0; row < 1000; ++row) mean += rows[static_cast<std::size_t>(row * width + i)] / 1000.0;
            for (int row = 0; row < 1000; ++row)
                square += std::pow(rows[static_cast<std::size_t>(row * width + i)] - mean, 2);
            BOOST_TEST(moments.mean.values[i] == mean, boost::test_tools::tolerance(1e-9));
            BOOST_TEST(std::abs(moments.square.values[i] - square) < 1e-5 * square + 1e-9);
        }
    }
}

BOOST_AUTO_TEST_CASE(rows_come_out_standardised_and_bounded) {
    const auto rows = rows_of(1000, 2);
    const auto normaliser = rl::Normaliser<width>::of(moments_of(rows, 50), 2);
    double sum[width] = {}, square[width] = {}, largest = 0;
    for (int row = 0; row < 1000; ++row) {
        float y[width];
        normaliser(rows.data() + row * width, y);
        for (int i = 0; i < width; ++i) {
            sum[i] += y[i];
            square[i] += y[i] * y[i];
            largest = std::max(largest, std::abs(static_cast<double>(y[i])));
        }
    }
    BOOST_TEST(largest == 2);
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(std::abs(sum[i] / 1000) < 0.05);
        BOOST_TEST(std::abs(square[i] / 1000 - 0.93) < 0.08);  // less than 1 for being cut at 2 deviations
    }
    BOOST_TEST(square[2] == 0);
}

BOOST_AUTO_TEST_CASE(before_the_first_observation_nothing_changes) {
    float x[width] = {0.5f, -3, 20};
    rl::Normaliser<width>::of(core::Moments<width>{}, 10)(x, x);
    BOOST_TEST(x[0] == 0.5f);
    BOOST_TEST(x[1] == -3.0f);
    BOOST_TEST(x[2] == 10.0f);
}

BOOST_AUTO_TEST_CASE(it_is_saved_and_loaded) {
    const test::TemporaryFolder folder;
    const auto moments = moments_of(rows_of(100, 3), 10);
    auto normaliser = rl::Normaliser<width>::of(moments, 7);
    const auto contents = [](auto& all, auto& applied) {
        return [&](auto&& member) { member("moments", all), member("normaliser", applied); };
    };
    io::save(folder / "it.safetensors", "it", contents(moments, normaliser));
    core::Moments<width> loaded;
    rl::Normaliser<width> loaded_normaliser{};
    io::load(folder / "it.safetensors", "it", contents(loaded, loaded_normaliser));
    BOOST_TEST(loaded.count == moments.count);
    const auto row = rows_of(1, 4);
    float x[width], y[width];
    normaliser(row.data(), x);
    loaded_normaliser(row.data(), y);
    for (int i = 0; i < width; ++i) BOOST_TEST(x[i] == y[i]);
    rl::Normaliser<width>::of(loaded, 7)(row.data(), y);
    for (int i = 0; i < width; ++i) BOOST_TEST(x[i] == y[i]);
}
