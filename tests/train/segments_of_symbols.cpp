// label: long
// CompILE's own toy (Kipf et al. 2019): sequences in which each symbol is repeated a few times. Which steps belong
// together nobody tells; a segment model finds out, as a code that says a symbol costs less once than at every step.
#include <boost/test/unit_test.hpp>

#include "midstream/analysis/alignment.hpp"
#include "midstream/analysis/inferred.hpp"
#include "midstream/control/segment_model.hpp"
#include "midstream/train/adamw.hpp"

using namespace midstream;

namespace {
constexpr int symbols = 5, width = 16;

/// Sees the symbol and something that is always the same.
using Observation = data::OneHots<symbols + 1, 2>;
using Block = layer::PreNormBlock<layer::Gru<width, width>, layer::Mlp<width, 32>>;
using Base = model::Autoregressive<Observation, data::Categories<symbols>, model::Repeat<Block, 1>>;
using Meta = control::SegmentModel<Base,
                                   control::SegmentShape{.read = 0,
                                                         .write = 0,
                                                         .code = 4,
                                                         .segments = 4,
                                                         .hidden = 32,
                                                         .decoder_hidden = 16,
                                                         .switch_hidden = 16,
                                                         .history = 16},
                                   control::LowRank<4>>;
using Episodes = train::EpisodesOf<Base, float>;

/// Three symbols, each two to five times; the action is to name the symbol.
const auto source = [](int count, core::Random random, Episodes& episodes) {
    for (int i = 0; i < count; ++i) {
        core::Random draw = random.fork(static_cast<std::uint64_t>(i));
        int last = -1, length = 0;
        for (int segment = 0; segment < 3; ++segment) {
            int symbol = draw.below(last < 0 ? symbols : symbols - 1);
            if (last >= 0 && symbol >= last) ++symbol;  // another one
            last = symbol;
            for (int left = 2 + draw.below(4); left > 0; --left, ++length) {
                episodes.observations.push_back(static_cast<std::int16_t>(symbol));
                episodes.observations.push_back(symbols);
                episodes.actions.push_back(static_cast<std::int16_t>(symbol));
                episodes.subgoals.push_back(static_cast<std::int16_t>(segment));
            }
        }
        episodes.offsets.push_back(episodes.offsets.back() + length);
    }
};

/// A random model that does not see the symbol: what it says of actions the codes alone can tell it.
core::Box<Base::Parameters<float>> blind_model(core::Random random) {
    core::Box<Base::Parameters<float>> base;
    Base::initialise(*base, random);
    core::Random draw = random.fork(1);
    auto& rows = base->embedding.rows.values;
    std::fill_n(rows, symbols * width, 0.0f);
    for (int i = 0; i < width; ++i) rows[symbols * width + i] = draw.normal<float>();
    for (float& value : core::flat<float>(base->action_head)) value = draw.normal<float>();
    return base;
}
}  // namespace

BOOST_AUTO_TEST_CASE(segments_are_found_without_labels) {
    const auto base = blind_model(core::Random(1));
    train::Learner<Meta::Parameters<float>, train::AdamW> learner{.shards = 1};
    Meta::initialise(*learner.parameters, core::Random(2));
    const Meta::Options options{.boundaries = {.temperature = 0.5, .length = 3.5}, .boundary_weight = 0.1};
    constexpr int steps = 900;
    train::discover<Meta>(
        core::Serial{}, *base, learner, source, {.steps = steps, .batch = 64}, train::Constant{0.1},
        [&](std::int64_t) { return options; }, train::WarmupLinearDecay{4e-3, steps / 50, steps}, core::Random(3),
        [](std::int64_t, const train::LossSums&) { return true; });

    Episodes held_out;
    source(400, core::Random(77), held_out);
    auto pass = options;
    pass.noise = 0;
    const auto inferred =
        analysis::infer(core::Serial{}, rl::Steered<Meta>(*base, *learner.parameters), held_out, core::Random(5), pass);
    const auto match =
        analysis::alignment(inferred.gates.view(), held_out.sequences(), held_out.subgoals, {.tolerance = 0});
    BOOST_TEST_MESSAGE("to the step, precision " << match.precision << " and recall " << match.recall << ", by chance "
                                                 << match.chance_precision << " and " << match.chance_recall
                                                 << "; action loss " << inferred.sums.action / inferred.sums.steps);
    BOOST_TEST(match.precision > 0.9);
    BOOST_TEST(match.recall > 0.9);
    BOOST_TEST(match.chance_recall < 0.4);
    BOOST_TEST(inferred.sums.action / inferred.sums.steps < 0.15);
}
