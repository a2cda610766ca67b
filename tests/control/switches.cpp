#include "midstream/control/switches.hpp"

#include <boost/test/unit_test.hpp>

using namespace midstream;

static_assert(control::Switch<control::SoftSwitch> && control::Switch<control::AlwaysSwitch> &&
              control::Switch<control::FixedPeriod> && control::Switch<control::GumbelSwitch> &&
              control::Switch<control::HardSwitch> && control::Switch<control::RandomHold>);
static_assert(control::Switch<control::LeastDistance<control::GumbelSwitch>>);
static_assert(!control::Switch<int>);

/// Trains, and does not say how it acts.
struct Mute {
    static constexpr bool learned = true;
    template <class T>
    control::Gate<T> gate(T, int, core::Random&) const {
        return {T(1), T(0)};
    }
};
static_assert(control::TrainingSwitch<Mute> && !control::ActingSwitch<Mute>);

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Codes cost where they are taken, of switches whose gates are open or shut.
static_assert(control::samples_gates<control::GumbelSwitch> &&
              control::samples_gates<control::LeastDistance<control::GumbelSwitch>> &&
              !control::samples_gates<control::SoftSwitch> && !control::samples_gates<control::AlwaysSwitch>);

BOOST_AUTO_TEST_CASE(soft_gates_are_probabilities_used_as_they_are) {
    core::Random random(1);
    for (const double logit : {-800.0, -3.0, -0.2, 0.0, 1.0, 4.0, 800.0}) {
        const auto gate = control::SoftSwitch{}.gate(logit, 3, random);
        BOOST_TEST(gate.value == sigmoid(logit));
        const double numeric = (sigmoid(logit + 1e-5) - sigmoid(logit - 1e-5)) / 2e-5;
        BOOST_TEST(std::abs(gate.slope - numeric) < 1e-9);
    }
    BOOST_TEST(random.counter == 0u);  // nothing is sampled
}

BOOST_AUTO_TEST_CASE(hard_gates_open_where_the_soft_gate_reaches_the_threshold) {
    core::Random random(1);
    for (const double threshold : {0.3, 0.5, 0.8})
        for (double logit = -3; logit <= 3; logit += 0.37) {
            const auto gate = control::HardSwitch{threshold}.gate(logit, 1, random);
            BOOST_TEST(gate.value == (sigmoid(logit) >= threshold ? 1.0 : 0.0));
            BOOST_TEST(gate.slope == 0);
        }
    BOOST_TEST(control::HardSwitch{}.gate(0.0, 0, random).value == 1);  // 0.5 is reached
}

BOOST_AUTO_TEST_CASE(gumbel_gates_are_sampled_and_straight_through) {
    for (const double temperature : {0.5, 1.0})
        for (const double logit : {-2.0, 0.0, 1.0}) {
            core::Random random(2);
            int open = 0;
            double slopes = 0;
            constexpr int draws = 20000;
            for (int i = 0; i < draws; ++i) {
                core::Random copy = random;
                const auto gate = control::GumbelSwitch{temperature}.gate(logit, i, random);
                BOOST_REQUIRE((gate.value == 0 || gate.value == 1));
                open += gate.value > 0;
                slopes += gate.slope;
                // The slope is that of the relaxed gate with this very noise.
                const double u = (copy.uniform() * 0x1p32 + 0.5) * 0x1p-32;
                const auto relaxed = [&](double x) {
                    return sigmoid((x + std::log(u) - std::log1p(-u)) / temperature);
                };
                BOOST_REQUIRE(std::abs(gate.slope - (relaxed(logit + 1e-5) - relaxed(logit - 1e-5)) / 2e-5) < 1e-6);
            }
            BOOST_TEST(std::abs(static_cast<double>(open) / draws - sigmoid(logit)) < 0.015);  // at any temperature
            BOOST_TEST(slopes > 0);
        }
}

