#include "support/allocation_count.hpp"
//
#include "midstream/control/segments.hpp"
#include "support/layer_check.hpp"

using namespace midstream;

using Cut = control::Segments<4, 6, 5, 3>;

/// Random rows, cut into at most three segments.
struct Cutting {
    explicit Cutting(const std::vector<int>& batch) : offsets(batch) {
        core::Random random(1);
        test::fill_normal(x.resize(sequences().rows()).flat(), random);
        test::fill_normal(shares_weights.resize(x.count).flat(), random);
        test::fill_normal(said_weights.resize(3 * sequences().count()).flat(), random);
        test::fill_normal(present_weights.resize(3 * sequences().count()).flat(), random);
        parameters = test::random_parameters<Cut, double>(core::Random(2), 0.5);
    }
    core::Sequences sequences() const { return {offsets}; }
    double loss() {
        Cut::forward(*parameters, sequences(), x.view(), core::Random(3), options, said.resize(said_weights.count),
                     tape);
        return core::map(tape.shares.view()).cwiseProduct(core::map(shares_weights.view())).sum() +
               core::map(said.view()).cwiseProduct(core::map(said_weights.view())).sum() +
               core::map(tape.present.view()).dot(core::map(present_weights.view())) + 0.3 * tape.boundary_divergence;
    }

    std::vector<int> offsets;
    control::BoundaryOptions options{.temperature = 0.5, .length = 2};
    core::Buffer<double, 4> x;
    core::Buffer<double, 3> shares_weights;
    core::Buffer<double, 5> said, said_weights;
    core::Buffer<double, 1> present_weights;
    core::Box<Cut::Parameters<double>> parameters;
    Cut::Tape<double> tape;
};

BOOST_AUTO_TEST_CASE(gradients_at_fixed_noise) {
    for (const auto& offsets : test::all_offsets) {
        Cutting c(test::from_amid(offsets));
        c.loss();
        core::Buffer<double, 4> dx;
        core::Box<Cut::Parameters<double>> gradient;
        core::map(c.tape.shares_gradient.resize(c.x.count)) = core::map(c.shares_weights.view());
        core::map(c.tape.present_gradient.resize(c.said.count)) = core::map(c.present_weights.view());
        Cut::backward(*c.parameters, c.sequences(), c.x.view(), c.tape, c.said_weights.view(), 0.3, dx.zeros(c.x.count),
                      *gradient);
        if (c.x.count < 2) continue;
        const auto loss = [&] { return c.loss(); };
        test::check_gradient("x", c.x.view().flat(), dx.view().flat(), loss);
        core::visit(*c.parameters, [&](std::string_view name, auto& leaf) {
            const auto first = static_cast<std::size_t>(leaf.values - core::flat<double>(*c.parameters).data());
            test::check_gradient(std::string(name), leaf.values,
                                 core::flat<double>(*gradient).subspan(first, std::size(leaf.values)), loss);
        });
    }
}

BOOST_AUTO_TEST_CASE(every_step_belongs_to_segments_that_follow_one_another) {
    Cutting c(test::ragged_offsets);
    for (const bool drawn : {true, false}) {
        c.options.drawn = drawn;
        c.loss();
        const auto shares = c.tape.shares.view();
        for (int row = 0; row < shares.count; ++row)
            BOOST_TEST(core::map_row(shares, row).sum() == 1, boost::test_tools::tolerance(1e-9));
        if (drawn) continue;
        for (int s = 0; s < 4; ++s) {
            int at = 0;
            for (int row = c.sequences().first(s); row < c.sequences().first(s + 1); ++row) {
                int of = 0;
                while (shares.row(row)[of] != 1) BOOST_REQUIRE(++of < 3);
                BOOST_TEST(of >= at);
                BOOST_TEST(of <= at + 1);
                BOOST_TEST(c.tape.begins.view().data[row] == (of > at));
                at = of;
            }
            for (int i = 0; i < 3; ++i) BOOST_TEST(c.tape.present.view().data[3 * s + i] == (i <= at));
        }
    }
}

/// The code of a segment is read off its own steps alone.
BOOST_AUTO_TEST_CASE(what_is_said_of_a_segment_depends_on_its_own_steps_alone) {
    Cutting c({0, 12});
    c.options.drawn = false;
    int second = 1;
    for (std::uint64_t seed = 0; second < 2 || second > 10; ++seed) {
        BOOST_REQUIRE(seed < 100);
        core::Random random(seed);
        test::fill_normal(c.x.view().flat(), random);
        c.loss();
        second = 1;
        while (second < 12 && c.tape.begins.view().data[second] != 1) ++second;
    }
    const auto before = c.said;
    c.x.view().row(0)[0] += 1e-4;  // too little to move a boundary
    c.loss();
    BOOST_TEST((core::map_row(c.said.view(), 0) - core::map_row(before.view(), 0)).norm() > 1e-9);
    BOOST_TEST((core::map_row(c.said.view(), 1) - core::map_row(before.view(), 1)).norm() == 0);
}

BOOST_AUTO_TEST_CASE(steady_state_does_not_allocate) {
    Cutting c(test::ragged_offsets);
    core::Buffer<double, 4> dx;
    core::Box<Cut::Parameters<double>> gradient;
    const auto pass = [&] {
        c.loss();
        core::map(c.tape.shares_gradient.resize(c.x.count)) = core::map(c.shares_weights.view());
        core::map(c.tape.present_gradient.resize(c.said.count)) = core::map(c.present_weights.view());
        Cut::backward(*c.parameters, c.sequences(), c.x.view(), c.tape, c.said_weights.view(), 0.3, dx.zeros(c.x.count),
                      *gradient);
    };
    pass();
    const long before = test::allocation_count;
    pass();
    BOOST_TEST(test::allocation_count == before);
}
