#include "midstream/rl/actor_critic.hpp"

#include "support/gradient_check.hpp"

using namespace midstream;

namespace {
constexpr rl::ActorCriticShape shape{.width = 9, .layers = 3};
constexpr int rows = 7;
template <class Space>
using Agent = rl::ActorCritic<data::Dense<4>, Space, shape>;

/// Gradients of a weighted sum of all that is predicted.
template <class Space>
void check_gradients() {
    using A = Agent<Space>;
    core::Random random(1);
    core::Box<typename A::template Parameters<double>> parameters, gradient;
    A::initialise(*parameters, random.fork(0));
    for (double& value : core::flat<double>(*parameters)) value += 0.3 * random.normal();
    core::Buffer<double, 4> x;
    core::Buffer<double, A::Distribution::parameter_width> distribution_weights;
    core::Buffer<double, 1> value_weights;
    test::fill_normal(x.resize(rows).flat(), random);
    test::fill_normal(distribution_weights.resize(rows).flat(), random);
    test::fill_normal(value_weights.resize(rows).flat(), random);
    typename A::template Tape<double> tape;
    const auto loss = [&] {
        A::forward(*parameters, x.view(), tape);
        return core::map(tape.actor.distribution.view()).cwiseProduct(core::map(distribution_weights.view())).sum() +
               core::map(tape.value.view()).cwiseProduct(core::map(value_weights.view())).sum();
    };
    loss();
    A::clear_gradients(tape);
    tape.actor.distribution_gradient = distribution_weights;
    tape.value_gradient = value_weights;
    A::backward(*parameters, x.view(), tape, *gradient);
    test::check_gradient("agent", core::flat<double>(*parameters), core::flat<double>(*gradient), loss, 1000);
}
}  // namespace

BOOST_AUTO_TEST_CASE(gradients) {
    check_gradients<data::Continuous<3>>();
    check_gradients<data::Categories<5>>();
}

BOOST_AUTO_TEST_CASE(begins_alike_everywhere) {
    using Normals = Agent<data::Continuous<3>>;
    using Choices = Agent<data::Categories<5>>;
    static_assert(Normals::Acting::network_width == 3 && Choices::Acting::network_width == 5);
    core::Random random(2);
    core::Buffer<float, 4> x;
    for (float& value : x.resize(rows).flat()) value = random.normal<float>();
    core::Box<Normals::Parameters<float>> normals;
    core::Box<Choices::Parameters<float>> choices;
    Normals::initialise(*normals, core::Random(3), 0.4);
    Choices::initialise(*choices, core::Random(3));
    Normals::Tape<float> tape;
    Choices::Tape<float> choice_tape;
    Normals::forward(*normals, x.view(), tape);
    Choices::forward(*choices, x.view(), choice_tape);
    for (int row = 0; row < rows; ++row) {
        const float* distribution = tape.actor.distribution.view().row(row);
        for (int i = 0; i < 3; ++i) {
            BOOST_TEST(std::abs(distribution[i]) < 0.1);
            BOOST_TEST(std::exp(0.5f * Normals::Distribution::log_variance(distribution, i)) == 0.4f,
                       boost::test_tools::tolerance(0.05f));
        }
        for (const float p : Choices::Distribution::probabilities(choice_tape.actor.distribution.view().row(row)))
            BOOST_TEST(std::abs(p - 0.2f) < 0.02);
    }
}

BOOST_AUTO_TEST_CASE(one_row_is_as_many) {
    using A = Agent<data::Continuous<3>>;
    core::Random random(4);
    core::Box<A::Parameters<double>> parameters;
    A::initialise(*parameters, core::Random(5));
    for (double& value : core::flat<double>(*parameters)) value += 0.3 * random.normal();
    core::Buffer<double, 4> x;
    test::fill_normal(x.resize(rows).flat(), random);
    A::Tape<double> tape;
    A::forward(*parameters, x.view(), tape);
    for (int row = 0; row < rows; ++row) {
        double distribution[6];
        A::Acting::apply_row(parameters->actor, x.view().row(row), distribution);
        for (int i = 0; i < 6; ++i)
            BOOST_TEST(std::abs(distribution[i] - tape.actor.distribution.view().row(row)[i]) < 1e-12);
    }
}
