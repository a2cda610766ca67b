#include "midstream/core/tensor.hpp"

#include <boost/test/unit_test.hpp>
#include <numeric>

using namespace midstream;

namespace {
// Parameters are their numbers and nothing else: no padding, no alignment beyond the scalar's.
static_assert(sizeof(core::Matrix<float, 3, 5>) == 15 * sizeof(float) &&
              alignof(core::Matrix<float, 4, 4>) == alignof(float));
static_assert(sizeof(core::Vector<double, 3>) == 3 * sizeof(double) &&
              std::is_trivially_copyable_v<core::Vector<double, 3>>);
static_assert(core::is_leaf<core::Matrix<float, 1, 1>> && core::is_leaf<core::Vector<double, 2>> &&
              !core::is_leaf<float>);
// Mutable rows are read-only rows, not the other way round.
static_assert(std::is_convertible_v<core::Rows<float, 3>, core::Rows<const float, 3>>);
static_assert(!std::is_convertible_v<core::Rows<const float, 3>, core::Rows<float, 3>>);
}  // namespace

BOOST_AUTO_TEST_CASE(matrices_map_row_by_row) {
    core::Matrix<double, 2, 3> matrix;
    std::iota(std::begin(matrix.values), std::end(matrix.values), 0.0);
    const auto& constant = matrix;
    const auto view = core::map(constant);
    static_assert(decltype(view)::RowsAtCompileTime == 2 && decltype(view)::ColsAtCompileTime == 3);
    BOOST_TEST(view(0, 2) == 2);
    BOOST_TEST(view(1, 0) == 3);
    core::map(matrix)(1, 1) = 9;
    BOOST_TEST(matrix.values[4] == 9);

    core::Vector<double, 3> vector{{1, 2, 3}};
    BOOST_TEST(core::map(vector).rows() == 1);
    BOOST_TEST((core::map(vector) * view.transpose()).eval()(0, 0) == 8);

    core::Matrix<double, 2, 1> column{{5, 6}};  // Eigen wants single columns in the other storage order
    BOOST_TEST(core::map(column)(1, 0) == 6);
}

BOOST_AUTO_TEST_CASE(rows_slice_and_map) {
    std::vector<float> values(12);
    std::iota(values.begin(), values.end(), 0.f);
    const core::Rows<float, 3> rows{values.data(), 4};
    BOOST_TEST(rows.row(2)[1] == 7.f);
    const auto part = rows.slice(1, 2);
    BOOST_TEST(part.count == 2);
    BOOST_TEST(part.flat().size() == 6u);
    BOOST_TEST(part.flat().front() == 3.f);
    BOOST_TEST(core::map(rows)(3, 2) == 11.f);
    core::map_row(rows, 1).setZero();
    BOOST_TEST(values[3] + values[4] + values[5] == 0.f);
    BOOST_TEST(values[6] == 6.f);
    static_assert(decltype(core::map(rows))::ColsAtCompileTime == 3);
    BOOST_TEST(static_cast<bool>(rows));
    BOOST_TEST(!static_cast<bool>(core::Rows<float, 3>{}));
}

BOOST_AUTO_TEST_CASE(buffers_grow_and_never_shrink) {
    core::Buffer<float, 2> buffer;
    BOOST_TEST(buffer.resize(5).count == 5);
    const float* const memory = buffer.view().data;
    buffer.view().row(0)[0] = 7;
    const auto fewer = buffer.resize(3);
    BOOST_TEST(fewer.data == memory);
    BOOST_TEST(fewer.count == 3);
    BOOST_TEST(fewer.row(0)[0] == 7.f);
    buffer.view().row(2)[1] = 8;
    const auto zeros = buffer.zeros(5);
    BOOST_TEST(zeros.data == memory);
    for (const float value : zeros.flat()) BOOST_TEST(value == 0.f);
    BOOST_TEST(buffer.resize(6).flat().size() == 12u);
}

BOOST_AUTO_TEST_CASE(rows_that_are_none_are_noticed_where_bounds_are_checked) {
    static_assert(core::checked, "tests are compiled without NDEBUG");
    core::Buffer<float, 3> buffer;
    const auto rows = buffer.resize(4);
    rows.row(0);
    rows.row(3);
    for (const int wrong : {-1, 4}) {
        BOOST_CHECK_THROW(rows.row(wrong), core::Error);
        BOOST_CHECK_THROW(core::map_row(rows, wrong), core::Error);
    }
    BOOST_TEST(rows.slice(4, 0).count == 0);  // where a batch ends there may be no row
    BOOST_TEST(rows.slice(0, 4).count == 4);
    for (const auto& [first, length] : {std::pair{-1, 2}, std::pair{3, 2}, std::pair{5, 0}, std::pair{2, -1}})
        BOOST_CHECK_THROW(rows.slice(first, length), core::Error);
    BOOST_CHECK_THROW(rows.slice(1, 2).row(2), core::Error);
    BOOST_CHECK_THROW((core::Rows<float, 3>{}.row(0)), core::Error);
    volatile int negative = -1;  // or GCC warns of what will be refused
    BOOST_CHECK_THROW(buffer.resize(negative), core::Error);
}
