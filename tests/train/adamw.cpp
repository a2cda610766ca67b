#include "midstream/train/adamw.hpp"

#include <limits>

#include "support/optimiser_check.hpp"

using namespace midstream;

namespace {
using Parameters = test::SmallParameters<double>;

struct NoState {
    template <class P, class T>
    struct State {};
};
static_assert(train::Optimiser<train::AdamW, test::SmallParameters<float>>);
static_assert(!train::Optimiser<NoState, test::SmallParameters<float>>);
static_assert(!train::Optimiser<train::AdamW, std::vector<float>>);
}  // namespace

BOOST_AUTO_TEST_CASE(steps_equal_pytorch) { test::check_golden(train::AdamW{}, "adamw."); }

BOOST_AUTO_TEST_CASE(decay_of_matrices_only_equals_pytorch) {
    test::check_golden(train::AdamW{.beta1 = 0.8, .beta2 = 0.99, .weight_decay = 0.5, .decay = train::Decay::matrices},
                       "matrices.");
}

BOOST_AUTO_TEST_CASE(same_bits_for_any_threads) {
    test::check_reproducible(train::AdamW{});
    test::check_reproducible(train::AdamW{.decay = train::Decay::matrices});
    test::check_reproducible(train::AdamW{.rates = {"weights.1", 2}});
}

BOOST_AUTO_TEST_CASE(first_step_moves_by_the_learning_rate) {
    Parameters parameters{}, gradient{};
    gradient.vector.values[0] = 1e-3;
    gradient.vector.values[1] = -1e3;
    train::AdamW::State<Parameters, double> state;
    train::AdamW{}.update(core::Serial{}, state, parameters, gradient, 0.1);
    BOOST_TEST(parameters.vector.values[0] == -0.1, boost::test_tools::tolerance(1e-4));
    BOOST_TEST(parameters.vector.values[1] == 0.1, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(parameters.vector.values[2] == 0);
}

BOOST_AUTO_TEST_CASE(decay_is_decoupled) {
    Parameters parameters{}, gradient{};
    parameters.tall.values[0] = parameters.vector.values[0] = 2;
    train::AdamW::State<Parameters, double> state;
    train::AdamW{.weight_decay = 0.5, .decay = train::Decay::matrices}.update(core::Serial{}, state, parameters,
                                                                              gradient, 0.1);
    BOOST_TEST(parameters.tall.values[0] == 1.9, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(parameters.vector.values[0] == 2);
    BOOST_TEST(state.first_moment->tall.values[0] == 0);  // it never enters the moments
}

BOOST_AUTO_TEST_CASE(parameters_learn_at_rates_of_their_own) {
    Parameters parameters{}, gradient{};
    gradient.vector.values[0] = gradient.tall.values[0] = 1;
    parameters.tall.values[1] = 2;
    train::AdamW::State<Parameters, double> state;
    train::AdamW{.weight_decay = 0.5, .rates = {"tall", 3}}.update(core::Serial{}, state, parameters, gradient, 0.1);
    BOOST_TEST(parameters.vector.values[0] == -0.1, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(parameters.tall.values[0] == -0.3, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(parameters.tall.values[1] == 2 * (1 - 0.5 * 0.3), boost::test_tools::tolerance(1e-12));
    const auto before = parameters;
    train::AdamW::State<Parameters, double> afresh;
    train::AdamW{.rates = {.prefix = "vector", .others = 0}}.update(core::Serial{}, afresh, parameters, gradient, 0.1);
    BOOST_TEST(parameters.tall.values == before.tall.values, boost::test_tools::per_element());
    BOOST_TEST(parameters.vector.values[0] < before.vector.values[0] - 0.05);
    train::AdamW::State<Parameters, double> unused;
    const train::AdamW mistaken{.rates = {.prefix = "vectors", .others = 0}};
    BOOST_CHECK_EXCEPTION(
        mistaken.update(core::Serial{}, unused, parameters, gradient, 0.1), core::Error,
        [](const core::Error& error) { return std::string(error.what()).find("\"vectors\"") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(leaves_tell_where_everything_lies) {
    const core::Box<test::LargeParameters<float>> parameters;
    const auto leaves = core::leaves<float>(*parameters);
    BOOST_REQUIRE_EQUAL(leaves.size(), 23u);
    BOOST_TEST(leaves[2].path == "weights.1");
    BOOST_TEST(leaves[2].first == 500u * 40 + 24 * 32);
    BOOST_TEST(leaves[2].rows == 24);
    BOOST_TEST(leaves[2].columns == 32);
    BOOST_TEST(leaves[2].matrix);
    BOOST_TEST(!leaves[21].matrix);
    BOOST_TEST(leaves[22].first + leaves[22].size == core::flat<float>(*parameters).size());
    BOOST_TEST(leaves[22].matrix);
}

BOOST_AUTO_TEST_CASE(options_may_change_after_the_first_update) {
    test::check_changed_options(train::AdamW{.weight_decay = 0.5},
                                train::AdamW{.weight_decay = 0.5, .decay = train::Decay::matrices});
    test::check_changed_options(train::AdamW{}, train::AdamW{.rates = {"weights.1", 0}});
    test::check_changed_options(train::AdamW{.rates = {"weights", 2}}, train::AdamW{.rates = {"weights.1", 2}});
    test::check_changed_options(train::AdamW{.rates = {"weights", 2}}, train::AdamW{.rates = {"weights", 2, 0.5}});
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
    Parameters parameters{}, gradient{};
    train::AdamW::State<Parameters, double> state;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const train::AdamW& wrong :
         {train::AdamW{.beta1 = 1}, train::AdamW{.beta2 = -0.1}, train::AdamW{.beta2 = nan}, train::AdamW{.epsilon = 0},
          train::AdamW{.epsilon = nan}, train::AdamW{.epsilon = 1e300}, train::AdamW{.weight_decay = -1},
          train::AdamW{.weight_decay = nan}, train::AdamW{.rates = {"tall", nan}}})
        BOOST_CHECK_THROW(wrong.update(core::Serial{}, state, parameters, gradient, 0.1), core::Error);
    BOOST_TEST(state.steps == 0u);

    // What a double holds, but no float.
    core::Box<test::SmallParameters<float>> small, slope;
    train::AdamW::State<test::SmallParameters<float>, float> of_floats;
    for (const train::AdamW& wrong : {train::AdamW{.epsilon = 1e-60}, train::AdamW{.beta2 = 1 - 1e-12}})
        BOOST_CHECK_THROW(wrong.update(core::Serial{}, of_floats, *small, *slope, 0.1), core::Error);
}
