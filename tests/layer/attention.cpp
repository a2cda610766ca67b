#include "midstream/layer/attention.hpp"

#include "midstream/layer/residual.hpp"
#include "support/layer_check.hpp"

using namespace midstream;
using Small =
    layer::Attention<layer::AttentionShape{.width = 12, .heads = 3, .context = 16, .buckets = 6, .max_distance = 8}>;
using Sliding = layer::Attention<layer::AttentionShape{
    .width = 12, .heads = 3, .context = 16, .buckets = 6, .max_distance = 8, .slides = true}>;
using Block = layer::PreNormBlock<Small, layer::Mlp<12, 20>>;

BOOST_AUTO_TEST_CASE(gradients) { test::check_layer_gradients<Small>(); }
BOOST_AUTO_TEST_CASE(step_equals_forward) { test::check_step_equals_forward<Small>(); }
BOOST_AUTO_TEST_CASE(block_gradients) { test::check_layer_gradients<Block>(); }
BOOST_AUTO_TEST_CASE(block_step_equals_forward) { test::check_step_equals_forward<Block>(); }
BOOST_AUTO_TEST_CASE(layer_norm_block_gradients) {
    test::check_layer_gradients<layer::PreNormBlock<Small, layer::Mlp<12, 20>, layer::LayerNorm>>();
}

BOOST_AUTO_TEST_CASE(buckets_are_exact_then_logarithmic_then_shared) {
    const auto& buckets = layer::relative_buckets<layer::AttentionShape{
        .width = 4, .heads = 1, .context = 200, .buckets = 32, .max_distance = 128}>();
    for (int d = 0; d < 16; ++d) BOOST_TEST(buckets[static_cast<std::size_t>(d)] == d);
    for (std::size_t d = 1; d < 200; ++d) BOOST_TEST(buckets[d] >= buckets[d - 1]);
    BOOST_TEST(buckets[127] == 31);
    BOOST_TEST(buckets[199] == 31);
    // As T5's relative_position_bucket(bidirectional=False, num_buckets=32, max_distance=128) gives.
    BOOST_TEST(buckets[20] == 17);
    BOOST_TEST(buckets[32] == 21);
    BOOST_TEST(buckets[64] == 26);
}

BOOST_AUTO_TEST_CASE(the_future_is_not_seen) {
    auto parameters = test::random_parameters<Small, double>(core::Random(3), 0.3);
    const std::vector<int> offsets{0, 8};
    core::Buffer<double, 12> x, y, changed;
    typename Small::Tape<double> tape;
    core::Random random(4);
    test::fill_normal(x.resize(8).flat(), random);
    Small::forward(*parameters, {offsets}, x.view(), y.resize(8), tape);
    for (double& value : x.view().slice(5, 3).flat()) value += 1;
    Small::forward(*parameters, {offsets}, x.view(), changed.resize(8), tape);
    for (int i = 0; i < 5 * 12; ++i)
        BOOST_TEST(y.values[static_cast<std::size_t>(i)] == changed.values[static_cast<std::size_t>(i)]);
    BOOST_TEST(y.view().row(5)[0] != changed.view().row(5)[0]);
}

BOOST_AUTO_TEST_CASE(sequences_longer_than_the_context_are_refused) {
    auto parameters = test::random_parameters<Small, float>(core::Random(3), 0.3);
    const std::vector<int> offsets{0, 17};
    core::Buffer<float, 12> x, y;
    typename Small::Tape<float> tape;
    BOOST_CHECK_THROW(Small::forward(*parameters, {offsets}, x.zeros(17), y.resize(17), tape), core::Error);
    Small::State<float> state;
    Small::reset(state);
    const auto step = [&] {
        Small::step(
            *parameters, [&](int) -> auto& { return state; }, x.zeros(1), y.resize(1), tape);
    };
    for (int t = 0; t < 16; ++t) step();
    BOOST_CHECK_THROW(step(), core::Error);
}

BOOST_AUTO_TEST_CASE(what_slides_is_the_same_up_to_its_context) {
    test::check_layer_gradients<Sliding>();
    test::check_step_equals_forward<Sliding>();
    static_assert(layer::episode_of<Small> == 16 && layer::episode_of<Block> == 16);
    static_assert(layer::episode_of<Sliding> == layer::unbounded && layer::context_of<Sliding> == 16);
    static_assert(layer::episode_of<layer::PreNormBlock<Sliding, layer::Mlp<12, 20>>> == layer::unbounded);
}

/// Beyond its context every step is the last of a sequence of the latest steps.
BOOST_AUTO_TEST_CASE(what_slides_sees_the_latest_steps) {
    constexpr int steps = 50, context = 16;
    auto parameters = test::random_parameters<Sliding, double>(core::Random(3), 0.3);
    core::Random random(4);
    core::Buffer<double, 12> x, y, stepped;
    typename Sliding::Tape<double> tape;
    test::fill_normal(x.resize(steps).flat(), random);
    Sliding::State<double> state;
    for (int round = 0; round < 2; ++round) {  // the second time from a state that was used
        Sliding::reset(state);
        for (int t = 0; t < steps; ++t) {
            Sliding::step(
                *parameters, [&](int) -> auto& { return state; }, std::as_const(x).view().slice(t, 1),
                stepped.resize(1), tape);
            const int length = std::min(t + 1, context);
            const std::vector<int> offsets{0, length};
            Sliding::forward(*parameters, {offsets}, std::as_const(x).view().slice(t + 1 - length, length),
                             y.resize(length), tape);
            for (int i = 0; i < 12; ++i)
                BOOST_TEST(stepped.view().row(0)[i] == y.view().row(length - 1)[i], boost::test_tools::tolerance(1e-9));
        }
    }
}
