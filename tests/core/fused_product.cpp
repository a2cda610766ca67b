#include "midstream/core/fused_product.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "midstream/core/random.hpp"

using namespace midstream;

namespace {

using Scalars = std::tuple<float, double>;

/// One step of a sum, rounded as the processor's packets round it.
template <class T>
T step(T a, T b, T c) {
#ifdef EIGEN_HAS_SINGLE_INSTRUCTION_MADD
    return std::fma(a, b, c);
#else
    return a * b + c;
#endif
}

/// A matrix among the columns of a wider one.
template <class T>
struct Part {
    core::AlignedVector<T> numbers;
    core::View<T> view;

    Part(int rows, int columns, int first, int stride, core::Random& random)
        : numbers(static_cast<std::size_t>(rows * stride + first)),
          view{numbers.data() + first, rows, columns, stride} {
        for (T& number : numbers) number = static_cast<T>(random.normal());
    }
    T& at(int i, int j) { return view.data[i * view.stride + j]; }
};

/// The three products of these extents have the bits of the sums written out, and nothing around c changes.
template <class T>
void check_products(int rows, int terms, int columns, int apart) {
    core::Random random(static_cast<std::uint64_t>(rows * 1000 + columns));
    Part<T> a(rows, terms, apart, terms + 2 * apart, random), a_transposed(terms, rows, 0, rows + apart, random);
    Part<T> b(terms, columns, apart, columns + apart, random), b_transposed(columns, terms, 0, terms + apart, random);
    for (int product = 0; product < 3; ++product) {
        Part<T> c(rows, columns, apart, columns + 3 * apart, random), expected = c;
        expected.view.data = expected.numbers.data() + apart;
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < columns; ++j)
                for (int k = 0; k < terms; ++k)
                    expected.at(i, j) = step(product == 2 ? a_transposed.at(k, i) : a.at(i, k),
                                             product == 1 ? b_transposed.at(j, k) : b.at(k, j), expected.at(i, j));
        if (product == 0) core::add_fused_product(a.view, b.view, c.view);
        if (product == 1) core::add_fused_product_transposed(a.view, b_transposed.view, c.view);
        if (product == 2) core::add_fused_transposed_product(a_transposed.view, b.view, c.view);
        BOOST_TEST((c.numbers == expected.numbers),
                   "product " << product << ": " << rows << " x " << terms << " x " << columns << ", " << apart);
    }
}

/// A product that begins at a bias and ends rectified, or where another matrix is positive: the bits of the sums
/// written out.
template <class T>
void check_around(int rows, int terms, int columns) {
    core::Random random(static_cast<std::uint64_t>(rows * 1000 + columns));
    Part<T> a(rows, terms, 1, terms + 2, random), b(terms, columns, 0, columns, random),
        b_transposed(columns, terms, 0, terms, random), positive(rows, columns, 2, columns + 3, random),
        bias(1, columns, 1, columns, random);
    for (int kind = 0; kind < 3; ++kind) {
        Part<T> c(rows, columns, 1, columns + 1, random), expected = c;
        expected.view.data = expected.numbers.data() + 1;
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < columns; ++j) {
                T sum = kind < 2 ? bias.at(0, j) : T(0);
                for (int k = 0; k < terms; ++k)
                    sum = step(a.at(i, k), kind == 2 ? b_transposed.at(j, k) : b.at(k, j), sum);
                if (kind == 1) sum = std::max(sum, T(0));
                if (kind == 2 && !(positive.at(i, j) > 0)) sum = 0;
                expected.at(i, j) = sum;
            }
        if (kind == 0) core::add_fused_product(a.view, b.view, c.view, {.anew = true, .bias = bias.view.data});
        if (kind == 1)
            core::add_fused_product(a.view, b.view, c.view, {.anew = true, .bias = bias.view.data, .rectified = true});
        if (kind == 2)
            core::add_fused_product_transposed(
                a.view, b_transposed.view, c.view,
                {.anew = true, .positive = positive.view.data, .row = positive.view.stride});
        BOOST_TEST((c.numbers == expected.numbers),
                   "kind " << kind << ": " << rows << " x " << terms << " x " << columns);
    }
}

