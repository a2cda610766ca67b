#include "support/allocation_count.hpp"
// Before what it counts.
#include <Eigen/SVD>
#include <limits>

#include "midstream/train/muon.hpp"
#include "support/optimiser_check.hpp"

using namespace midstream;

namespace {
static_assert(train::Optimiser<train::Muon<>, test::SmallParameters<float>>);

struct Nothing {
    bool operator()(std::string_view) const { return false; }
};

template <class T, int R, int C>
struct One {
    core::Matrix<T, R, C> weight;
    static void visit(auto& self, auto&& member) { member("weight", self.weight); }
};

/// Singular values of the change of a zero weight by one step of rate 1 on a random gradient of that scale.
template <int R, int C>
Eigen::VectorXf singular_values_of_step(double scale) {
    using Parameters = One<float, R, C>;
    core::Random random(R * 100 + C);
    core::Box<Parameters> parameters, gradient;
    for (float& value : gradient->weight.values) value = static_cast<float>(scale * random.normal());
    typename train::Muon<>::State<Parameters, float> state;
    train::Muon<>{}.update(core::Serial{}, state, *parameters, *gradient, 1.0);
    // A step goes downhill.
    BOOST_TEST(core::map(parameters->weight).cwiseProduct(core::map(gradient->weight)).sum() < 0);
    return Eigen::JacobiSVD<Eigen::MatrixXf>(core::map(parameters->weight)).singularValues();
}
}  // namespace

BOOST_AUTO_TEST_CASE(steps_equal_the_definition) { test::check_golden(train::Muon<>{}, "muon."); }

BOOST_AUTO_TEST_CASE(same_bits_for_any_threads) {
    test::check_reproducible(train::Muon<>{});
    test::check_reproducible(train::Muon<Nothing>{});
}

BOOST_AUTO_TEST_CASE(steps_are_nearly_orthogonal_whatever_the_gradients_scale) {
    for (const double scale : {1e-3, 1.0, 1e3}) {
        const auto check = [](const Eigen::VectorXf& values, double shape) {
            // Random rectangular matrices are well conditioned: all singular values arrive near 1.
            BOOST_TEST(values.minCoeff() > 0.65 * shape);
            BOOST_TEST(values.maxCoeff() < 1.25 * shape);
        };
        check(singular_values_of_step<12, 40>(scale), std::sqrt(40. / 12));  // more outputs than inputs: larger steps
        check(singular_values_of_step<40, 12>(scale), 1);
    }
}

