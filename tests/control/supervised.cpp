#include "midstream/control/supervised.hpp"

#include "io/files.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

template <int Write, class Form>
void check_supervised() {
    using Controllers = control::Supervised<TinyModel, Write, 3, Form>;
    const auto base = test::random_model<TinyModel, double>(core::Random(1));
    auto parameters = test::random_model<Controllers, double>(core::Random(2), 0.3);
    const auto episodes = test::random_episodes<TinyModel, double>(core::Random(3));
    TinyModel::Tape<double> base_tape;
    core::Buffer<double, Controllers::width> e_write;
    typename Controllers::template Tape<double> tape;
    core::Box<typename Controllers::template Parameters<double>> gradient;
    const auto run = [&](auto&& to) {
        return train::supervised_loss<Controllers, double>(*base, *parameters, episodes, 0.3, base_tape, e_write, tape,
                                                           to);
    };
    const auto sums = run(*gradient);
    BOOST_TEST(sums.steps == 16);
    test::check_gradient("controllers", core::flat<double>(*parameters), core::flat<double>(*gradient),
                         [&] { return 0.3 * run(core::Frozen{}).action; });
}
BOOST_AUTO_TEST_CASE(gradients_through_the_frozen_blocks) {
    check_supervised<0, control::LowRank<2>>();
    check_supervised<1, control::LowRank<2>>();
    check_supervised<3, control::LowRank<2>>();
    check_supervised<2, control::FullLinear>();
}

using Controllers = control::Supervised<TinyModel, 1, 3, control::LowRank<2>>;

BOOST_AUTO_TEST_CASE(the_label_of_a_row_picks_its_controller) {
    auto parameters = test::random_model<Controllers, double>(core::Random(2), 0.3);
    core::Random random(4);
    core::Buffer<double, 8> e, steered;
    test::fill_normal(e.resize(6).flat(), random);
    const std::vector<std::int16_t> labels{2, 0, 0, 1, 2, 1};
    Controllers::Tape<double> tape;
    for (const double gain : {1.0, 1.5}) {
        Controllers::forward(*parameters, e.view(), labels, steered.resize(6), tape, gain);
        for (int row = 0; row < 6; ++row) {
            const int k = labels[static_cast<std::size_t>(row)];
            const Eigen::RowVectorXd x = core::map_row(e.view(), row);
            const Eigen::RowVectorXd expected = x + gain * (x * core::map(parameters->down).middleCols(2 * k, 2)) *
                                                        core::map(parameters->up).middleRows(2 * k, 2);
            for (int i = 0; i < 8; ++i)
                BOOST_TEST(steered.view().row(row)[i] == expected[i], boost::test_tools::tolerance(1e-9));
        }
    }
}

BOOST_AUTO_TEST_CASE(controllers_of_other_labels_learn_nothing) {
    const auto base = test::random_model<TinyModel, double>(core::Random(1));
    const auto parameters = test::random_model<Controllers, double>(core::Random(2), 0.3);
    auto episodes = test::random_episodes<TinyModel, double>(core::Random(3));
    std::fill(episodes.subgoals.begin(), episodes.subgoals.end(), std::int16_t{1});
    TinyModel::Tape<double> base_tape;
    core::Buffer<double, 8> e_write;
    Controllers::Tape<double> tape;
    core::Box<Controllers::Parameters<double>> gradient;
    train::supervised_loss<Controllers, double>(*base, *parameters, episodes, 1.0, base_tape, e_write, tape, *gradient);
    for (int k = 0; k < 3; ++k) {
        const double norm =
            core::map(gradient->down).middleCols(2 * k, 2).norm() + core::map(gradient->up).middleRows(2 * k, 2).norm();
        if (k == 1)
            BOOST_TEST(norm > 1e-3);
        else
            BOOST_TEST(norm == 0);
    }
}

BOOST_AUTO_TEST_CASE(labels_without_a_controller_are_refused) {
    const auto parameters = test::random_model<Controllers, double>(core::Random(2), 0.3);
    core::Buffer<double, 8> e, steered;
    Controllers::Tape<double> tape;
    const auto run = [&](const std::vector<std::int16_t>& labels, int rows) {
        Controllers::forward(*parameters, e.zeros(rows), labels, steered.resize(rows), tape);
    };
    run({0, 2}, 2);
    run({}, 0);
    test::check_error("the label of a supervised controller is -1, valid is 0 to 2", [&] { run({0, -1}, 2); });
    test::check_error("the label of a supervised controller is 3, valid is 0 to 2", [&] { run({0, 3}, 2); });
    test::check_error("have 1 labels for 2 rows", [&] { run({0}, 2); });
}

BOOST_AUTO_TEST_CASE(rows_are_steered_alike_in_any_slice_of_a_batch) {
    const auto parameters = test::random_model<Controllers, double>(core::Random(2), 0.3);
    core::Random random(4);
    core::Buffer<double, 8> e, whole, part, de;
    test::fill_normal(e.resize(6).flat(), random);
    const std::vector<std::int16_t> labels{2, 0, 0, 1, 2, 1};
    Controllers::Tape<double> tape;
    core::Box<Controllers::Parameters<double>> whole_gradient, sum_of_gradients;
    const auto run = [&](int first, int length, core::Buffer<double, 8>& to, auto& gradient) {
        const auto rows = e.view().slice(first, length);
        Controllers::forward(
            *parameters, rows,
            std::span(labels).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(length)),
            to.resize(length), tape);
        Controllers::backward(*parameters, rows, tape, rows, gradient);
    };
    run(0, 6, whole, *whole_gradient);
    for (const auto& [first, length] : {std::pair{0, 2}, std::pair{2, 0}, std::pair{2, 1}, std::pair{3, 3}}) {
        run(first, length, part, *sum_of_gradients);
        for (int row = 0; row < length; ++row)
            for (int i = 0; i < 8; ++i)
                BOOST_TEST(std::abs(part.view().row(row)[i] - whole.view().row(first + row)[i]) < 1e-12);
    }
    const auto a = core::flat<double>(*whole_gradient), b = core::flat<double>(*sum_of_gradients);
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::abs(a[i] - b[i]) < 1e-9);
}
