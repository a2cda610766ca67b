// Matrices of 8 bits are the nearest ones with a scale for each row, and products with them those with what they stand
// for.
#include "midstream/core/eight_bits.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/core/random.hpp"

using namespace midstream;

namespace {

template <int R, int C>
struct Both {
    core::Matrix<float, R, C> whole{};
    core::Matrix<core::EightBits, R, C> narrow{};

    explicit Both(core::Random random) {
        for (int row = 0; row < R; ++row) {
            const auto first = whole.values + row * C;
            // Rows of very different size; the second is all zeros.
            for (int i = 0; i < C; ++i)
                first[i] = row == 1 ? 0 : static_cast<float>(random.normal() * std::pow(10.0, row - 2));
            narrow.scales[row] = core::quantise({first, C}, narrow.values + row * C);
        }
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(rows_are_the_nearest) {
    const Both<5, 33> both(core::Random(1));
    for (int row = 0; row < 5; ++row) {
        float largest = 0;
        int extreme = 0;
        for (int i = 0; i < 33; ++i) {
            const float value = both.whole.values[row * 33 + i];
            largest = std::max(largest, std::abs(value));
            extreme = std::max(extreme, std::abs(int{both.narrow.values[row * 33 + i]}));
            BOOST_TEST(std::abs(core::line(both.narrow, row)[i] - value) <= both.narrow.scales[row] / 2 * (1 + 1e-5f));
        }
        BOOST_TEST(extreme == (row == 1 ? 0 : 127));
        BOOST_TEST(std::abs(both.narrow.scales[row] * 127 - largest) <= 1e-6f * largest);
    }
    BOOST_TEST(both.narrow.scales[1] == 0);
}

BOOST_AUTO_TEST_CASE(tiny_and_extreme_rows_stay_finite) {
    for (const float size : {0.0f, 1e-44f, 1e-38f, 1e-31f, 1e-29f, 3e38f}) {
        const float numbers[] = {size, -size, size / 2};
        std::int8_t row[3];
        const float scale = core::quantise(numbers, row);
        for (int i = 0; i < 3; ++i)
            BOOST_TEST(std::abs(scale * static_cast<float>(row[i]) - numbers[i]) <= std::max(size / 100, 1e-30f));
    }
}

BOOST_AUTO_TEST_CASE(affine_maps) {
    const Both<5, 33> both(core::Random(2));
    core::Matrix<float, 5, 33> rounded;
    for (int row = 0; row < 5; ++row) core::map(rounded).row(row) = core::line(both.narrow, row);
    core::Random random(3);
    core::Buffer<float, 5> x;
    core::Buffer<float, 33> y, expected;
    for (float& value : x.resize(4).flat()) value = static_cast<float>(random.normal());
    float bias[33];
    for (float& value : bias) value = static_cast<float>(random.normal());
    for (const float* line : {static_cast<const float*>(bias), static_cast<const float*>(nullptr)}) {
        core::affine(view(x.view()), view(both.narrow), line, view(y.resize(4)));
        core::affine(view(x.view()), view(std::as_const(rounded)), line, view(expected.resize(4)));
        for (std::size_t i = 0; i < y.view().flat().size(); ++i)
            BOOST_TEST(std::abs(y.view().flat()[i] - expected.view().flat()[i]) < 1e-3f);
    }
}
