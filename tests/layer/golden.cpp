// Every layer against PyTorch; see tests/golden/layers.py.
#include "support/golden.hpp"

#include "midstream/layer/attention.hpp"
#include "midstream/layer/gru.hpp"
#include "midstream/layer/hawk.hpp"
#include "midstream/layer/mlp.hpp"
#include "midstream/layer/norm.hpp"

using namespace midstream;

constexpr layer::AttentionShape attention_shape{
    .width = 6, .heads = 2, .context = 32, .buckets = 8, .max_distance = 20};

BOOST_AUTO_TEST_CASE(linear) { test::check_golden_layer<layer::Linear<5, 3>>("linear"); }
BOOST_AUTO_TEST_CASE(block_diagonal) { test::check_golden_layer<layer::BlockDiagonal<6, 3>>("block_diagonal"); }
BOOST_AUTO_TEST_CASE(rms_norm) { test::check_golden_layer<layer::RmsNorm<5>>("rms_norm"); }
BOOST_AUTO_TEST_CASE(layer_norm) { test::check_golden_layer<layer::LayerNorm<5>>("layer_norm"); }
BOOST_AUTO_TEST_CASE(mlp) { test::check_golden_layer<layer::Mlp<4, 7, 3>>("mlp"); }
BOOST_AUTO_TEST_CASE(attention) { test::check_golden_layer<layer::Attention<attention_shape>>("attention"); }
BOOST_AUTO_TEST_CASE(causal_convolution) {
    test::check_golden_layer<layer::CausalConvolution<5, 4>>("causal_convolution");
}
BOOST_AUTO_TEST_CASE(rg_lru) { test::check_golden_layer<layer::RgLru<6, 2>>("rg_lru"); }
BOOST_AUTO_TEST_CASE(hawk_mixer) { test::check_golden_layer<layer::HawkMixer<5, 6, 4, 3>>("hawk_mixer"); }
BOOST_AUTO_TEST_CASE(gru) { test::check_golden_layer<layer::Gru<4, 3>>("gru"); }
