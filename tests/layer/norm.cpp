#include "midstream/layer/norm.hpp"

#include "support/layer_check.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(rms_gradients) { test::check_layer_gradients<layer::RmsNorm<9>>(); }
BOOST_AUTO_TEST_CASE(rms_step_equals_forward) { test::check_step_equals_forward<layer::RmsNorm<9>>(); }
BOOST_AUTO_TEST_CASE(layer_norm_gradients) { test::check_layer_gradients<layer::LayerNorm<9>>(); }
BOOST_AUTO_TEST_CASE(layer_norm_step_equals_forward) { test::check_step_equals_forward<layer::LayerNorm<9>>(); }
