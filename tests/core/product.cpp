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

// What layers compute in one go has the numbers of its parts, one after the other.
BOOST_AUTO_TEST_CASE_TEMPLATE(affine_maps_and_what_comes_back, T, Scalars) {
    using Numbers = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    for (const int rows : {0, 1, 15, 16, 40})
        for (const int columns : {1, 5, 64, 100}) {
            constexpr int terms = 21;
            core::Random random(static_cast<std::uint64_t>(rows + columns));
            const auto numbers = [&](int height, int width) {
                return Numbers(random_matrix(height, width, random).cast<T>());
            };
            const auto view = [](auto& matrix) {
                return core::View<T>{matrix.data(), static_cast<int>(matrix.rows()), static_cast<int>(matrix.cols()),
                                     static_cast<int>(matrix.cols())};
            };
            Numbers x = numbers(rows, terms), w = numbers(terms, columns), bias = numbers(1, columns),
                    y = numbers(rows, columns), positive = numbers(rows, columns), w_transposed = w.transpose();
            const auto check = [&](const Numbers& expected, const char* what) {
                BOOST_TEST(((y - expected).size() == 0 ||
                            (y - expected).cwiseAbs().maxCoeff() < 100 * std::numeric_limits<T>::epsilon()),
                           what << ": " << rows << " rows, " << columns << " columns");
            };
            const Numbers product = x.lazyProduct(w), sum = product.rowwise() + bias.row(0);
            core::affine(view(x), view(w), bias.data(), view(y));
            check(sum, "affine");
            core::affine(view(x), view(w), nullptr, view(y));
            check(product, "affine without bias");
            core::rectified_affine(view(x), view(w), bias.data(), view(y));
            check(sum.cwiseMax(T(0)), "rectified");
            core::product_transposed(view(x), view(w_transposed), view(y));
            check(product, "transposed");
            core::product_transposed_where(view(positive), view(x), view(w_transposed), view(y));
            check((positive.array() > T(0)).select(product, Numbers::Zero(rows, columns)), "where positive");
        }
}
