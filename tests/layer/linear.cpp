#include "midstream/layer/linear.hpp"

#include "support/layer_check.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(gradients) { test::check_layer_gradients<layer::Linear<5, 7>>(); }
BOOST_AUTO_TEST_CASE(step_equals_forward) { test::check_step_equals_forward<layer::Linear<5, 7>>(); }
