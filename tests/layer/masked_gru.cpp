#include "midstream/layer/masked_gru.hpp"

#include "support/layer_check.hpp"

using namespace midstream;

using Masked = layer::MaskedGru<3, 5>;

/// What reads random rows under a random mask, and its gradients.
struct Reading {
    explicit Reading(const std::vector<int>& offsets) : sequences{offsets} {
        lockstep.assign(sequences);
        core::Random random(3);
        const int rows = sequences.rows();
        test::fill_normal(p.resize(rows).flat(), random);
        test::fill_normal(weights.resize(rows).flat(), random);
        for (double& value : mask.resize(rows).flat()) value = random.uniform();
        core::Random draw = random.fork(1);
        Masked::Cell::initialise(*parameters, draw);
        for (double& value : core::flat<double>(*parameters)) value += 0.3 * draw.normal();
    }
    double loss() {
        Masked::forward(*parameters, lockstep, p.view(), mask.view(), h.resize(p.count), tape);
        return core::map(h.view()).cwiseProduct(core::map(weights.view())).sum();
    }

    core::Sequences sequences;
    core::Lockstep lockstep;
    core::Buffer<double, Masked::packed_width> p;
    core::Buffer<double, 5> h, weights;
    core::Buffer<double, 1> mask;
    core::Box<Masked::Parameters<double>> parameters;
    Masked::Tape<double> tape;
};

BOOST_AUTO_TEST_CASE(gradients_of_what_is_read_of_the_mask_and_of_the_recurrence) {
    for (const auto& offsets : test::all_offsets) {
        Reading reading(offsets);
        const int rows = reading.p.count;
        core::Buffer<double, Masked::packed_width> dp;
        core::Buffer<double, 1> dmask;
        core::Box<Masked::Parameters<double>> gradient;
        reading.loss();
        Masked::backward(*reading.parameters, reading.lockstep, reading.sequences, reading.mask.view(), reading.tape,
                         reading.weights.view(), dp.zeros(rows), dmask.zeros(rows), *gradient);
        if (rows == 0) continue;
        const auto loss = [&] { return reading.loss(); };
        test::check_gradient("p", reading.p.view().flat(), dp.view().flat(), loss);
        test::check_gradient("mask", reading.mask.view().flat(), dmask.view().flat(), loss);
        test::check_gradient("bias", reading.parameters->recurrent.bias.values, gradient->recurrent.bias.values, loss);
        if (rows > 1)
            test::check_gradient("weight", reading.parameters->recurrent.weight.values,
                                 gradient->recurrent.weight.values, loss);
        for (const double entry : gradient->input.weight.values) BOOST_TEST(entry == 0);  // the caller's
    }
}

BOOST_AUTO_TEST_CASE(where_nothing_is_masked_it_is_the_unit_itself) {
    Reading reading(test::ragged_offsets);
    const int rows = reading.p.count;
    core::Buffer<double, 3> x;
    core::Buffer<double, Masked::packed_width> packed;
    core::Buffer<double, 5> expected, packed_h;
    core::Random random(5);
    test::fill_normal(x.resize(rows).flat(), random);
    Masked::Cell::Tape<double> tape;
    Masked::Cell::forward(*reading.parameters, reading.sequences, x.view(), expected.resize(rows), tape);
    Masked::Cell::InputMap::apply(reading.parameters->input, x.view(), packed.resize(rows));
    reading.lockstep.gather(std::as_const(packed).view(), reading.p.view());
    for (double& value : reading.mask.view().flat()) value = 1;
    reading.loss();
    reading.lockstep.scatter(std::as_const(reading.h).view(), packed_h.resize(rows));
    BOOST_TEST((core::map(packed_h.view()) - core::map(expected.view())).norm() < 1e-12);
}

BOOST_AUTO_TEST_CASE(what_lies_before_the_mask_is_forgotten) {
    const std::vector<int> offsets{0, 6};
    Reading reading(offsets);
    for (int t = 0; t < 6; ++t) reading.mask.values[static_cast<std::size_t>(t)] = t >= 3;
    reading.loss();
    const auto before = reading.h.values;
    for (double& value : reading.p.view().slice(0, 3).flat()) value += 1;
    reading.loss();
    BOOST_TEST(reading.h.values == before, boost::test_tools::per_element());
    for (const double value : reading.h.view().slice(0, 3).flat()) BOOST_TEST(value == 0);
}
