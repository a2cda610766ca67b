#include "midstream/core/random.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>
#include <vector>

using namespace midstream;
using core::Random;

namespace {
using Block = std::array<std::uint32_t, 4>;
constexpr std::uint64_t ones = ~std::uint64_t{0};

/// Mean of count numbers drawn by `draw`.
template <class Draw>
double mean(int count, Draw&& draw) {
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += draw();
    return sum / count;
}

double correlation(Random a, Random b, int count) {
    // Uniform on [0, 1): mean 1/2, variance 1/12.
    return 12 * mean(count, [&] { return (a.uniform() - 0.5) * (b.uniform() - 0.5); });
}
}  // namespace

// The file kat_vectors of Random123, philox4x32 with 10 rounds.
BOOST_AUTO_TEST_CASE(known_answers) {
    static_assert(Random::block(0, 0, 0) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    static_assert(Random::block(ones, ones, ones) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    static_assert(Random::block(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e) ==
                  Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
    Random random(0);
    for (const std::uint32_t word : Random::block(0, 0, 0)) BOOST_TEST(random.bits() == word);
    for (const std::uint32_t word : Random::block(0, 1, 0)) BOOST_TEST(random.bits() == word);
}

BOOST_AUTO_TEST_CASE(key_and_counter_are_the_whole_state) {
    Random random(42);
    for (int drawn = 0; drawn < 9; ++drawn) {
        Random restored(random.key, random.counter);
        BOOST_TEST((restored == random));
        Random copy = random;
        for (int i = 0; i < 6; ++i) {
            const auto expected = copy.bits();
            BOOST_TEST(restored.bits() == expected);
        }
        random.bits();
    }
    // Assigning the members of a stream that has drawn already moves it, whatever it has cached.
    Random other(7);
    other.bits();
    other.key = random.key;
    other.counter = random.counter;
    BOOST_TEST(other.bits() == random.bits());
    random.normal();
    BOOST_TEST(random.counter == 12);  // nine words, the one above, two uniforms of a normal
}

BOOST_AUTO_TEST_CASE(uniform_moments_and_range) {
    Random random(1);
    const int count = 200000;
    double sum = 0, squares = 0, lowest = 1, highest = 0;
    for (int i = 0; i < count; ++i) {
        const double u = i % 2 ? random.uniform() : static_cast<double>(random.uniform<float>());
        sum += u;
        squares += u * u;
        lowest = std::min(lowest, u);
        highest = std::max(highest, u);
    }
    BOOST_TEST(lowest >= 0.0);
    BOOST_TEST(highest < 1.0);
    BOOST_TEST(lowest < 1e-4);
    BOOST_TEST(highest > 1 - 1e-4);
    BOOST_TEST(std::abs(sum / count - 1. / 2) < 0.003);  // five standard errors
    BOOST_TEST(std::abs(squares / count - 1. / 3) < 0.0035);
}

BOOST_AUTO_TEST_CASE(below_is_uniform) {
    Random random(2);
    for (const int bound : {1, 2, 3, 7, 10}) {
        std::vector<int> counts(static_cast<std::size_t>(bound));
        const int draws = 20000 * bound;
        for (int i = 0; i < draws; ++i) {
            const int drawn = random.below(bound);
            BOOST_REQUIRE(drawn >= 0);
            BOOST_REQUIRE(drawn < bound);
            ++counts[static_cast<std::size_t>(drawn)];
        }
        for (const int count : counts) BOOST_TEST(std::abs(count - 20000) < 800);  // more than five standard errors
    }
    // A bound that is far from dividing 2^32: numbers in the lower half would be twice as frequent with a bare modulo.
    const int huge = 3 << 29;
    const double lower_half = mean(100000, [&] { return random.below(huge) < huge / 2; });
    BOOST_TEST(std::abs(lower_half - 0.5) < 0.008);
}

BOOST_AUTO_TEST_CASE(normal_moments) {
    Random random(3);
    const int count = 200000;
    double first = 0, second = 0, third = 0, fourth = 0;
    for (int i = 0; i < count; ++i) {
        const double x = random.normal();
        first += x / count;
        second += x * x / count;
        third += x * x * x / count;
        fourth += x * x * x * x / count;
    }
    BOOST_TEST(std::abs(first) < 0.0112);
    BOOST_TEST(std::abs(second - 1) < 0.016);
    BOOST_TEST(std::abs(third) < 0.045);
    BOOST_TEST(std::abs(fourth - 3) < 0.11);
}

BOOST_AUTO_TEST_CASE(forks_are_fixed_and_independent) {
    Random parent(5);
    const Random before = parent.fork(3);
    parent.bits();
    BOOST_TEST((parent.fork(3) == before));  // whatever was drawn
    BOOST_TEST(before.counter == 0u);

    std::set<std::uint64_t> keys{parent.key};
    for (std::uint64_t i = 0; i < 1000; ++i) {
        keys.insert(parent.fork(i).key);
        keys.insert(parent.fork(i).fork(0).key);
        keys.insert(Random(i + 100).fork(3).key);
    }
    BOOST_TEST(keys.size() == 3001u);

    const int count = 40000;
    const double limit = 5 / std::sqrt(count);
    BOOST_TEST(std::abs(correlation(parent.fork(0), parent.fork(1), count)) < limit);
    BOOST_TEST(std::abs(correlation(Random(5), parent.fork(0), count)) < limit);
    BOOST_TEST(std::abs(correlation(parent.fork(0), parent.fork(0).fork(0), count)) < limit);
    BOOST_TEST(std::abs(correlation(Random(5), Random(6), count)) < limit);
    // First draws of many streams, as when every episode takes one.
    BOOST_TEST(std::abs(mean(count, [&, i = std::uint64_t{0}]() mutable { return parent.fork(i++).uniform(); }) - 0.5) <
               5 / std::sqrt(12.0 * count));
}

BOOST_AUTO_TEST_CASE(nothing_is_drawn_from_among_none) {
    Random random(1);
    for (const int bound : {0, -1, -1'000'000}) BOOST_CHECK_THROW(random.below(bound), core::Error);
    BOOST_TEST(random.below(1) == 0);
}
