#include "midstream/control/termination.hpp"

#include "support/layer_check.hpp"

using namespace midstream;

using Ending = control::Termination<4, 2, 3, 6, control::SoftSwitch>;

BOOST_AUTO_TEST_CASE(gradients) {
    for (const auto& offsets : test::all_offsets) {
        const auto whole = test::from_amid(offsets);
        const core::Sequences sequences{whole};
        core::Random random(1);
        core::Buffer<double, 4> e;
        core::Buffer<double, 2> codes;
        core::Buffer<double, 1> begins;
        test::fill_normal(e.resize(sequences.rows()).flat(), random);
        test::fill_normal(codes.resize(sequences.rows()).flat(), random);
        for (double& value : begins.resize(sequences.rows()).flat()) value = random.uniform();
        auto parameters = test::random_parameters<Ending, double>(core::Random(2), 0.4);
        core::Box<Ending::Parameters<double>> gradient;
        Ending::Tape<double> tape;
        const auto loss = [&] {
            Ending::see(e.view(), tape);
            return 0.3 * Ending::forward(*parameters, sequences, codes.view(), begins.view(), tape);
        };
        loss();
        Ending::backward(*parameters, sequences, begins.view(), 0.3, tape, *gradient);
        if (sequences.rows() < 5) continue;
        core::visit(*parameters, [&](std::string_view name, auto& leaf) {
            const auto first = static_cast<std::size_t>(leaf.values - core::flat<double>(*parameters).data());
            test::check_gradient(std::string(name), leaf.values,
                                 core::flat<double>(*gradient).subspan(first, std::size(leaf.values)), loss);
        });
    }
}

/// The code of a step and the first step's answer play no part: what is asked is whether the code before it ends.
BOOST_AUTO_TEST_CASE(sees_the_code_before_and_is_not_asked_at_the_first_step) {
    const std::vector<int> offsets{0, 4};
    const core::Sequences sequences{offsets};
    core::Random random(1);
    core::Buffer<double, 4> e;
    core::Buffer<double, 2> codes;
    core::Buffer<double, 1> begins;
    test::fill_normal(e.resize(4).flat(), random);
    test::fill_normal(codes.resize(4).flat(), random);
    begins.zeros(4);
    const auto parameters = test::random_parameters<Ending, double>(core::Random(2), 0.4);
    Ending::Tape<double> tape;
    Ending::see(e.view(), tape);
    const double before = Ending::forward(*parameters, sequences, codes.view(), begins.view(), tape);
    begins.values[0] = 1;
    codes.view().row(3)[0] += 1;
    BOOST_TEST(Ending::forward(*parameters, sequences, codes.view(), begins.view(), tape) == before);
    codes.view().row(2)[0] += 1;
    BOOST_TEST(Ending::forward(*parameters, sequences, codes.view(), begins.view(), tape) != before);
}

BOOST_AUTO_TEST_CASE(learns_where_segments_begin) {
    auto parameters = test::random_parameters<Ending, double>(core::Random(2), 0.1);
    Ending::Tape<double> tape;
    const std::vector<int> offsets{0, 20, 30, 60};
    const core::Sequences sequences{offsets};
    core::Buffer<double, 4> e;
    core::Buffer<double, 2> codes;
    core::Buffer<double, 1> begins;
    codes.zeros(60);
    // A segment begins where the second number is large and was not at the step before.
    const auto draw = [&](core::Random random) {
        test::fill_normal(e.resize(60).flat(), random);
        begins.zeros(60);
        for (int s = 0; s < 3; ++s)
            for (int row = sequences.first(s) + 1; row < sequences.first(s + 1); ++row)
                begins.view().data[row] = e.view().row(row)[1] > 0.5 && e.view().row(row - 1)[1] <= 0.5;
    };
    core::Box<Ending::Parameters<double>> gradient;
    const auto loss = [&] {
        Ending::see(e.view(), tape);
        return Ending::forward(*parameters, sequences, codes.view(), begins.view(), tape);
    };
    draw(core::Random(1000));
    const double before = loss();
    for (std::uint64_t update = 0; update < 1500; ++update) {
        draw(core::Random(update));
        loss();
        *gradient = {};
        Ending::backward(*parameters, sequences, begins.view(), 0.02, tape, *gradient);
        const auto values = core::flat<double>(*parameters);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] -= 0.5 * core::flat<double>(*gradient)[i];
    }
    draw(core::Random(1000));
    BOOST_TEST(loss() < 0.5 * before);
    int right = 0;
    for (int row = 0; row < 60; ++row)
        right +=
            (tape.logits.view().data[row] > 0) == (begins.view().data[row] > 0.5) || row == 0 || row == 20 || row == 30;
    BOOST_TEST_MESSAGE(right << " of 60 right");
    BOOST_TEST(right >= 54);
}
