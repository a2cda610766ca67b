#include "midstream/core/parallel.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

#include "midstream/core/random.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;

namespace {
static_assert(core::Parallelism<core::Serial>);
static_assert(!core::Parallelism<int>);

/// Calls `test(policy, name)` for every policy there is.
template <class Test>
void for_policies(Test&& test) {
    test(core::Serial{}, "serial");
#ifdef _OPENMP
    static_assert(core::Parallelism<core::OpenMP>);
    for (const int threads : {0, 1, 2, 5}) test(core::OpenMP{threads}, "OpenMP, threads " + std::to_string(threads));
#endif
}
}  // namespace

BOOST_AUTO_TEST_CASE(every_piece_runs_once) {
    for_policies([](const auto& policy, const std::string& name) {
        for (const int count : {0, 1, 3, 100}) {
            std::vector<int> runs(static_cast<std::size_t>(count), 0);
            policy.for_each(count, [&](int i) { ++runs[static_cast<std::size_t>(i)]; });
            BOOST_TEST((runs == std::vector<int>(static_cast<std::size_t>(count), 1)), name);
        }
    });
}

BOOST_AUTO_TEST_CASE(slices_cover_the_range) {
    for (const std::size_t size : {0u, 1u, 9u, 10u, 11u, 95u}) {
        std::size_t next = 0;
        core::for_slices(
            core::Serial{}, size,
            [&](std::size_t first, std::size_t length) {
                BOOST_TEST(first == next);
                BOOST_TEST(length >= 1u);
                BOOST_TEST(length <= 10u);
                next += length;
            },
            10);
        BOOST_TEST(next == size);
    }
}

BOOST_AUTO_TEST_CASE(reduce_has_the_same_bits_everywhere) {
    // Numbers of very different sizes, so that another order of adding gives other bits.
    constexpr std::size_t size = 50000, count = 7;
    core::Random random(1);
    std::vector<std::vector<float>> values(count, std::vector<float>(size));
    std::vector<std::span<float>> parts;
    for (auto& part : values) {
        for (float& value : part) value = static_cast<float>(random.normal() * std::pow(10.0, 6 * random.uniform()));
        parts.emplace_back(part);
    }
    std::vector<float> expected(size, 0.f), backwards(size, 0.f);
    for (std::size_t i = 0; i < size; ++i)
        for (std::size_t p = 0; p < count; ++p) {
            expected[i] += values[p][i];
            backwards[i] += values[count - 1 - p][i];
        }
    BOOST_REQUIRE(expected != backwards);
    for_policies([&](const auto& policy, const std::string& name) {
        std::vector<float> target(size, 123.f);
        core::reduce(policy, std::span<const std::span<float>>(parts), std::span<float>(target));
        BOOST_TEST((target == expected), name);
        // The target may be the first part.
        auto first = values[0];
        auto in_place = parts;
        in_place[0] = std::span<float>(first);
        core::reduce(policy, std::span<const std::span<float>>(in_place), std::span<float>(first));
        BOOST_TEST((first == expected), name);
    });
}

BOOST_AUTO_TEST_CASE(exceptions_reach_the_caller) {
    for_policies([](const auto& policy, const std::string& name) {
        const auto fails_at_three = [](int i) {
            if (i == 3) throw std::runtime_error("piece 3");
        };
        BOOST_CHECK_EXCEPTION(policy.for_each(10, fails_at_three), std::runtime_error,
                              [&](const auto& error) { return error.what() == std::string("piece 3"); });
        int runs = 0;
        policy.for_each(1, [&](int) { ++runs; });  // and the policy still works
        BOOST_TEST(runs == 1, name);
    });
}

BOOST_AUTO_TEST_CASE(sums_without_parts_and_slices_of_nothing_are_refused) {
    std::vector<float> target(3), shorter(2);
    const std::vector<std::span<float>> parts{target, shorter};
    using Parts = std::span<const std::span<float>>;
    BOOST_CHECK_THROW(core::reduce(core::Serial{}, Parts{}, std::span<float>(target)), core::Error);
    BOOST_CHECK_THROW(core::reduce(core::Serial{}, Parts(parts), std::span<float>(target)), core::Error);
    const auto nothing = [](std::size_t, std::size_t) {};
    BOOST_CHECK_THROW(core::for_slices(core::Serial{}, 3, nothing, 0), core::Error);
}
