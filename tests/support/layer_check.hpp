/// \file
/// What every layer must pass: gradients of parameters and inputs, a frozen backward that leaves the same input
/// gradient, step by step inference that equals the whole-sequence forward, and results for a sequence that are the
/// same whatever batch, or part of a batch, it is in. All on batches without rows, too, and on sequences of length 0
/// and 1.
#pragma once

#include <vector>

#include "midstream/layer/layer.hpp"
#include "support/gradient_check.hpp"

namespace midstream::test {

/// Several sequences of different lengths.
inline const std::vector<int> ragged_offsets{0, 5, 6, 13, 16};
/// What else a batch may be: one step; empty sequences at both ends and amid; nothing but one; no sequence at all.
inline const std::vector<std::vector<int>> all_offsets{ragged_offsets, {0, 1}, {0, 0, 2, 2, 11, 11}, {0, 0}, {0}};

/// Sequences from amid a batch, whose rows still begin at 0.
inline std::vector<int> from_amid(std::vector<int> offsets, int rows_before = 3) {
    for (int& offset : offsets) offset += rows_before;
    return offsets;
}

/// Parameters well away from zero, so that every path of the layer matters.
template <class L, class T>
core::Box<typename L::template Parameters<T>> random_parameters(core::Random random, double deviation) {
    core::Box<typename L::template Parameters<T>> parameters;
    L::initialise(*parameters, random);
    for (T& value : core::flat<T>(*parameters)) value += static_cast<T>(deviation * random.normal());
    return parameters;
}

template <class L>
void check_layer_gradients(const std::vector<int>& whole_offsets, double deviation = 0.3, double tolerance = 1e-6) {
    const std::vector<int> offsets = from_amid(whole_offsets);
    static_assert(layer::Layer<L, double>);
    core::Random random(7);
    const core::Sequences sequences{offsets};
    const int rows = sequences.rows();
    auto parameters = random_parameters<L, double>(random.fork(1), deviation);
    core::Buffer<double, L::input_width> x, dx, dx_frozen;
    core::Buffer<double, L::output_width> y, weights;
    typename L::template Tape<double> tape;
    fill_normal(x.resize(rows).flat(), random);
    fill_normal(weights.resize(rows).flat(), random);
    y.resize(rows);
    const auto loss = [&] {
        L::forward(*parameters, sequences, x.view(), y.view(), tape);
        return core::map(y.view()).cwiseProduct(core::map(weights.view())).sum();
    };
    loss();
    core::Box<typename L::template Parameters<double>> gradient;
    L::backward(*parameters, sequences, x.view(), tape, weights.view(), dx.zeros(rows), *gradient);
    loss();
    L::backward(*parameters, sequences, x.view(), tape, weights.view(), dx_frozen.zeros(rows), core::Frozen{});
    BOOST_TEST(dx.values == dx_frozen.values, boost::test_tools::per_element());
    // Adding, not overwriting: a second backward doubles both.
    loss();
    core::Box<typename L::template Parameters<double>> twice = gradient;
    L::backward(*parameters, sequences, x.view(), tape, weights.view(), dx_frozen.view(), *twice);
    for (std::size_t i = 0; i < dx.values.size(); ++i)
        BOOST_TEST(std::abs(dx_frozen.values[i] - 2 * dx.values[i]) < 1e-9);
    const auto once_flat = core::flat<double>(*gradient), twice_flat = core::flat<double>(*twice);
    for (std::size_t i = 0; i < once_flat.size(); ++i) BOOST_TEST(std::abs(twice_flat[i] - 2 * once_flat[i]) < 1e-9);

    if (rows == 0) {
        for (const double g : once_flat) BOOST_TEST(g == 0);
        return;
    }
    check_gradient("input", x.view().flat(), dx.view().flat(), loss, 400, 1e-5, tolerance);
    check_gradient("parameters", core::flat<double>(*parameters), once_flat, loss, 400, 1e-5, tolerance);
}

/// Whatever has `forward` and `backward` of a layer: every stretch of the sequences of a batch, as a slice of it, has
/// the outputs and input gradients that its rows have in the whole, and the gradients of the sequences add up to the
/// whole's.
template <class L>
void check_slices(double tolerance = 1e-9) {
    const std::vector<int> offsets{0, 5, 6, 6, 13, 16};
    const int count = static_cast<int>(offsets.size()) - 1, rows = offsets.back();
    core::Random random(11);
    auto parameters = random_parameters<L, double>(random.fork(1), 0.3);
    core::Box<typename L::template Parameters<double>> whole_gradient, sum_of_gradients;
    core::Buffer<double, L::input_width> x, dx, part_dx;
    core::Buffer<double, L::output_width> y, dy, part_y;
    typename L::template Tape<double> tape;
    fill_normal(x.resize(rows).flat(), random);
    fill_normal(dy.resize(rows).flat(), random);
    const auto run = [&](core::Sequences sequences, int first, core::Rows<double, L::output_width> to,
                         core::Rows<double, L::input_width> gradient_to, auto&& gradient) {
        const auto part = x.view().slice(first, sequences.rows());
        L::forward(*parameters, sequences, part, to, tape);
        L::backward(*parameters, sequences, part, tape, dy.view().slice(first, sequences.rows()), gradient_to,
                    gradient);
    };
    run({offsets}, 0, y.resize(rows), dx.zeros(rows), *whole_gradient);
    for (int begin = 0; begin <= count; ++begin)
        for (int end = begin; end <= count; ++end) {
            const core::Sequences sequences{
                std::span(offsets).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin) + 1)};
            const int first = offsets[static_cast<std::size_t>(begin)], length = sequences.rows();
            if (end == begin + 1)
                run(sequences, first, part_y.resize(length), part_dx.zeros(length), *sum_of_gradients);
            else
                run(sequences, first, part_y.resize(length), part_dx.zeros(length), core::Frozen{});
            double worst = 0;
            for (int row = 0; row < length; ++row) {
                const auto difference = [&](const auto& part, const auto& whole) {
                    return (core::map_row(part.view(), row) - core::map_row(whole.view(), first + row))
                        .cwiseAbs()
                        .maxCoeff();
                };
                worst = std::max({worst, difference(part_y, y), difference(part_dx, dx)});
            }
            BOOST_TEST(worst < tolerance, "sequences " << begin << " to " << end << " are off by " << worst);
        }
    const auto whole = core::flat<double>(*whole_gradient), sum = core::flat<double>(*sum_of_gradients);
    for (std::size_t i = 0; i < whole.size(); ++i)
        BOOST_TEST(std::abs(whole[i] - sum[i]) < tolerance * std::max(1.0, std::abs(whole[i])));
}