BOOST_AUTO_TEST_CASE(random_hold_opens_at_its_own_rate) {
    core::Random random(3);
    for (const double logit : {-5.0, 5.0}) {
        int open = 0;
        for (int i = 0; i < 20000; ++i) {
            const auto gate = control::RandomHold{0.2}.gate(logit, i, random);
            BOOST_REQUIRE((gate.value == 0 || gate.value == 1));
            BOOST_REQUIRE(gate.slope == 0);
            open += gate.value > 0;
        }
        BOOST_TEST(std::abs(open / 20000.0 - 0.2) < 0.015);
        const auto released = control::RandomHold{0}.gate(logit, 0, random), soft = control::SoftSwitch{}.gate(logit);
        BOOST_TEST(released.value == soft.value);
        BOOST_TEST(released.slope == soft.slope);
    }
}

BOOST_AUTO_TEST_CASE(binary_switches_act_as_they_train) {
    core::Random random(4);
    for (int step = 0; step < 12; ++step)
        for (float logit = -3; logit <= 3; logit += 0.37f) {
            for (const double threshold : {0.2, 0.5}) {
                const control::HardSwitch hard{threshold};
                BOOST_TEST(hard.acting(logit, step, random) == (hard.gate(logit, step, random).value == 1));
            }
            const control::FixedPeriod fixed{4};
            BOOST_TEST(fixed.acting(logit, step, random) == (fixed.gate(logit, step, random).value == 1));
            core::Random same = random;
            const control::RandomHold hold{0.3};
            BOOST_TEST(hold.acting(logit, step, random) == (hold.gate(logit, step, same).value == 1));
            BOOST_TEST((random == same));
        }
}

BOOST_AUTO_TEST_CASE(soft_and_sampled_switches_act_by_the_threshold) {
    core::Random random(5);
    for (const double threshold : {0.2, 0.5, 0.8})
        for (float logit = -3; logit <= 3; logit += 0.37f) {
            const bool open = sigmoid(static_cast<double>(logit)) >= threshold;
            BOOST_TEST(control::SoftSwitch{threshold}.acting(logit, 1, random) == open);
            BOOST_TEST((control::GumbelSwitch{.threshold = threshold}.acting(logit, 1, random)) == open);
            BOOST_TEST((control::RandomHold{.probability = 0, .threshold = threshold}.acting(logit, 1, random)) ==
                       open);
        }
    BOOST_TEST(random.counter == 0u);
}

BOOST_AUTO_TEST_CASE(a_least_distance_counts_from_the_last_open_gate) {
    const control::LeastDistance<control::HardSwitch> spaced{.distance = 3};
    core::Random random(6);
    for (const bool acts : {false, true}) {
        decltype(spaced)::State state;
        std::string gates;
        for (int step = 1; step < 12; ++step) {
            const float logit = step == 6 ? -1.0f : 1.0f;
            gates +=
                (acts ? spaced.acting(logit, step, random, state) : spaced.gate(logit, step, random, state).value > 0)
                    ? '1'
                    : '0';
        }
        BOOST_TEST(gates == "00100010010");  // steps 3, 7 (shut at 6 by its logit) and 10
    }
}

BOOST_AUTO_TEST_CASE(options_without_sense_are_refused) {
    BOOST_CHECK_NO_THROW(control::validate(control::AlwaysSwitch{}));
    BOOST_CHECK_THROW(control::validate(control::FixedPeriod{0}), core::Error);
    BOOST_CHECK_THROW(control::validate(control::HardSwitch{1.01}), core::Error);
    BOOST_CHECK_THROW(control::validate(control::GumbelSwitch{.temperature = 0}), core::Error);
    BOOST_CHECK_THROW(control::validate(control::RandomHold{-0.1}), core::Error);
    BOOST_CHECK_THROW((control::validate(control::LeastDistance<control::FixedPeriod>{.inner = {0}})), core::Error);
    BOOST_CHECK_THROW((control::validate(control::LeastDistance<control::SoftSwitch>{.distance = 0})), core::Error);
}

BOOST_AUTO_TEST_CASE(a_threshold_is_set_where_there_is_one) {
    control::LeastDistance<control::GumbelSwitch> spaced;
    BOOST_TEST(control::set_threshold(spaced, 0.3));
    BOOST_TEST(spaced.inner.threshold == 0.3);
    control::FixedPeriod fixed;
    BOOST_TEST(!control::set_threshold(fixed, 0.3));
}
