#include "midstream/rl/clipped_surrogate.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

using Surrogate = midstream::rl::ClippedSurrogate<double>;

BOOST_AUTO_TEST_CASE(is_the_ratio_times_the_advantage_near_one) {
    for (const double advantage : {2.0, -2.0}) {
        const Surrogate here(0.1, advantage, 0.2);
        BOOST_TEST(here.ratio == std::exp(0.1));
        BOOST_TEST(here.value == here.ratio * advantage);
        BOOST_TEST(!here.clipped);
    }
}

BOOST_AUTO_TEST_CASE(is_clipped_where_it_would_gain_and_not_where_it_would_lose) {
    const Surrogate gain(1.0, 2.0, 0.2), avoided(-1.0, -2.0, 0.2);
    BOOST_TEST(gain.clipped);
    BOOST_TEST(gain.value == 2.4);
    BOOST_TEST(avoided.clipped);
    BOOST_TEST(avoided.value == -1.6);
    BOOST_TEST(!Surrogate(1.0, -2.0, 0.2).clipped);
    BOOST_TEST(!Surrogate(-1.0, 2.0, 0.2).clipped);
}

BOOST_AUTO_TEST_CASE(stays_finite) { BOOST_TEST(Surrogate(1e3, -1.0, 0.2).value == -std::exp(20.0)); }