/// The above on all batches.
template <class L>
void check_layer_gradients() {
    for (const auto& offsets : all_offsets) check_layer_gradients<L>(offsets);
    check_slices<L>();
}

/// Steps all sequences side by side, shortest ones dropping out, and compares with forward.
template <class L, class T = float>
void check_step_equals_forward(const std::vector<int>& whole_offsets, double tolerance = 1e-5) {
    const std::vector<int> offsets = from_amid(whole_offsets);
    core::Random random(8);
    const core::Sequences sequences{offsets};
    auto parameters = random_parameters<L, T>(random.fork(1), 0.2);
    core::Buffer<T, L::input_width> x, step_x;
    core::Buffer<T, L::output_width> y, step_y;
    typename L::template Tape<T> tape, scratch;
    for (T& value : x.resize(sequences.rows()).flat()) value = static_cast<T>(random.normal());
    L::forward(*parameters, sequences, x.view(), y.resize(sequences.rows()), tape);
    std::vector<typename L::template State<T>> states(static_cast<std::size_t>(sequences.count()));
    for (auto& state : states) L::reset(state);
    core::Lockstep lockstep;
    lockstep.assign(sequences);
    for (int t = 0; t < lockstep.steps(); ++t) {
        const int active = lockstep.active(t);
        step_x.resize(active);
        for (int i = 0; i < active; ++i)
            std::copy_n(x.view().row(lockstep.rows[static_cast<std::size_t>(lockstep.start(t) + i)]), L::input_width,
                        step_x.view().row(i));
        const auto state_of = [&](int i) -> auto& {
            return states[static_cast<std::size_t>(lockstep.order[static_cast<std::size_t>(i)])];
        };
        L::step(*parameters, state_of, step_x.view(), step_y.resize(active), scratch);
        for (int i = 0; i < active; ++i)
            for (int c = 0; c < L::output_width; ++c) {
                const T expected = y.view().row(lockstep.rows[static_cast<std::size_t>(lockstep.start(t) + i)])[c];
                BOOST_TEST(
                    std::abs(step_y.view().row(i)[c] - expected) <= tolerance * std::max(T(1), std::abs(expected)),
                    "step " << t << ", row " << i << ", column " << c << ": " << step_y.view().row(i)[c]
                            << " instead of " << expected);
            }
    }
}
template <class L, class T = float>
void check_step_equals_forward() {
    for (const auto& offsets : all_offsets) check_step_equals_forward<L, T>(offsets);
}

}  // namespace midstream::test
