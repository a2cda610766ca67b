#include "midstream/core/fused_product.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <tuple>

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