/// The three products with lower triangles.
template <class T>
void check_lower(int rows, int columns) {
    core::Random random(static_cast<std::uint64_t>(rows));
    constexpr int whole = static_cast<int>(core::alignment / sizeof(T));
    const int padded = (rows + whole - 1) / whole * whole;
    const double worst = 50.0 * std::numeric_limits<T>::epsilon();
    Part<T> square(rows, rows, 0, padded, random), a(rows, columns, 1, columns + 2, random),
        b(rows, columns, 1, columns + 2, random);
    for (int i = 0; i < rows; ++i)
        for (int j = i + 1; j < rows; ++j) square.at(i, j) = 0;
    for (const bool transposed : {false, true}) {
        Part<T> c(rows, columns, 2, columns + 5, random);
        const auto before = c.numbers;
        if (transposed)
            core::lower_transposed_product(square.view, b.view, c.view);
        else
            core::lower_product(square.view, b.view, c.view);
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < c.view.stride; ++j) {
                const auto at = static_cast<std::size_t>(2 + i * c.view.stride + j);
                if (j >= columns) {
                    BOOST_TEST((at >= c.numbers.size() || c.numbers[at] == before[at]));
                    continue;
                }
                double sum = 0;
                for (int k = 0; k < rows; ++k)
                    sum += double(transposed ? square.at(k, i) : square.at(i, k)) * double(b.at(k, j));
                BOOST_TEST(std::abs(sum - double(c.at(i, j))) <= worst * (1 + std::abs(sum)));
            }
    }
    Part<T> c(rows, rows, 0, padded, random);
    const auto before = c.numbers;
    core::lower_product_transposed(a.view, b.view, c.view);
    for (int i = 0; i < rows; ++i)
        for (int j = 0; j < padded; ++j)
            if (j <= i) {
                double sum = 0;
                for (int k = 0; k < columns; ++k) sum += double(a.at(i, k)) * double(b.at(j, k));
                BOOST_TEST(std::abs(sum - double(c.at(i, j))) <= worst * (1 + std::abs(sum)));
            } else if (j / whole > i / whole + 1) {
                BOOST_TEST(c.at(i, j) == before[static_cast<std::size_t>(i * padded + j)]);
            }
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(every_number_is_a_sum_in_the_order_of_its_terms, T, Scalars) {
    for (const int rows : {0, 1, 2, 5, 6, 13, 24, 51})
        for (const int terms : {0, 1, 3, 16, 37})
            for (const int columns : {0, 1, 2, 3, 4, 7, 8, 9, 16, 31, 33, 64, 95, 130})
                for (const int apart : {0, 1, 16}) check_products<T>(rows, terms, columns, apart);
}

// More terms than are computed at once, for the packets of all processors.
BOOST_AUTO_TEST_CASE_TEMPLATE(many_terms, T, Scalars) {
    for (const int terms : {127, 128, 129, 600, 4099, 9000}) check_products<T>(30, terms, 37, 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_done_around_a_product, T, Scalars) {
    for (const int rows : {0, 1, 5, 13, 24, 51})
        for (const int terms : {0, 1, 37, 300})
            for (const int columns : {1, 3, 8, 17, 64, 95}) check_around<T>(rows, terms, columns);
    check_around<T>(13, 9000, 37);  // more terms than are computed at once
}

// A number that is none stays so, and is not more than zero.
BOOST_AUTO_TEST_CASE(numbers_that_are_none_pass_through) {
    const float none = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> a(20, 1), b(20, 1), c(400), positive(400, 1);
    a[3] = none;
    positive[7] = none;
    core::add_fused_product({a.data(), 20, 1, 1}, {b.data(), 1, 20, 20}, core::View<float>{c.data(), 20, 20, 20},
                            {.anew = true, .rectified = true});
    for (int j = 0; j < 20; ++j) BOOST_TEST((std::isnan(c[static_cast<std::size_t>(60 + j)]) && c[0] == 1));
    core::add_fused_product({b.data(), 20, 1, 1}, {b.data(), 1, 20, 20}, core::View<float>{c.data(), 20, 20, 20},
                            {.anew = true, .positive = positive.data(), .row = 20});
    BOOST_TEST((c[7] == 0 && c[8] == 1));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(products_of_lower_triangles, T, Scalars) {
    for (const int rows : {1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 33, 100})
        for (const int columns : {1, 4, 16, 21, 40, 64}) check_lower<T>(rows, columns);
}
