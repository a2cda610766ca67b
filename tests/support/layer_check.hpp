/// \file
/// What every layer must pass: gradients of parameters and inputs, a frozen backward that leaves the same input
/// gradient, and step by step inference that equals the whole-sequence forward.
#pragma once

#include <vector>

#include "midstream/layer/layer.hpp"
#include "support/gradient_check.hpp"

namespace midstream::test {

/// Several sequences of different lengths.
inline const std::vector<int> ragged_offsets{0, 5, 6, 13, 16};

/// Parameters well away from zero, so that every path of the layer matters.
template <class L, class T>
core::Box<typename L::template Parameters<T>> random_parameters(core::Random random, double deviation) {
    core::Box<typename L::template Parameters<T>> parameters;
    L::initialise(*parameters, random);
    for (T& value : core::flat<T>(*parameters)) value += static_cast<T>(deviation * random.normal());
    return parameters;
}

template <class L>
void check_layer_gradients(std::vector<int> offsets = ragged_offsets, double deviation = 0.3, double tolerance = 1e-6) {
    for (int& offset : offsets) offset += 3;  // sequences from amid a batch, whose rows still begin at 0
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

    check_gradient("input", x.view().flat(), dx.view().flat(), loss, 400, 1e-5, tolerance);
    check_gradient("parameters", core::flat<double>(*parameters), once_flat, loss, 400, 1e-5, tolerance);
}

/// Steps all sequences side by side, shortest ones dropping out, and compares with forward.
template <class L, class T = float>
void check_step_equals_forward(const std::vector<int>& offsets = ragged_offsets, double tolerance = 1e-5) {
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

}  // namespace midstream::test
