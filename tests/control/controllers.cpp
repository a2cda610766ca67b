#include "midstream/control/controllers.hpp"

#include "support/layer_check.hpp"

using namespace midstream;

constexpr int width = 6, count = 4, rows = 5;

/// A bank with everything random, and the loss sum(weights * steered).
template <class Form>
struct Case {
    using Bank = typename Form::template Bank<width, count>;
    core::Box<typename Bank::template Parameters<double>> parameters, gradient;
    core::Buffer<double, width> e, e_gradient, steered, weights;
    core::Buffer<double, count> coefficients, coefficient_gradient;
    typename Bank::template Tape<double> tape;

    Case() {
        core::Random random(1);
        Bank::initialise(*parameters, random);
        test::fill_normal(core::flat<double>(*parameters), random, 0.5);
        test::fill_normal(e.resize(rows).flat(), random);
        test::fill_normal(weights.resize(rows).flat(), random);
        test::fill_normal(coefficients.resize(rows).flat(), random);
        steered.resize(rows);
        e_gradient.zeros(rows);
        coefficient_gradient.zeros(rows);
    }
    double loss() {
        Bank::forward(*parameters, e.view(), coefficients.view(), steered.view(), tape);
        return core::map(steered.view()).cwiseProduct(core::map(weights.view())).sum();
    }
    template <class Gradient>
    void backward(core::Rows<double, count> dc, core::Rows<double, width> de, Gradient&& to) {
        loss();
        Bank::backward(*parameters, e.view(), coefficients.view(), tape, weights.view(), dc, de, to);
    }
};

template <class Form>
void check_bank() {
    Case<Form> c;
    using Bank = typename Case<Form>::Bank;
    c.backward(c.coefficient_gradient.view(), c.e_gradient.view(), *c.gradient);
    const auto loss = [&] { return c.loss(); };
    test::check_gradient("parameters", core::flat<double>(*c.parameters), core::flat<double>(*c.gradient), loss);
    test::check_gradient("residual stream", c.e.view().flat(), c.e_gradient.view().flat(), loss);
    test::check_gradient("coefficients", c.coefficients.view().flat(), c.coefficient_gradient.view().flat(), loss);

    // A frozen bank passes on the same gradients; what is not wanted is not computed; what is there is added to.
    auto de = c.e_gradient, again = c.e_gradient;
    auto dc = c.coefficient_gradient;
    c.backward(dc.view(), de.view(), core::Frozen{});
    for (std::size_t i = 0; i < de.values.size(); ++i)
        BOOST_TEST(std::abs(de.values[i] - 2 * c.e_gradient.values[i]) < 1e-9);
    for (std::size_t i = 0; i < dc.values.size(); ++i)
        BOOST_TEST(std::abs(dc.values[i] - 2 * c.coefficient_gradient.values[i]) < 1e-9);
    auto twice = c.gradient;
    c.backward({}, {}, *twice);
    const auto once_flat = core::flat<double>(*c.gradient), twice_flat = core::flat<double>(*twice);
    for (std::size_t i = 0; i < once_flat.size(); ++i) BOOST_TEST(std::abs(twice_flat[i] - 2 * once_flat[i]) < 1e-9);

    // Acting: the combined controller of a row's coefficients does what forward does, at any gain.
    c.coefficients.view().row(2)[1] = 0;
    for (const double gain : {1.0, 0.0, 1.5}) {
        Bank::forward(*c.parameters, c.e.view(), c.coefficients.view(), c.steered.view(), c.tape, gain);
        for (int row = 0; row < rows; ++row) {
            typename Bank::template Controller<double> controller;
            Bank::combine(*c.parameters, c.coefficients.view().row(row), controller);
            Eigen::Matrix<double, 1, width> e = core::map_row(c.e.view(), row);
            Bank::steer(controller, e.data(), gain);
            for (int i = 0; i < width; ++i) {
                BOOST_TEST(std::abs(e[i] - c.steered.view().row(row)[i]) < 1e-12);
                if (gain == 0) BOOST_TEST(e[i] == c.e.view().row(row)[i]);
            }
        }
    }
}
/// The controllers of many rows of coefficients have the bits of each alone, and what is steered by them is what it
/// would be one sum after the other, up to rounding.
BOOST_AUTO_TEST_CASE(many_low_rank_controllers_at_once) {
    constexpr int wide = 19, components = 5, many = 37;
    using Bank = control::LowRank<6>::Bank<wide, components>;
    core::Random random(4);
    typename Bank::Parameters<float> parameters;
    for (float& value : core::flat<float>(parameters)) value = random.normal<float>();
    core::Buffer<float, components> coefficients;
    for (float& value : coefficients.resize(many).flat()) value = random.normal<float>();
    coefficients.view().row(3)[2] = 0;
    std::vector<Bank::Controller<float>> together(many);
    core::AlignedVector<float> scratch;
    Bank::combine_all<float>(
        parameters, coefficients.view(), [&](int i) -> auto& { return together[static_cast<std::size_t>(i)]; },
        scratch);
    for (int row = 0; row < many; ++row) {
        Bank::Controller<float> alone;
        Bank::combine(parameters, coefficients.view().row(row), alone);
        const auto& other = together[static_cast<std::size_t>(row)];
        BOOST_TEST((core::map(alone.down) == core::map(other.down) && core::map(alone.up) == core::map(other.up)));
        Eigen::RowVectorXf e(wide);
        for (float& value : e) value = random.normal<float>();
        const Eigen::RowVectorXd before = e.cast<double>();
        Bank::steer(alone, e.data(), 1.5f);
        const Eigen::RowVectorXd expected =
            before + 1.5 * (before * core::map(alone.down).cast<double>()) * core::map(alone.up).cast<double>();
        BOOST_TEST((e.cast<double>() - expected).cwiseAbs().maxCoeff() < 1e-4 * (1 + expected.cwiseAbs().maxCoeff()));
    }
}
BOOST_AUTO_TEST_CASE(low_rank) {
    check_bank<control::LowRank<1>>();
    check_bank<control::LowRank<3>>();
}
BOOST_AUTO_TEST_CASE(full_linear) { check_bank<control::FullLinear>(); }

