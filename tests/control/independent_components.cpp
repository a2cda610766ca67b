#include "midstream/control/independent_components.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace midstream;
using control::Contrast;
using control::independent_components;

namespace {

constexpr int width = 6, row_count = 20'000;

/// Sources of variance 1: two rare events, a Laplace, a uniform, a fair coin and a normal one.
double draw(int source, core::Random& random) {
    const auto rare = [&](double rate) {
        return ((random.uniform() < rate ? 1.0 : 0.0) - rate) / std::sqrt(rate * (1 - rate));
    };
    switch (source) {
        case 0:
            return rare(0.02);
        case 1:
            return -rare(0.06);  // its heavy tail is negative
        case 2: {
            const double u = random.uniform() - 0.5;
            return -std::copysign(std::log(1 - 2 * std::abs(u)), u) / std::sqrt(2.0);
        }
        case 3:
            return (random.uniform() - 0.5) * std::sqrt(12.0);
        case 4:
            return random.uniform() < 0.5 ? 1 : -1;
        default:
            return random.normal();
    }
}

template <class T>
struct Mixed {
    Eigen::MatrixXd sources{width, row_count};
    core::Buffer<T, width> rows;

    explicit Mixed(double noise = 0) {
        core::Random random(5);
        Eigen::MatrixXd mixing(width, width);
        for (double& entry : mixing.reshaped()) entry = random.normal();
        for (int row = 0; row < row_count; ++row)
            for (int i = 0; i < width; ++i) sources(i, row) = draw(i, random);
        core::map(rows.resize(row_count)) = ((mixing * sources).array() + 3).matrix().transpose().template cast<T>();
        for (T& value : rows.view().flat()) value += static_cast<T>(noise * random.normal());
    }
    core::Rows<const T, width> view() const { return rows.view(); }

