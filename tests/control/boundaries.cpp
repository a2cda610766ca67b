#include "midstream/control/boundaries.hpp"

#include "support/gradient_check.hpp"

using namespace midstream;

/// The boundary of one segment in a sequence of nine steps.
struct Drawing {
    Drawing() {
        core::Random random(1);
        test::fill_normal(tape.logits.resize(steps).flat(), random);
        test::fill_normal(weights.resize(steps).flat(), random);
        tape.posterior.resize(steps);
        tape.prior.resize(steps);
        tape.places.resize(steps);
        tape.ended.resize(steps);
        double sum = 0;  // begins somewhere, perhaps nowhere
        for (double& value : begun.resize(steps).flat()) value = sum += 0.1 * random.uniform();
    }
    double draw() {
        lengths.assign(options.length, steps);
        return control::Boundary<double>::draw(begun.view(), options, lengths, core::Random(2), tape.logits.view(),
                                               tape.posterior.view(), tape.prior.view(), tape.places.view(),
                                               tape.ended.view());
    }

    static constexpr int steps = 9;
    control::BoundaryOptions options{.temperature = 0.7, .length = 3};
    control::LengthPrior lengths;
    core::Buffer<double, 1> begun, weights;
    control::BoundaryTape<double> tape;
};

BOOST_AUTO_TEST_CASE(gradients_at_fixed_noise) {
    for (const double temperature : {0.5, 1.0}) {
        Drawing d;
        d.options.temperature = temperature;
        const auto loss = [&] {
            const double divergence = d.draw();
            return core::map(d.tape.places.view()).dot(core::map(d.weights.view())) + 0.3 * divergence;
        };
        loss();
        core::Buffer<double, 1> dbegun;
        dbegun.zeros(d.steps);
        core::map(d.tape.gradient.resize(d.steps)) = core::map(d.weights.view());
        control::Boundary<double>::backward(d.begun.view(), d.options, d.lengths, d.tape.posterior.view(),
                                            d.tape.prior.view(), d.tape.places.view(), 0.3, d.tape.gradient.view(),
                                            dbegun.view(), d.tape.prior_gradient);
        test::check_gradient("logits", d.tape.logits.view().flat(), d.tape.gradient.view().flat(), loss);
        test::check_gradient("begun", d.begun.view().flat(), dbegun.view().flat(), loss, 400, 1e-6);
    }
}

BOOST_AUTO_TEST_CASE(the_prior_is_of_lengths_from_where_the_segment_begins) {
    Drawing d;
    for (int t = 0; t < d.steps; ++t) d.begun.values[static_cast<std::size_t>(t)] = t >= 2;
    d.draw();
    const auto poisson = [](int k) { return std::pow(3.0, k) / std::tgamma(k + 1) / (std::exp(3.0) - 1); };
    double left = 1;
    for (int t = 1; t < d.steps; ++t) {
        const double expected = t > 2 ? poisson(t - 2) : 0;
        left -= expected;
        BOOST_TEST(std::abs(d.tape.prior.values[static_cast<std::size_t>(t)] - expected) < 2e-6);
        if (t <= 2) BOOST_TEST(d.tape.posterior.values[static_cast<std::size_t>(t)] < 1e-8);
    }
    BOOST_TEST(std::abs(d.tape.prior.values[0] - left) < 2e-6);  // as long or longer than what is left
    BOOST_TEST(core::map(d.tape.prior.view()).sum() == 1, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(core::map(d.tape.posterior.view()).sum() == 1, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_segment_that_does_not_begin_has_no_end_and_costs_nothing) {
    Drawing d;
    for (double& value : d.begun.view().flat()) value = 0;
    BOOST_TEST(std::abs(d.draw()) < 1e-6);
    BOOST_TEST(d.tape.places.values[0] > 1 - 1e-9);
    BOOST_TEST(d.tape.ended.values[d.steps - 1] < 1e-9);
}

BOOST_AUTO_TEST_CASE(the_likeliest_place_is_one_and_draws_follow_the_posterior) {
    Drawing d;
    d.options.drawn = false;
    d.draw();
    int likeliest = 0;
    for (int t = 0; t < d.steps; ++t)
        if (d.tape.posterior.values[static_cast<std::size_t>(t)] >
            d.tape.posterior.values[static_cast<std::size_t>(likeliest)])
            likeliest = t;
    for (int t = 0; t < d.steps; ++t) BOOST_TEST(d.tape.places.values[static_cast<std::size_t>(t)] == (t == likeliest));
    // The largest place of a relaxed draw is a draw from the posterior.
    d.options.drawn = true;
    std::array<int, Drawing::steps> counts{};
    constexpr int draws = 20000;
    for (int i = 0; i < draws; ++i) {
        control::Boundary<double>::draw(d.begun.view(), d.options, d.lengths, core::Random(static_cast<unsigned>(i)),
                                        d.tape.logits.view(), d.tape.posterior.view(), d.tape.prior.view(),
                                        d.tape.places.view(), d.tape.ended.view());
        const auto flat = d.tape.places.view().flat();
        ++counts[static_cast<std::size_t>(std::max_element(flat.begin(), flat.end()) - flat.begin())];
    }
    for (std::size_t t = 0; t < counts.size(); ++t)
        BOOST_TEST(std::abs(counts[t] / double{draws} - d.tape.posterior.values[t]) < 0.015);
}

BOOST_AUTO_TEST_CASE(options_are_checked) {
    BOOST_CHECK_THROW((control::BoundaryOptions{.temperature = 0}.validate()), core::Error);
    BOOST_CHECK_THROW((control::BoundaryOptions{.length = 1000}.validate()), core::Error);
    control::BoundaryOptions{}.validate();
}
