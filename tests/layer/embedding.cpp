#include "midstream/layer/embedding.hpp"

#include "support/gradient_check.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(one_hots_equal_the_product_with_the_dense_vector) {
    using Embedding = layer::Embedding<data::OneHots<11, 3>, 4>;
    core::Random random(2);
    Embedding::Parameters<double> parameters, gradient{};
    Embedding::initialise(parameters, random);
    const std::int16_t ones[2][3] = {{0, 5, 10}, {1, 5, 7}};
    double y[2][4], weights[2][4];
    test::fill_normal({&weights[0][0], 8}, random);
    const auto loss = [&] {
        Embedding::forward(parameters, {&ones[0][0], 2}, {&y[0][0], 2});
        double sum = 0;
        for (int i = 0; i < 8; ++i) sum += (&y[0][0])[i] * (&weights[0][0])[i];
        return sum;
    };
    loss();
    for (int row = 0; row < 2; ++row) {
        Eigen::Matrix<double, 1, 11> dense = Eigen::Matrix<double, 1, 11>::Zero();
        for (const int one : ones[row]) dense[one] = 1;
        const Eigen::Matrix<double, 1, 4> expected = dense * core::map(parameters.rows);
        for (int i = 0; i < 4; ++i) BOOST_TEST(y[row][i] == expected[i], boost::test_tools::tolerance(1e-12));
    }
    Embedding::backward(parameters, {&ones[0][0], 2}, {&weights[0][0], 2}, gradient);
    test::check_gradient("rows", core::flat<double>(parameters), core::flat<double>(gradient), loss);
}

BOOST_AUTO_TEST_CASE(indices_out_of_bounds_are_refused) {
    using Embedding = layer::Embedding<data::OneHots<11, 3>, 4>;
    Embedding::Parameters<double> parameters{};
    double y[2][4];
    for (const auto wrong : {std::int16_t{11}, std::int16_t{-1}})
        for (int at = 0; at < 6; ++at) {
            std::int16_t ones[6] = {0, 5, 10, 1, 5, 7};
            ones[at] = wrong;
            BOOST_CHECK_THROW(Embedding::forward(parameters, {ones, 2}, {&y[0][0], 2}), core::Error);
        }
}