    /// |correlation| of every component (line) with every source (column).
    Eigen::MatrixXd correlations(const control::IndependentComponents<T, width>& found) const {
        core::Buffer<T, width> out;
        found.apply(view(), out.resize(row_count));
        const Eigen::MatrixXd unmixed = core::map(std::as_const(out).view()).template cast<double>().transpose();
        return (unmixed * sources.transpose() / row_count).cwiseAbs();
    }
};

template <class T>
void recovers(Contrast contrast) {
    const Mixed<T> mixed;
    const auto found = independent_components<T, width>(mixed.view(), core::Random(1), {.contrast = contrast});
    BOOST_TEST(found.count == width);
    BOOST_TEST(found.change <= 1e-6);
    const Eigen::MatrixXd correlations = mixed.correlations(found);
    // In the order of their kurtosis: 44, 12, 3, 0, -1.2, -2.
    for (const auto& [component, source] :
         {std::pair{0, 0}, std::pair{1, 1}, std::pair{2, 2}, std::pair{3, 5}, std::pair{4, 3}, std::pair{5, 4}})
        BOOST_TEST(correlations(component, source) > 0.98, "component " << component);
    for (int i = 0; i + 1 < width; ++i) BOOST_TEST(found.kurtosis.values[i] > found.kurtosis.values[i + 1]);
    BOOST_TEST(found.kurtosis.values[0] == T(1 / (0.02 * 0.98) - 6), boost::test_tools::tolerance(T(0.1)));
    BOOST_TEST(found.kurtosis.values[5] == T(-2), boost::test_tools::tolerance(T(0.05)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(recovers_sources_from_a_mixture) {
    recovers<double>(Contrast::exponential);
    recovers<double>(Contrast::log_cosh);
    recovers<float>(Contrast::exponential);
    recovers<float>(Contrast::log_cosh);
}

BOOST_AUTO_TEST_CASE(by_skewness_those_that_lean_to_one_side_are_found_one_by_one) {
    const Mixed<double> mixed;
    const auto found =
        independent_components<double, width>(mixed.view(), core::Random(1), {.contrast = Contrast::skewness});
    BOOST_TEST(found.count == width);
    const Eigen::MatrixXd correlations = mixed.correlations(found);
    for (int source = 0; source < 2; ++source) BOOST_TEST(correlations.col(source).maxCoeff() > 0.99);
    // Sources of mean 0 and variance 1, uncorrelated, that lean to the positive side; the same again, and limited.
    core::Buffer<double, width> out;
    found.apply(mixed.view(), out.resize(row_count));
    const Eigen::MatrixXd s = core::map(out.view());
    BOOST_TEST((s.transpose() * s / row_count - Eigen::MatrixXd::Identity(width, width)).cwiseAbs().maxCoeff() < 1e-9);
    for (int i = 0; i < width; ++i) BOOST_TEST(s.col(i).array().cube().mean() >= 0);
    const auto again =
        independent_components<double, width>(mixed.view(), core::Random(1), {.contrast = Contrast::skewness});
    BOOST_TEST(found.unmixing.values == again.unmixing.values, boost::test_tools::per_element());
    const auto limited = independent_components<double, width>(
        mixed.view(), core::Random(1), {.contrast = Contrast::skewness, .iterations = 1, .tolerance = 1e-12});
    BOOST_TEST(limited.iterations == 1);
    BOOST_TEST(limited.change > 1e-12);
}

/// Two rows lean to no side: there is no direction to follow.
BOOST_AUTO_TEST_CASE(what_leans_to_no_side_is_turned_somehow) {
    const std::vector<double> rows{-1, 0, 1, 0, 0, 2, 0, -2};
    const auto found =
        independent_components<double, 2>({rows.data(), 4}, core::Random(1), {.contrast = Contrast::skewness});
    BOOST_TEST(found.count == 2);
    BOOST_TEST(core::map(found.unmixing).norm() > 0.5);
}

/// One of three things happens, or, two times in three, none: what happens to one excludes the others, so they are not
/// independent, and all at once FastICA finds their sum. One by one the most skewed are found.
BOOST_AUTO_TEST_CASE(things_that_exclude_one_another_are_found_by_skewness) {
    constexpr int things = 3, count = 9000;
    core::Random random(3);
    core::Buffer<double, things + 1> rows;
    std::vector<int> which;
    for (int row = 0; row < count; ++row) {
        which.push_back(random.below(9));
        double* line = rows.resize(count).row(row);
        for (int i = 0; i < things; ++i)
            line[i] = (which.back() == i ? -1.0 : which.back() < things ? 0.1 : 0.0) + 0.02 * random.normal();
        line[things] = random.normal();
    }
    const auto found = independent_components<double, things + 1>(std::as_const(rows).view(), core::Random(1),
                                                                  {.contrast = Contrast::skewness});
    core::Buffer<double, things + 1> sources;
    found.apply(std::as_const(rows).view(), sources.resize(count));
    for (int thing = 0; thing < things; ++thing) {
        double best = 0;
        for (int i = 0; i < things + 1; ++i) {
            double sum = 0;
            for (int row = 0; row < count; ++row)
                sum += sources.view().row(row)[i] * (which[static_cast<std::size_t>(row)] == thing ? 1 : 0);
            best = std::max(best, sum / count / (1.0 / 9));  // of the sources' deviations: at most sqrt(8)
        }
        BOOST_TEST(best > 2.5);
    }
}

BOOST_AUTO_TEST_CASE(sources_have_unit_variance_are_uncorrelated_and_their_heavy_tail_is_positive) {
    const Mixed<double> mixed;
    const auto found = independent_components<double, width>(mixed.view(), core::Random(2));
    core::Buffer<double, width> out;
    found.apply(mixed.view(), out.resize(row_count));
    const Eigen::MatrixXd s = core::map(out.view());
    BOOST_TEST(s.colwise().mean().cwiseAbs().maxCoeff() < 1e-9);
    BOOST_TEST((s.transpose() * s / row_count - Eigen::MatrixXd::Identity(width, width)).cwiseAbs().maxCoeff() < 1e-9);
    for (int i = 0; i < 2; ++i) BOOST_TEST(s.col(i).maxCoeff() > -2 * s.col(i).minCoeff());
}

BOOST_AUTO_TEST_CASE(the_same_stream_gives_the_same_bits) {
    const Mixed<float> mixed;
    const auto fit = [&](std::uint64_t seed) {
        return independent_components<float, width>(mixed.view(), core::Random(seed));
    };
    const auto one = fit(3), same = fit(3), other = fit(4);
    BOOST_TEST(one.unmixing.values == same.unmixing.values, boost::test_tools::per_element());
    BOOST_TEST(
        !std::equal(std::begin(one.unmixing.values), std::end(one.unmixing.values), std::begin(other.unmixing.values)));
}

BOOST_AUTO_TEST_CASE(as_many_as_the_rank_or_as_asked_for) {
    // The last two coordinates are sums of the others.
    Mixed<double> mixed;
    for (int row = 0; row < row_count; ++row) {
        double* line = mixed.rows.view().row(row);
        line[4] = line[0] + line[1];
        line[5] = line[2] - line[3];
    }
    const auto found = independent_components<double, width>(mixed.view(), core::Random(1));
    BOOST_TEST(found.count == 4);
    core::Buffer<double, width> out;
    found.apply(mixed.view(), out.resize(row_count));
    for (int i = 0; i < width; ++i) {
        const double square = core::map(out.view()).col(i).squaredNorm() / row_count;
        BOOST_TEST(square == (i < 4 ? 1.0 : 0.0), boost::test_tools::tolerance(1e-9));
    }
    BOOST_TEST((independent_components<double, width>(mixed.view(), core::Random(1), {.components = 3}).count == 3));
}

BOOST_AUTO_TEST_CASE(says_whether_it_has_settled) {
    const Mixed<double> mixed;
    const auto found = independent_components<double, width>(mixed.view(), core::Random(1), {.iterations = 2});
    BOOST_TEST(found.iterations == 2);
    BOOST_TEST(found.change > 1e-6);
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused_by_name) {
    const auto refused = [](const std::string& why, const auto& rows,
                            const control::IndependentComponentsOptions& options = {}) {
        BOOST_CHECK_EXCEPTION((independent_components<double, width>(rows, core::Random(1), options)), core::Error,
                              [&](const core::Error& error) {
                                  BOOST_TEST_MESSAGE(error.what());
                                  return std::string(error.what()).find(why) != std::string::npos;
                              });
    };
    const Mixed<double> mixed;
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        Mixed<double> broken;
        broken.rows.view().row(7)[2] = bad;
        refused("not finite", broken.view());
    }
    Mixed<double> equal;
    core::map(equal.rows.view()).setConstant(3.7);
    refused("all rows are equal", equal.view());
    Mixed<double> huge;
    core::map(huge.rows.view()) *= 1e200;
    refused("variances are not finite", huge.view());
    refused("5 asked for, the rows have rank 4", mixed.view().slice(0, 5), {.components = 5});
    refused("at least 2 rows", mixed.view().slice(0, 1));
    refused("at least 2 rows", mixed.view().slice(0, 0));
    refused("valid is 0 to 6", mixed.view(), {.components = 7});
    refused("valid is 0 to 6", mixed.view(), {.components = -1});
    refused("iterations", mixed.view(), {.iterations = 0});
    refused("tolerance", mixed.view(), {.tolerance = 0});
    Mixed<double> flat;
    core::map(flat.rows.view()).col(1) = core::map(flat.rows.view()).col(0);
    refused("6 asked for, the rows have rank 5", flat.view(), {.components = 6});
}