BOOST_AUTO_TEST_CASE(a_gradient_of_zero_only_decays) {
    using Parameters = One<double, 3, 4>;
    Parameters parameters{}, gradient{};
    parameters.weight.values[5] = 2;
    train::Muon<>::State<Parameters, double> state;
    train::Muon<>{.weight_decay = 0.5}.update(core::Serial{}, state, parameters, gradient, 0.1);
    BOOST_TEST(parameters.weight.values[5] == 1.9, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(parameters.weight.values[0] == 0);
}

BOOST_AUTO_TEST_CASE(who_is_left_to_adamw) {
    const train::EmbeddingsAndHeads left;
    for (const char* path :
         {"embedding.rows", "action_head.weight", "head", "blocks.0.mixer.relative_bias", "convolution.weight"})
        BOOST_TEST(left(path), path);
    for (const char* path : {"blocks.0.mlp.first.weight", "heads.weight", "header.weight", "weight"})
        BOOST_TEST(!left(path), path);

    // Muon and AdamW on the same gradients: what is left to AdamW moves as under AdamW, the rest does not.
    const auto muon = test::run_steps(train::Muon<>{.adamw_rate = 1}, core::Serial{}, false);
    const auto adamw = test::run_steps(train::AdamW{}, core::Serial{}, false);
    // Up to rounding: the two split the work differently.
    const auto equal = [](const auto& a, const auto& b) { return core::map(a).isApprox(core::map(b), 1e-6f); };
    BOOST_TEST(equal(muon->embedding, adamw->embedding));
    BOOST_TEST(equal(muon->scale, adamw->scale));
    BOOST_TEST(equal(muon->column, adamw->column));
    for (std::size_t i = 0; i < muon->weights.size(); ++i) BOOST_TEST(!equal(muon->weights[i], adamw->weights[i]));
    const auto all = test::run_steps(train::Muon<Nothing>{.adamw_rate = 1}, core::Serial{}, false);
    BOOST_TEST(!equal(all->embedding, adamw->embedding));
}

BOOST_AUTO_TEST_CASE(only_the_first_update_allocates) {
    using Parameters = test::LargeParameters<float>;
    core::Box<Parameters> parameters, gradient;
    core::flat<float>(*gradient)[30000] = 1;
    const auto check = [&]<class O>(const O& optimiser) {
        typename O::template State<Parameters, float> state;
        const auto update = [&] { optimiser.update(core::Serial{}, state, *parameters, *gradient, 0.1); };
        BOOST_TEST(test::allocations(update) > 0);
        BOOST_TEST(test::allocations(update) == 0);
    };
    check(train::Muon<>{});
    check(train::AdamW{});
}

namespace {
/// Leaves to AdamW what begins like this.
struct Beginning {
    std::string_view prefix;
    bool operator()(std::string_view path) const { return !prefix.empty() && path.starts_with(prefix); }
    friend bool operator==(const Beginning&, const Beginning&) = default;
};
/// The same, but nobody can tell whether it changed.
struct Incomparable {
    std::string prefix;
    bool operator()(std::string_view path) const { return !prefix.empty() && path.starts_with(prefix); }
};
}  // namespace

BOOST_AUTO_TEST_CASE(options_may_change_after_the_first_update) {
    test::check_changed_options(train::Muon<>{.adamw = {.weight_decay = 0.5}},
                                train::Muon<>{.adamw = {.weight_decay = 0.5, .decay = train::Decay::matrices}});
    test::check_changed_options(train::Muon<>{}, train::Muon<>{.adamw = {.rates = {"scale", 3}}});
    // What changes hands begins with moments of zero: as if it had been still before.
    const auto check = [](const auto& all, const auto& some) {
        using O = std::remove_cvref_t<decltype(all)>;
        using P = test::LargeParameters<float>;
        core::Box<P> parameters, gradient;
        core::Random random(3);
        for (float& value : core::flat<float>(*gradient)) value = random.normal<float>();
        typename O::template State<P, float> state;
        all.update(core::Serial{}, state, *parameters, *gradient, 0.1);
        BOOST_TEST(state.second_moment->weights[1].values[0] == 0.0f);
        some.update(core::Serial{}, state, *parameters, *gradient, 0.1);
        const float g = gradient->weights[1].values[0];
        BOOST_TEST(state.second_moment->weights[1].values[0] == 0.001f * g * g, boost::test_tools::tolerance(1e-4f));
        BOOST_TEST(state.first_moment->weights[1].values[0] == 0.1f * g, boost::test_tools::tolerance(1e-4f));
        BOOST_TEST(state.first_moment->weights[2].values[0] == 1.95f * gradient->weights[2].values[0],
                   boost::test_tools::tolerance(1e-4f));
        all.update(core::Serial{}, state, *parameters, *gradient, 0.1);
        BOOST_TEST(state.second_moment->weights[1].values[0] == 0.0f);
        BOOST_TEST(state.first_moment->weights[1].values[0] == g);
    };
    check(train::Muon<Beginning>{}, train::Muon<Beginning>{.left_to_adamw = {"weights.1"}});
    check(train::Muon<Incomparable>{}, train::Muon<Incomparable>{.left_to_adamw = {"weights.1"}});
}

BOOST_AUTO_TEST_CASE(what_is_refused_leaves_the_state_whole) {
    using P = One<double, 3, 4>;
    const train::Muon<> muon, mistaken{.adamw = {.rates = {.prefix = "none", .others = 2}}};
    P parameters{}, gradient{}, expected{};
    gradient.weight.values[5] = 1;
    train::Muon<>::State<P, double> state, unbroken;
    for (int step = 0; step < 3; ++step) muon.update(core::Serial{}, unbroken, expected, gradient, 0.1);
    muon.update(core::Serial{}, state, parameters, gradient, 0.1);
    BOOST_CHECK_THROW(mistaken.update(core::Serial{}, state, parameters, gradient, 0.1), core::Error);
    for (int step = 0; step < 2; ++step) muon.update(core::Serial{}, state, parameters, gradient, 0.1);
    BOOST_TEST(parameters.weight.values == expected.weight.values, boost::test_tools::per_element());
    const train::Muon<> no_number{.momentum = std::numeric_limits<double>::quiet_NaN()};
    BOOST_CHECK_THROW(no_number.update(core::Serial{}, state, parameters, gradient, 0.1), core::Error);
}
