#include "midstream/control/future.hpp"

#include "midstream/control/metacontroller.hpp"
#include "support/layer_check.hpp"

using namespace midstream;

template <class Scope>
using Embedding = control::FutureEmbedding<control::FutureHawk<8, 2>, 5, Scope>;

template <class Scope>
struct Case {
    using E = Embedding<Scope>;
    core::Sequences sequences{test::ragged_offsets};
    core::Box<typename E::template Parameters<double>> parameters =
        test::random_parameters<E, double>(core::Random(1), 0.3);
    core::Box<typename E::template Parameters<double>> gradient;
    core::Buffer<double, 8> x, dx;
    core::Buffer<double, 5> y, weights;
    typename E::template Tape<double> tape;

    Case() {
        core::Random random(2);
        test::fill_normal(x.resize(16).flat(), random);
        test::fill_normal(weights.resize(16).flat(), random);
        y.resize(16);
        dx.zeros(16);
    }
    double loss() {
        E::forward(*parameters, sequences, x.view(), y.view(), tape);
        return core::map(y.view()).cwiseProduct(core::map(weights.view())).sum();
    }
    /// By how much row `input` of x changes row `output` of y.
    double influence(int input, int output) {
        loss();
        const Eigen::RowVectorXd before = core::map_row(y.view(), output);
        core::map_row(x.view(), input).array() += 1;
        loss();
        core::map_row(x.view(), input).array() -= 1;
        return (core::map_row(y.view(), output) - before).cwiseAbs().maxCoeff();
    }
    int sequence_of(int row) const {
        int s = 0;
        while (sequences.first(s + 1) <= row) ++s;
        return s;
    }
};

template <class Scope>
void check_gradients() {
    Case<Scope> c;
    c.loss();
    Case<Scope>::E::backward(*c.parameters, c.sequences, c.x.view(), c.tape, c.weights.view(), c.dx.view(),
                             *c.gradient);
    const auto loss = [&] { return c.loss(); };
    test::check_gradient("input", c.x.view().flat(), c.dx.view().flat(), loss);
    test::check_gradient("parameters", core::flat<double>(*c.parameters), core::flat<double>(*c.gradient), loss, 300);
    c.loss();
    auto frozen = c.dx;
    Case<Scope>::E::backward(*c.parameters, c.sequences, c.x.view(), c.tape, c.weights.view(), frozen.zeros(16),
                             core::Frozen{});
    for (std::size_t i = 0; i < frozen.values.size(); ++i)
        BOOST_TEST(std::abs(frozen.values[i] - c.dx.values[i]) < 1e-12);
}
BOOST_AUTO_TEST_CASE(gradients_of_the_last_step) { check_gradients<control::LastStep>(); }
BOOST_AUTO_TEST_CASE(gradients_of_every_step) { check_gradients<control::EveryStep>(); }

BOOST_AUTO_TEST_CASE(the_last_step_sums_up_the_whole_sequence_for_all_of_it) {
    Case<control::LastStep> c;
    c.loss();
    for (int row = 0; row < 16; ++row) {
        const int last = c.sequences.first(c.sequence_of(row) + 1) - 1;
        BOOST_TEST((core::map_row(c.y.view(), row) == core::map_row(c.y.view(), last)));
    }
    for (int input = 0; input < 16; ++input)
        for (int output = 0; output < 16; ++output) {
            if (c.sequence_of(input) == c.sequence_of(output))
                BOOST_TEST(c.influence(input, output) > 1e-9);
            else
                BOOST_TEST(c.influence(input, output) == 0);
        }
}

BOOST_AUTO_TEST_CASE(every_step_has_a_sum_of_what_is_to_come) {
    Case<control::EveryStep> c;
    for (int input = 0; input < 16; ++input)
        for (int output = 0; output < 16; ++output) {
            if (c.sequence_of(input) == c.sequence_of(output) && input >= output)
                BOOST_TEST(c.influence(input, output) > 1e-9);
            else
                BOOST_TEST(c.influence(input, output) < 1e-12);
        }
}

BOOST_AUTO_TEST_CASE(turning_round_twice_changes_nothing) {
    core::Random random(3);
    const std::vector<int> offsets{4, 9, 10, 13};  // as a part of a larger batch has them
    core::Buffer<double, 2> x, turned, back;
    test::fill_normal(x.resize(9).flat(), random);
    control::reverse_sequences<double, 2>({offsets}, x.view(), turned.resize(9));
    control::reverse_sequences<double, 2>({offsets}, turned.view(), back.resize(9));
    BOOST_TEST(x.values == back.values);
    BOOST_TEST(turned.view().row(0)[1] == x.view().row(4)[1]);
    BOOST_TEST(turned.view().row(5)[0] == x.view().row(5)[0]);
    BOOST_TEST(turned.view().row(6)[0] == x.view().row(8)[0]);
}

BOOST_AUTO_TEST_CASE(sequences_are_embedded_alike_in_any_slice_of_a_batch) {
    test::check_slices<Embedding<control::LastStep>>();
    test::check_slices<Embedding<control::EveryStep>>();
    test::check_slices<control::FutureEmbedding<control::FutureGru<8>, 5, control::EveryStep>>();
}
