#include "midstream/analysis/probe.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/model/transformer.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;

namespace {

constexpr model::TransformerShape shape{
    .depth = 2, .width = 8, .heads = 2, .mlp = 4, .context = 16, .buckets = 4, .max_distance = 8};
using Base = model::Autoregressive<data::OneHots<4, 2>, data::Categories<2>, model::Transformer<shape>>;
using Episodes = train::EpisodesOf<Base, float>;

template <class T, int R, int C>
T& at(core::Matrix<T, R, C>& matrix, int row, int column) {
    return matrix.values[row * C + column];
}

/// Coordinates 0 to 3 are the observation, one of the first two and one of the last two. The first block writes to
/// coordinate 4, on a scale of its own, whether exactly one of bits 0 and 2 is set: no linear function of layer 0.
core::Box<Base::Parameters<float>> exclusive_or() {
    core::Box<Base::Parameters<float>> parameters;
    for (int i = 0; i < 4; ++i) at(parameters->embedding.rows, i, i) = 1;
    auto& mlp = parameters->stack.blocks[0].mlp;
    core::map(mlp.norm.scale).setOnes();  // of two ones in eight: both become 2
    for (int hidden = 0; hidden < 2; ++hidden) {
        at(mlp.inner.first.weight, hidden, hidden) = 1;
        at(mlp.inner.first.weight, 3 - hidden, hidden) = 1;
        mlp.inner.first.bias.values[hidden] = -3;
        at(mlp.inner.second.weight, hidden, 4) = 1e-3f;
    }
    return parameters;
}

void draw(int count, core::Random random, Episodes& episodes) {
    for (int i = 0; i < count; ++i) {
        const int length = 1 + random.below(5);
        for (int t = 0; t < length; ++t) {
            const int a = random.below(2), b = random.below(2);
            episodes.observations.push_back(static_cast<std::int16_t>(a));
            episodes.observations.push_back(static_cast<std::int16_t>(2 + b));
            episodes.actions.push_back(0);
            episodes.subgoals.push_back(static_cast<std::int16_t>(a != b));
        }
        episodes.returns.push_back(0);
        episodes.offsets.push_back(episodes.offsets.back() + length);
    }
}

template <class Policy = core::Serial>
std::vector<analysis::ProbeResult> probe(std::int64_t steps, const Policy& policy = {}) {
    return analysis::probe<Base, 2>(
        policy, *exclusive_or(), draw,
        {.steps = steps, .batch = 32, .learning_rate = 0.05, .shards = 3, .evaluation = 300}, core::Random(1));
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_linear_at_one_layer_is_read_there) {
    const auto results = probe(150);
    BOOST_REQUIRE(results.size() == 3u);
    BOOST_TEST(results[0].nll > 0.68);  // ln 2 at best, as good as a guess
    BOOST_TEST(results[0].accuracy < 0.8);
    for (int layer = 1; layer < 3; ++layer) {
        BOOST_TEST(results[layer].accuracy == 1);
        BOOST_TEST(results[layer].nll < 0.1);
    }
}

BOOST_AUTO_TEST_CASE(probes_as_values_read_the_same) {
    const auto trained = analysis::train_probes<Base, 2>(
        core::Serial{}, *exclusive_or(), draw, draw,
        {.steps = 150, .batch = 32, .learning_rate = 0.05, .shards = 3, .evaluation = 300}, core::Random(1));
    Episodes episodes;
    draw(50, core::Random(7), episodes);
    Base::Tape<float> tape;
    Base::forward(*exclusive_or(), episodes.sequences(), episodes.observation_rows(), tape);
    for (std::size_t layer = 1; layer < 3; ++layer) {
        const auto& probe = trained.probes[layer];
        BOOST_TEST(probe.accuracy == 1);
        double nll = 0;
        for (int row = 0; row < episodes.rows(); ++row) {
            const auto belief = probe.read(tape.residual[layer].view().row(row));
            BOOST_TEST(std::abs(belief[0] + belief[1] - 1) < 1e-5f);
            nll -= std::log(belief[static_cast<std::size_t>(episodes.subgoals[static_cast<std::size_t>(row)])]);
        }
        BOOST_TEST(std::abs(nll / episodes.rows() - trained.results[layer].nll) < 0.02);
    }
}

BOOST_AUTO_TEST_CASE(threads_do_not_matter) {
#ifdef _OPENMP
    const auto expected = probe(10), found = probe(10, core::OpenMP{2});
    for (int layer = 0; layer < 3; ++layer) {
        BOOST_TEST(found[layer].accuracy == expected[layer].accuracy);
        BOOST_TEST(found[layer].nll == expected[layer].nll);
    }
#endif
}

BOOST_AUTO_TEST_CASE(held_out_episodes_are_those_of_the_other_source) {
    // A world in which the labels are the other way round: what was learned is wrong there.
    const auto opposite = [](int count, core::Random random, Episodes& episodes) {
        draw(count, random, episodes);
        for (auto& label : episodes.subgoals) label = static_cast<std::int16_t>(1 - label);
    };
    const auto results = analysis::probe<Base, 2>(
        core::Serial{}, *exclusive_or(), draw, opposite,
        {.steps = 50, .batch = 32, .learning_rate = 0.05, .shards = 1, .evaluation = 100}, core::Random(1));
    BOOST_TEST(results[1].accuracy == 0);
}

BOOST_AUTO_TEST_CASE(labels_out_of_range_are_refused) {
    const auto run = [](int shift) {
        const auto source = [shift](int count, core::Random random, Episodes& episodes) {
            draw(count, random, episodes);
            for (auto& label : episodes.subgoals) label = static_cast<std::int16_t>(label + shift);
        };
        analysis::probe<Base, 2>(core::Serial{}, *exclusive_or(), source, {.steps = 1, .batch = 4, .evaluation = 1},
                                 core::Random(1));
    };
    BOOST_CHECK_NO_THROW(run(0));
    BOOST_CHECK_THROW(run(1), core::Error);
    BOOST_CHECK_THROW(run(-1), core::Error);
}
