#include "midstream/layer/mlp.hpp"

#include "support/layer_check.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(gradients) { test::check_layer_gradients<layer::Mlp<5, 11, 7>>(); }
BOOST_AUTO_TEST_CASE(step_equals_forward) { test::check_step_equals_forward<layer::Mlp<5, 11, 7>>(); }