/// U = (sum_k c_k D_k)(sum_k c_k V_k): both factors are combined, not the products.
BOOST_AUTO_TEST_CASE(low_rank_combines_both_factors) {
    Case<control::LowRank<2>> c;
    c.loss();
    for (int row = 0; row < rows; ++row) {
        Eigen::MatrixXd down = Eigen::MatrixXd::Zero(width, 2), up = Eigen::MatrixXd::Zero(2, width);
        for (int k = 0; k < count; ++k) {
            down += c.coefficients.view().row(row)[k] * core::map(c.parameters->down).middleCols(2 * k, 2);
            up += c.coefficients.view().row(row)[k] * core::map(c.parameters->up).middleRows(2 * k, 2);
        }
        const Eigen::RowVectorXd e = core::map_row(c.e.view(), row), expected = e + e * down * up;
        for (int i = 0; i < width; ++i)
            BOOST_TEST(c.steered.view().row(row)[i] == expected[i], boost::test_tools::tolerance(1e-9));
    }
}

/// U e is a product with a matrix: a unit vector may come out in every direction, and is no gain of its own direction.
template <class Form>
void check_not_diagonal() {
    Case<Form> c;
    c.e.zeros(rows);
    for (int row = 0; row < rows; ++row) c.e.view().row(row)[row] = 1;
    c.loss();
    for (int row = 0; row < rows; ++row)
        for (int i = 0; i < width; ++i)
            if (i != row) BOOST_TEST(std::abs(c.steered.view().row(row)[i]) > 1e-6);
}
BOOST_AUTO_TEST_CASE(controllers_are_matrices_and_no_diagonal_gains) {
    check_not_diagonal<control::LowRank<2>>();
    check_not_diagonal<control::FullLinear>();
}

BOOST_AUTO_TEST_CASE(the_rank_is_a_number_of_its_own) {
    // Of the controller that any number of components makes, exactly `Rank` singular values are not zero.
    using Bank = control::LowRank<3>::Bank<width, 1>;
    using Wide = control::LowRank<3>::Bank<width, 8>;
    const auto rank_of = []<class B>(std::type_identity<B>) {
        core::Random random(3);
        typename B::template Parameters<double> parameters;
        test::fill_normal(core::flat<double>(parameters), random);
        double coefficients[B::count];
        for (double& c : coefficients) c = random.normal();
        typename B::template Controller<double> controller;
        B::combine(parameters, coefficients, controller);
        static_assert(decltype(controller.down)::columns == 3);
        const Eigen::MatrixXd u = core::map(controller.down) * core::map(controller.up);
        // By Gaussian elimination with complete pivoting.
        Eigen::MatrixXd left = u;
        int rank = 0;
        for (int i = 0; i < width; ++i) {
            Eigen::Index r = 0, column = 0;
            if (left.cwiseAbs().maxCoeff(&r, &column) < 1e-9) break;
            ++rank;
            left -= (left.col(column) * left.row(r) / left(r, column)).eval();
        }
        return rank;
    };
    BOOST_TEST(rank_of(std::type_identity<Bank>{}) == 3);
    BOOST_TEST(rank_of(std::type_identity<Wide>{}) == 3);
}
