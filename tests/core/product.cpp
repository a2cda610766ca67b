#include "midstream/core/product.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "midstream/core/random.hpp"

using namespace midstream;

namespace {

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

}  // namespace

BOOST_AUTO_TEST_CASE(products_of_lower_triangles) {
    for (const int rows : {1, 2, 3, 4, 5, 8, 15, 30}) {
        check_lower<1>(rows);
        check_lower<4>(rows);
        check_lower<16>(rows);
        check_lower<21>(rows);
        check_lower<40>(rows);
    }
}
