#include "support/temporal_check.hpp"
//
#include "midstream/layer/hawk.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(narrow) { test::check_temporal_layer<layer::HawkMixer<6, 4, 3, 2>>(); }
BOOST_AUTO_TEST_CASE(wide) { test::check_temporal_layer<layer::HawkMixer<5, 16>>(); }

BOOST_AUTO_TEST_CASE(five_hundred_steps_equal_one_forward) {
    test::check_step_equals_forward<layer::HawkMixer<16>>({0, 500, 750}, 1e-4);
}
