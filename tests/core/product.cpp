#include "midstream/core/product.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <tuple>
#include <vector>

#include "midstream/core/random.hpp"

using namespace midstream;

namespace {

using Scalars = std::tuple<float, double>;
using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Dense random_matrix(int rows, int columns, core::Random& random) {
    Dense matrix(rows, columns);
    for (double& value : matrix.reshaped()) value = random.normal();
    return matrix;
}

/// Both products of lower triangles, among columns of wider rows, of which nothing else may change.
template <int Width>
void check_lower(int rows) {
    core::Random random(static_cast<std::uint64_t>(rows));
    Dense a = random_matrix(rows, rows + 3, random), b = random_matrix(rows, Width + 2, random);
    a.leftCols(rows).triangularView<Eigen::StrictlyUpper>().setZero();
    const core::View<const double> square{a.data(), rows, rows, rows + 3}, narrow{b.data() + 1, rows, Width, Width + 2};
    for (const bool transposed : {false, true}) {
        Dense c = random_matrix(rows, Width + 5, random), expected = c;
        const core::View<double> out{c.data() + 2, rows, Width, Width + 5};
        if (transposed)
            core::lower_transposed_product<Width>(square, narrow, out);
        else
            core::lower_product<Width>(square, narrow, out);
        const Dense lower = a.leftCols(rows);
        expected.middleCols(2, Width) = (transposed ? Dense(lower.transpose()) : lower) * b.middleCols(1, Width);
        BOOST_TEST((c - expected).cwiseAbs().maxCoeff() < 1e-12,
                   rows << " rows of " << Width << (transposed ? ", transposed" : ""));
    }
}

/// The three products of linear maps, among columns of wider rows, of which nothing else may change.
template <class T>
void check_products(int rows, int terms, int columns, int apart) {
    using Numbers = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    core::Random random(static_cast<std::uint64_t>(rows * 1000 + columns));
    const auto numbers = [&](int height, int width) { return Numbers(random_matrix(height, width, random).cast<T>()); };
    const auto part = [&](auto& matrix, int height, int width) {
        return core::View<T>{matrix.data() + apart, height, width, width + 2 * apart};
    };
    Numbers a = numbers(rows, terms + 2 * apart), a_transposed = numbers(terms, rows + 2 * apart);
    Numbers b = numbers(terms, columns + 2 * apart), b_transposed = numbers(columns, terms + 2 * apart);
    for (int product = 0; product < 3; ++product) {
        Numbers c = numbers(rows, columns + 2 * apart);
        Dense expected = c.template cast<double>();
        const Dense factor = (product == 2 ? Numbers(a_transposed.middleCols(apart, rows).transpose())
                                           : Numbers(a.middleCols(apart, terms)))
                                 .template cast<double>();
        const Dense other = (product == 1 ? Numbers(b_transposed.middleCols(apart, terms).transpose())
                                          : Numbers(b.middleCols(apart, columns)))
                                .template cast<double>();
        expected.middleCols(apart, columns) += factor.lazyProduct(other);
        const auto out = part(c, rows, columns);
        if (product == 0) core::add_product(part(a, rows, terms), part(b, terms, columns), out);
        if (product == 1) core::add_product_transposed(part(a, rows, terms), part(b_transposed, columns, terms), out);
        if (product == 2) core::add_transposed_product(part(a_transposed, terms, rows), part(b, terms, columns), out);
        const double worst = c.size() ? (c.template cast<double>() - expected).cwiseAbs().maxCoeff() : 0;
        BOOST_TEST(worst <= 20.0 * terms * std::numeric_limits<T>::epsilon(),
                   "product " << product << ": " << rows << " x " << terms << " x " << columns << ", " << apart);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(products_of_linear_maps, T, Scalars) {
    for (const int rows : {0, 1, 2, 7, 16, 35})
        for (const int terms : {0, 1, 5, 32, 150})
            for (const int columns : {0, 1, 3, 8, 17, 64, 100})
                for (const int apart : {0, 3}) check_products<T>(rows, terms, columns, apart);
}

BOOST_AUTO_TEST_CASE(products_of_lower_triangles) {
    for (const int rows : {1, 2, 3, 4, 5, 8, 15, 30}) {
        check_lower<1>(rows);
        check_lower<4>(rows);
        check_lower<16>(rows);
        check_lower<21>(rows);
        check_lower<40>(rows);
    }
}
