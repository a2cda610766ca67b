#include "midstream/train/schedule.hpp"

#include <boost/test/unit_test.hpp>

using namespace midstream::train;

namespace {
static_assert(Schedule<Constant> && Schedule<Ramp> && Schedule<LinearDecay> && Schedule<Cosine> &&
              Schedule<WarmupLinearDecay>);
static_assert(Schedule<double (*)(std::int64_t)> && !Schedule<double>);
static_assert(Constant{3}(0) == 3 && Constant{3}(1'000'000) == 3);
}  // namespace

BOOST_AUTO_TEST_CASE(ramps_are_straight_and_stay) {
    const Ramp ramp{.from = 1, .to = 3, .first = 10, .last = 20};
    for (const int step : {0, 9, 10}) BOOST_TEST(ramp(step) == 1);
    BOOST_TEST(ramp(11) == 1.2, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(ramp(15) == 2);
    for (const int step : {20, 21, 1000}) BOOST_TEST(ramp(step) == 3);

    const LinearDecay decay{.from = 3e-4, .to = 0, .first = 5, .last = 9};
    BOOST_TEST(decay(5) == 3e-4);
    BOOST_TEST(decay(7) == 1.5e-4, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(decay(9) == 0);
}

BOOST_AUTO_TEST_CASE(a_ramp_without_length_is_a_jump) {
    const Ramp jump{.from = 1, .to = 2, .first = 4, .last = 4};
    BOOST_TEST(jump(3) == 1);
    BOOST_TEST(jump(4) == 2);
}

BOOST_AUTO_TEST_CASE(cosines_are_flat_at_both_ends) {
    const Cosine cosine{.from = 2, .to = 1, .first = 100, .last = 300};
    BOOST_TEST(cosine(0) == 2);
    BOOST_TEST(cosine(100) == 2);
    BOOST_TEST(cosine(200) == 1.5, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(cosine(300) == 1);
    BOOST_TEST(cosine(400) == 1);
    BOOST_TEST(cosine(100) - cosine(101) < 1e-4);  // a straight line falls by 5e-3 a step
    BOOST_TEST(cosine(299) - cosine(300) < 1e-4);
    BOOST_TEST(cosine(199) - cosine(200) > 7e-3);
    for (int step = 100; step < 300; ++step) BOOST_TEST(cosine(step + 1) < cosine(step));
}

BOOST_AUTO_TEST_CASE(warmup_then_decay) {
    const WarmupLinearDecay schedule{.peak = 1, .warmup = 4, .last = 14, .to = 0.5};
    for (int step = 0; step <= 4; ++step)
        BOOST_TEST(schedule(step) == 0.2 * (step + 1), boost::test_tools::tolerance(1e-12));
    BOOST_TEST(schedule(9) == 0.75, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(schedule(14) == 0.5);
    BOOST_TEST(schedule(99) == 0.5);
    BOOST_TEST((WarmupLinearDecay{.peak = 1, .last = 10}(0)) == 1);  // no warmup
}
