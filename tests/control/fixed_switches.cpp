#include "midstream/control/fixed_switches.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/control/switches.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(gates_that_do_not_listen) {
    core::Random random(1);
    for (int step = 0; step < 12; ++step)
        for (const double logit : {-9.0, 9.0}) {
            const auto always = control::AlwaysSwitch{}.gate(logit, step, random);
            BOOST_TEST(always.value == 1);
            BOOST_TEST(always.slope == 0);
            for (const int period : {1, 2, 5}) {
                const auto fixed = control::FixedPeriod{period}.gate(logit, step, random);
                BOOST_TEST(fixed.value == (step % period == 0 ? 1.0 : 0.0));
                BOOST_TEST(fixed.slope == 0);
            }
        }
    BOOST_TEST(random.counter == 0u);
}

/// Forced to a period, a switch does as the types do that have one.
template <class Forced>
void check_forced(Forced forced) {
    for (const int period : {1, 5}) {
        BOOST_TEST(control::set_forced_period(forced, period));
        control::validate(forced);
        core::Random random(1);
        for (int step = 0; step < 12; ++step)
            for (const float logit : {-9.0f, 9.0f}) {
                control::SwitchState<Forced> in_training{}, in_acting{};
                const auto gate = control::gate_of(forced, logit, step, random, in_training);
                const auto expected = control::FixedPeriod{period}.gate(logit, step, random);
                BOOST_TEST(gate.value == expected.value);
                BOOST_TEST(gate.slope == 0);
                BOOST_TEST(control::opens(forced, logit, step, random, in_acting) == (step % period == 0));
            }
        BOOST_TEST(random.counter == 0u);
    }
}
BOOST_AUTO_TEST_CASE(learned_switches_can_be_forced) {
    check_forced(control::SoftSwitch{});
    check_forced(control::GumbelSwitch{});
    check_forced(control::LeastDistance<control::GumbelSwitch>{.distance = 1});
    control::HardSwitch hard;
    BOOST_TEST(!control::set_forced_period(hard, 1));
    BOOST_CHECK_THROW(control::validate(control::GumbelSwitch{.forced_period = -1}), core::Error);
}
