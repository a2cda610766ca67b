/// \file
/// What every layer that mixes time must pass besides support/layer_check.hpp: sequences do not see each other, the
/// past does not see the future, and nothing allocates once warmed up. Included first, as support/allocation_count.hpp.
#pragma once

#include "support/allocation_count.hpp"
//
#include <vector>

#include "support/layer_check.hpp"

namespace midstream::test {

/// Changes one row of the input at a time and requires that the outputs which change are those at and after it in its
/// own sequence, no others, and that the one at it does.
template <class L>
void check_isolation_and_causality(const std::vector<int>& whole_offsets) {
    const std::vector<int> offsets = from_amid(whole_offsets);
    core::Random random(9);
    const core::Sequences sequences{offsets};
    const int rows = sequences.rows();
    auto parameters = random_parameters<L, double>(random.fork(1), 0.3);
    core::Buffer<double, L::input_width> x;
    core::Buffer<double, L::output_width> y, changed;
    typename L::template Tape<double> tape;
    fill_normal(x.resize(rows).flat(), random);
    L::forward(*parameters, sequences, x.view(), y.resize(rows), tape);
    for (int s = 0; s < sequences.count(); ++s)
        for (int row = sequences.row(s); row < sequences.row(s + 1); ++row) {
            core::map_row(x.view(), row).array() += 1;
            L::forward(*parameters, sequences, x.view(), changed.resize(rows), tape);
            core::map_row(x.view(), row).array() -= 1;
            for (int other = 0; other < rows; ++other) {
                const double difference =
                    (core::map_row(changed.view(), other) - core::map_row(y.view(), other)).cwiseAbs().maxCoeff();
                if (other < row || other >= sequences.row(s + 1))
                    BOOST_TEST(difference < 1e-12, "input " << row << " changes output " << other);
                else if (other == row)
                    BOOST_TEST(difference > 1e-6, "input " << row << " leaves its own output as it was");
            }
        }
}

/// After one batch, forward, backward and step allocate nothing on a batch that is no larger.
template <class L>
void check_no_allocation() {
    using Scalar = float;
    core::Random random(10);
    const std::vector<int> offsets = ragged_offsets, smaller{3, 6, 10, 11};
    auto parameters = random_parameters<L, Scalar>(random, 0.1);
    core::Box<typename L::template Parameters<Scalar>> gradient;
    core::Buffer<Scalar, L::input_width> x, dx;
    core::Buffer<Scalar, L::output_width> y;
    typename L::template Tape<Scalar> tape, scratch;
    std::vector<typename L::template State<Scalar>> states(5);
    for (auto& state : states) L::reset(state);
    const auto round = [&](core::Sequences sequences, int instances) {
        const int rows = sequences.rows();
        x.zeros(rows), dx.zeros(rows), y.zeros(rows);
        L::forward(*parameters, sequences, x.view(), y.view(), tape);
        L::backward(*parameters, sequences, x.view(), tape, y.view(), dx.view(), *gradient);
        L::step(
            *parameters, [&](int i) -> auto& { return states[static_cast<std::size_t>(i)]; },
            x.view().slice(0, instances), y.view().slice(0, instances), scratch);
    };
    BOOST_TEST(allocations([&] { round({offsets}, 5); }) > 0);
    BOOST_TEST(allocations([&] { round({offsets}, 5); }) == 0);
    BOOST_TEST(allocations([&] { round({smaller}, 3); }) == 0);
}

/// All of support/layer_check.hpp and the above.
template <class L>
void check_temporal_layer(double tolerance = 1e-6) {
    for (const auto& offsets : all_offsets) {
        check_layer_gradients<L>(offsets, 0.3, tolerance);
        check_step_equals_forward<L>(offsets);
        check_step_equals_forward<L, double>(offsets, 1e-12);
        check_isolation_and_causality<L>(offsets);
    }
    check_slices<L>();
    check_no_allocation<L>();
}

}  // namespace midstream::test
