#include "midstream/rl/surrogate.hpp"

#include <algorithm>

#include "rl/toys.hpp"
#include "support/gradient_check.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;

/// Random observations, actions and advantages, with log-probabilities at the time of acting set by `old_ratio(row)`,
/// the ratio of the policy's present density to that.
template <class Space>
struct Surrogate {
    using Policy = model::Autoregressive<data::Dense<3>, Space, model::Hawk<test::policy_shape>>;
    static constexpr double clip = 0.2;
    core::Sequences sequences{test::ragged_offsets};
    std::vector<double> observations, old, advantages;
    std::vector<typename Space::template Element<double>> actions;
    core::Box<typename Policy::template Parameters<double>> parameters =
        test::random_model<Policy, double>(core::Random(1), 0.2);
    core::Box<typename Policy::template Parameters<double>> gradient;
    typename Policy::template Tape<double> tape;

    explicit Surrogate(const std::vector<double>& ratios) {
        core::Random random(2);
        for (int row = 0; row < sequences.rows(); ++row) {
            for (int i = 0; i < 3; ++i) observations.push_back(random.normal());
            for (int i = 0; i < Space::width; ++i) {
                if constexpr (std::is_integral_v<typename Space::template Element<double>>)
                    actions.push_back(static_cast<std::int16_t>(random.below(3)));
                else
                    actions.push_back(random.normal());
            }
        }
        for (int row = 0; row < sequences.rows(); ++row) advantages.push_back(row % 3 == 0 ? -0.7 : 1.3 - 0.1 * row);
        Policy::forward(*parameters, sequences, {observations.data(), sequences.rows()}, tape);
        for (int row = 0; row < sequences.rows(); ++row)
            old.push_back(Policy::Distribution::log_probability(tape.action.view().row(row), action(row)) -
                          std::log(ratios[static_cast<std::size_t>(row) % ratios.size()]));
    }
    const auto* action(int row) const { return actions.data() + row * Space::width; }
    template <class Gradient>
    rl::SurrogateSums run(Gradient&& to, double weight = 1, const rl::EntropyBonus& bonus = {}) {
        return rl::surrogate<Policy, double>(*parameters, sequences, {observations.data(), sequences.rows()},
                                             {actions.data(), sequences.rows()}, old, advantages, clip, weight, tape,
                                             to, bonus);
    }
    /// Of every row, by the tape of the last run.
    std::vector<double> entropies() const {
        std::vector<double> result;
        for (int row = 0; row < sequences.rows(); ++row)
            result.push_back(Policy::Distribution::entropy(tape.action.view().row(row)));
        return result;
    }
};
using Gaussian = data::Continuous<2>;
using Categorical = data::Categories<3>;

template <class Space>
void check_surrogate(const std::vector<double>& ratios, double entropy_weight = 0, bool of_half_the_rows = false) {
    Surrogate<Space> s(ratios);
    rl::EntropyBonus bonus{.weight = entropy_weight};
    std::vector<bool> paid(16, true);
    if (of_half_the_rows) {
        s.run(core::Frozen{});
        const auto entropies = s.entropies();
        auto sorted = entropies;
        std::sort(sorted.begin(), sorted.end());
        bonus.below = (sorted[7] + sorted[8]) / 2;
        for (std::size_t row = 0; row < 16; ++row) paid[row] = entropies[row] < bonus.below;
    }
    const auto sums = s.run(*s.gradient, 0.4, bonus);
    double expected = 0, clipped = 0;
    for (int row = 0; row < s.sequences.rows(); ++row) {
        const double a = s.advantages[static_cast<std::size_t>(row)],
                     r = ratios[static_cast<std::size_t>(row) % ratios.size()];
        expected += std::min(r * a, std::clamp(r, 0.8, 1.2) * a);
        clipped += std::clamp(r, 0.8, 1.2) * a < r * a;
    }
    BOOST_TEST(sums.surrogate == expected, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(sums.clipped == clipped);
    BOOST_TEST(sums.decisions == 16);
    test::check_gradient(
        "surrogate", core::flat<double>(*s.parameters), core::flat<double>(*s.gradient),
        [&] {
            double value = s.run(core::Frozen{}).surrogate;
            const auto entropies = s.entropies();
            for (std::size_t row = 0; row < 16; ++row) value += paid[row] * entropy_weight * entropies[row];
            return -0.4 * value;
        },
        150);
}

BOOST_AUTO_TEST_CASE(gradient_inside_the_clip_range) {
    check_surrogate<Gaussian>({1.0, 0.9, 1.1});
    check_surrogate<Categorical>({1.0, 0.9, 1.1});
}
BOOST_AUTO_TEST_CASE(gradient_inside_and_outside_the_clip_range) {
    check_surrogate<Gaussian>({1.0, 0.5, 1.7, 0.9, 1.1});
    check_surrogate<Categorical>({1.0, 0.5, 1.7, 0.9, 1.1});
}

BOOST_AUTO_TEST_CASE(gradient_with_entropy) {
    check_surrogate<Gaussian>({1.0, 0.5, 1.7, 0.9, 1.1}, 0.3);
    check_surrogate<Categorical>({1.0, 0.5, 1.7, 0.9, 1.1}, 0.3);
}
BOOST_AUTO_TEST_CASE(gradient_with_entropy_where_there_is_little) {
    check_surrogate<Gaussian>({1.0, 0.5, 1.7, 0.9, 1.1}, 0.3, true);
    check_surrogate<Categorical>({1.0, 0.5, 1.7, 0.9, 1.1}, 0.3, true);
}

BOOST_AUTO_TEST_CASE(without_a_change_of_policy_it_is_the_plain_policy_gradient) {
    Surrogate<Gaussian> s({1.0});
    const auto sums = s.run(*s.gradient);
    BOOST_TEST(sums.clipped == 0);
    BOOST_TEST(std::abs(sums.divergence) < 1e-9);
    core::Box<decltype(s)::Policy::Parameters<double>> plain;
    using Policy = decltype(s)::Policy;
    Policy::forward(*s.parameters, s.sequences, {s.observations.data(), 16}, s.tape);
    Policy::clear_gradients(s.tape);
    for (int row = 0; row < s.sequences.rows(); ++row)
        Policy::Distribution::log_probability(s.tape.action.view().row(row), s.action(row),
                                              -s.advantages[static_cast<std::size_t>(row)],
                                              s.tape.action_gradient.view().row(row));
    Policy::backward(*s.parameters, s.sequences, {s.observations.data(), 16}, s.tape, *plain);
    const auto a = core::flat<double>(*s.gradient), b = core::flat<double>(*plain);
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::abs(a[i] - b[i]) < 1e-9);
}

/// A policy of two independent normals whose mean is its bias: the ratio of each dimension is known.
struct TwoDimensions {
    using Policy = Surrogate<Gaussian>::Policy;
    Surrogate<Gaussian> s{{1.0}};
    std::vector<double> ratios{0, 0};

    /// Moves the mean of dimension i so that every row's action has the ratio `ratio[i]` there, where all rows are
    /// alike.
    TwoDimensions(double first, double second) {
        auto& head = s.parameters->action_head;
        core::map(head.weight).setZero();
        core::map(head.bias).setZero();
        const double wanted[] = {first, second};
        for (int row = 0; row < 16; ++row)
            s.actions[static_cast<std::size_t>(2 * row)] = s.actions[static_cast<std::size_t>(2 * row) + 1] = 1;
        for (double& a : s.advantages) a = 1;
        Policy::forward(*s.parameters, s.sequences, {s.observations.data(), 16}, s.tape);
        for (int row = 0; row < 16; ++row)
            s.old[static_cast<std::size_t>(row)] =
                Policy::Distribution::log_probability(s.tape.action.view().row(row), s.action(row));
        // log ratio = ((1 - 0)^2 - (1 - mean)^2) / (2 variance).
        const double variance = std::exp(Policy::Distribution::log_variance(head.bias.values, 0));
        for (int i = 0; i < 2; ++i) head.bias.values[i] = 1 - std::sqrt(1 - 2 * variance * std::log(wanted[i]));
    }
};

BOOST_AUTO_TEST_CASE(the_ratio_is_of_the_joint_density) {
    // 1.15 in either dimension, 1.32 together: clipped, without gradient. Per dimension neither would be.
    TwoDimensions outside(1.15, 1.15);
    auto sums = outside.s.run(*outside.s.gradient);
    BOOST_TEST(sums.clipped == 16);
    BOOST_TEST(sums.surrogate == 16 * 1.2, boost::test_tools::tolerance(1e-9));
    for (const double g : core::flat<double>(*outside.s.gradient)) BOOST_TEST(g == 0);
    // 1.5 and 0.7, 1.05 together: not clipped, with the gradient of both. Per dimension the first would be.
    TwoDimensions inside(1.4, 0.75);
    sums = inside.s.run(*inside.s.gradient);
    BOOST_TEST(sums.clipped == 0);
    BOOST_TEST(sums.surrogate == 16 * 1.05, boost::test_tools::tolerance(1e-9));
    for (int i = 0; i < 2; ++i) BOOST_TEST(std::abs(inside.s.gradient->action_head.bias.values[i]) > 0.1);
}
