// What the components say of themselves (core/describe.hpp): any two that differ, be it in one number, say different
// things, and none is left to the compiler's own spelling. Those of the ant: env/ant/descriptions.cpp.
#include "support/descriptions.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "midstream/midstream.hpp"

using namespace midstream;
using test::all_different, test::every_field_counts, test::type_text, test::value_text;

namespace {

constexpr env::Pinpad small{.size = 5, .colours = 4, .walls = 1, .horizon = 50};
constexpr env::Pinpad large{.size = 6, .colours = 4, .walls = 1, .horizon = 50};
using World = env::GridworldPinpad<small, env::Relative>;
constexpr model::TransformerShape shape{.depth = 2, .width = 16, .heads = 2, .mlp = 16, .context = 50};
using Block = model::TransformerBlock<shape>;
template <class Stack, template <int> class Norm = layer::RmsNorm>
using Model = model::Autoregressive<World::Observation, World::Action, Stack, World::Target, Norm>;
using Base = Model<model::Transformer<shape>>;

template <class Form = control::LowRank<16>, class Switch = control::SoftSwitch, class Scope = control::LastStep,
          class Future = control::FutureHawk<16>, class Observer = control::ResidualStream,
          control::MetacontrollerShape Sizes = control::MetacontrollerShape{.read = 1, .write = 1}>
using Meta = control::Metacontroller<Base, Sizes, Form, Switch, Scope, Future, Observer>;

}  // namespace

BOOST_AUTO_TEST_CASE(spaces) {
    all_different({type_text<data::OneHots<9, 3>>(), type_text<data::OneHots<9, 2>>(), type_text<data::OneHots<8, 3>>(),
                   type_text<data::Dense<3>>(), type_text<data::Dense<4>>(), type_text<data::Categories<3>>(),
                   type_text<data::Categories<3, 2>>(), type_text<data::Continuous<3>>(),
                   type_text<data::Continuous<4>>(), type_text<data::None>()});
    BOOST_TEST((type_text<data::OneHots<9, 3>>()) == "data::OneHots{dimension=9, count=3}");
}

BOOST_AUTO_TEST_CASE(layers) {
    all_different({type_text<layer::RmsNorm<16>>(),
                   type_text<layer::RmsNorm<8>>(),
                   type_text<layer::LayerNorm<16>>(),
                   type_text<layer::Linear<16, 8>>(),
                   type_text<layer::Linear<8, 16>>(),
                   type_text<layer::Mlp<16, 8>>(),
                   type_text<layer::Mlp<16, 8, 8>>(),
                   type_text<layer::Mlp<16, 9>>(),
                   type_text<layer::Feedforward<16, 8, 2, 4>>(),
                   type_text<layer::Feedforward<16, 8, 3, 4>>(),
                   type_text<layer::Feedforward<16, 8, 2, 4, layer::Rectifier>>(),
                   type_text<layer::Gru<16, 8>>(),
                   type_text<layer::Gru<8, 16>>(),
                   type_text<layer::BlockDiagonal<16, 2>>(),
                   type_text<layer::BlockDiagonal<16, 4>>(),
                   type_text<layer::CausalConvolution<16, 4>>(),
                   type_text<layer::CausalConvolution<16, 3>>(),
                   type_text<layer::RgLru<16, 2>>(),
                   type_text<layer::RgLru<16, 4>>(),
                   type_text<layer::HawkMixer<16, 16, 4, 2>>(),
                   type_text<layer::HawkMixer<16, 16, 3, 2>>(),
                   type_text<layer::HawkMixer<16, 16, 4, 4>>(),
                   type_text<layer::HawkMixer<16, 32, 4, 2>>(),
                   type_text<layer::Attention<layer::AttentionShape{}>>(),
                   type_text<layer::Attention<layer::AttentionShape{.heads = 8}>>(),
                   type_text<layer::Attention<layer::AttentionShape{.context = 8}>>(),
                   type_text<layer::Attention<layer::AttentionShape{.buckets = 8}>>(),
                   type_text<layer::Attention<layer::AttentionShape{.max_distance = 99}>>(),
                   type_text<layer::Residual<layer::RmsNorm<8>, layer::Mlp<8, 8>>>(),
                   type_text<layer::Residual<layer::LayerNorm<8>, layer::Mlp<8, 8>>>(),
                   type_text<layer::PreNormBlock<layer::Gru<8, 8>, layer::Mlp<8, 8>>>(),
                   type_text<layer::PreNormBlock<layer::Gru<8, 8>, layer::Mlp<8, 9>>>(),
                   type_text<layer::PreNormBlock<layer::Mlp<8, 8>, layer::Mlp<8, 8>>>(),
                   type_text<layer::PreNormBlock<layer::Gru<8, 8>, layer::Mlp<8, 8>, layer::LayerNorm>>(),
                   type_text<layer::Embedding<data::Dense<3>, 8>>(),
                   type_text<layer::Embedding<data::Dense<3>, 9>>(),
                   type_text<layer::Embedding<data::OneHots<9, 3>, 8>>(),
                   type_text<layer::Categorical<4>>(),
                   type_text<layer::Categorical<4, 2>>(),
                   type_text<layer::DiagonalGaussian<4>>(),
                   type_text<layer::UnitGaussian<4>>()});
    every_field_counts(layer::AttentionShape{});
}

BOOST_AUTO_TEST_CASE(models) {
    every_field_counts(model::TransformerShape{});
    every_field_counts(model::HawkShape{});
    all_different({type_text<Base>(), type_text<Model<model::Transformer<shape, layer::LayerNorm>>>(),
                   type_text<Model<model::Transformer<shape>, layer::LayerNorm>>(),
                   type_text<Model<model::Stack<Block, Block, Block>>>(), type_text<Model<model::Stack<Block>>>(),
                   type_text<Model<model::Stack<Block, control::FutureGru<16>>>>(),
                   type_text<Model<model::Stack<control::FutureGru<16>, Block>>>(),
                   type_text<model::Autoregressive<World::Observation, World::Action, model::Transformer<shape>>>(),
                   type_text<model::Autoregressive<data::Dense<5>, World::Action, model::Transformer<shape>>>(),
                   type_text<model::Autoregressive<data::Dense<5>, data::Continuous<4>, model::Transformer<shape>>>()});
}

BOOST_AUTO_TEST_CASE(metacontrollers) {
    every_field_counts(control::MetacontrollerShape{});
    all_different(
        {type_text<Meta<>>(), type_text<Meta<control::LowRank<8>>>(), type_text<Meta<control::FullLinear>>(),
         type_text<Meta<control::LowRank<16>, control::GumbelSwitch>>(),
         type_text<Meta<control::LowRank<16>, control::HardSwitch>>(),
         type_text<Meta<control::LowRank<16>, control::RandomHold>>(),
         type_text<Meta<control::LowRank<16>, control::FixedPeriod>>(),
         type_text<Meta<control::LowRank<16>, control::AlwaysSwitch>>(),
         type_text<Meta<control::LowRank<16>, control::SoftSwitch, control::EveryStep>>(),
         type_text<Meta<control::LowRank<16>, control::SoftSwitch, control::LastStep, control::FutureGru<16>>>(),
         type_text<Meta<control::LowRank<16>, control::SoftSwitch, control::LastStep, control::FutureHawk<16, 2>>>(),
         type_text<Meta<control::LowRank<16>, control::SoftSwitch, control::LastStep, control::FutureHawk<16>,
                        control::EndedBeliefs<16, 1, 2>>>(),
         type_text<Meta<control::LowRank<16>, control::SoftSwitch, control::LastStep, control::FutureHawk<16>,
                        control::EndedBeliefs<16, 1, 3>>>(),
         type_text<Meta<control::LowRank<16>, control::SoftSwitch, control::LastStep, control::FutureHawk<16>,
                        control::ResidualStream, control::MetacontrollerShape{.read = 1, .write = 0}>>()});
    every_field_counts(control::ProposalOptions{});
    using Options = Meta<control::LowRank<16>, control::GumbelSwitch>::Options;
    every_field_counts(Options{});
    all_different({value_text(Options{}), value_text(Options{.switching = {.temperature = 2}}),
                   value_text(Meta<>::Options{}),
                   value_text(Meta<control::LowRank<16>, control::FixedPeriod>::Options{.switching = {.period = 4}}),
                   value_text(Meta<control::LowRank<16>, control::FixedPeriod>::Options{})});
    all_different(
        {value_text(control::SoftSwitch{}), value_text(control::SoftSwitch{.threshold = 0.2}),
         value_text(control::AlwaysSwitch{}), value_text(control::LeastDistance<control::GumbelSwitch>{}),
         value_text(control::LeastDistance<control::GumbelSwitch>{.inner = {.temperature = 2}}),
         value_text(control::LeastDistance<control::GumbelSwitch>{.distance = 2}),
         value_text(control::LeastDistance<control::SoftSwitch>{}), value_text(control::GumbelSwitch{}),
         value_text(control::GumbelSwitch{.temperature = 0.5}), value_text(control::HardSwitch{}),
         value_text(control::GumbelSwitch{.forced_period = 1}), value_text(control::SoftSwitch{.forced_period = 1}),
         value_text(control::SoftSwitch{.forced_period = 2}), value_text(control::HardSwitch{.threshold = 0.2}),
         value_text(control::RandomHold{}), value_text(control::RandomHold{.probability = 0.25}),
         value_text(control::FixedPeriod{}), value_text(control::FixedPeriod{.period = 7})});
    BOOST_TEST(value_text(control::SoftSwitch{}) == "control::SoftSwitch{threshold=0.5}");  // forced by nothing
    all_different({type_text<control::Supervised<Base, 1, 4>>(), type_text<control::Supervised<Base, 2, 4>>(),
                   type_text<control::Supervised<Base, 1, 5>>(),
                   type_text<control::Supervised<Base, 1, 4, control::FullLinear>>()});
    all_different({type_text<control::FutureEmbedding<control::FutureGru<16>, 8, control::LastStep>>(),
                   type_text<control::FutureEmbedding<control::FutureGru<16>, 9, control::LastStep>>(),
                   type_text<control::FutureEmbedding<control::FutureGru<16>, 8, control::EveryStep>>()});
}

BOOST_AUTO_TEST_CASE(worlds_and_experts) {
    using Tasks = env::TaskDistribution;
    every_field_counts(env::Pinpad{});
    all_different({value_text(World(Tasks::ant_pretraining())), value_text(World(Tasks::ant_posttraining())),
                   value_text(World(Tasks::transition_rule(4, 4))),
                   value_text(World(Tasks::transition_rule(4, 5))),  // more tasks than are listed
                   value_text(World(Tasks::transition_rule(4, 6))), value_text(World(Tasks(env::parse_task("0-1"), 1))),
                   value_text(World(Tasks(env::parse_task("0-1"), 2))),
                   value_text(World(Tasks({env::parse_task("0-1"), env::parse_task("1-0")}))),
                   value_text(World(Tasks({env::parse_task("1-0"), env::parse_task("0-1")}))),
                   value_text(env::GridworldPinpad<large, env::Relative>(Tasks::ant_pretraining())),
                   value_text(env::GridworldPinpad<small, env::Egocentric>(Tasks::ant_pretraining())),
                   value_text(env::GridworldPinpad<small, env::Absolute>(Tasks::ant_pretraining())),
                   value_text(env::Batched(World(Tasks::ant_pretraining()))),
                   value_text(env::Batched(World(Tasks::ant_posttraining()))),
                   value_text(env::Batched(World(Tasks::ant_posttraining()), env::StreamPerGroup{})),
                   value_text(env::Batched(World(Tasks::ant_posttraining()), env::StreamPerGroup{4}))});
    every_field_counts(env::ShortestPathExpert{});
    all_different({value_text(env::ShortestPathExpert{}), value_text(env::ShortestPathExpert{.epsilon = 0.1}),
                   value_text(env::ShortestPathExpert{.tie_breaking = env::TieBreaking::deterministic})});
    all_different({type_text<control::EndedBeliefs<16, 1, 2>>(), type_text<control::EndedBeliefs<8, 1, 2>>(),
                   type_text<control::EndedBeliefs<16, 0, 2>>(), type_text<control::StreamEvents<16, 1, 2>>()});
}

BOOST_AUTO_TEST_CASE(optimisers_and_schedules) {
    every_field_counts(train::AdamW{});
    every_field_counts(train::Muon<>{});
    every_field_counts(train::RateFactors{});
    struct Nothing {
        bool operator()(std::string_view) const { return false; }
    };
    const auto learner = [](train::AdamW optimiser, double max_norm, int shards) {
        return value_text(train::Learner<core::Vector<float, 3>, train::AdamW>{
            .optimiser = optimiser, .max_norm = max_norm, .shards = shards});
    };
    all_different({value_text(train::AdamW{}), value_text(train::AdamW{.decay = train::Decay::matrices}),
                   value_text(train::AdamW{.rates = {.prefix = "bank"}}),
                   value_text(train::AdamW{.rates = {.prefix = "bank", .others = 0}}), value_text(train::Muon<>{}),
                   value_text(train::Muon<>{.adamw = {.beta2 = 0.9}}), value_text(train::Muon<Nothing>{}),
                   learner({}, 1, 4), learner({.beta2 = 0.9}, 1, 4), learner({}, 2, 4), learner({}, 1, 2),
                   value_text(train::Learner<core::Vector<float, 4>, train::AdamW>{}),
                   value_text(train::Learner<core::Vector<double, 3>, train::AdamW, double>{}),
                   value_text(train::Learner<core::Vector<float, 3>, train::Muon<>>{})});
    every_field_counts(train::Constant{});
    every_field_counts(train::Ramp{});
    every_field_counts(train::LinearDecay{});
    every_field_counts(train::Cosine{});
    every_field_counts(train::WarmupLinearDecay{});
    all_different({value_text(train::Ramp{}), value_text(train::LinearDecay{}), value_text(train::Cosine{})});
    every_field_counts(train::PretrainOptions{});
    every_field_counts(train::SuperviseOptions{});
    every_field_counts(train::DiscoverOptions{});
}

BOOST_AUTO_TEST_CASE(searches) {
    every_field_counts(control::IndependentComponentsOptions{});
    every_field_counts(train::FindEventsOptions{});
    every_field_counts(train::FindEndedBeliefsOptions{});
}

BOOST_AUTO_TEST_CASE(reinforcement) {
    every_field_counts(rl::ActingOptions<Meta<>>{});
    all_different({value_text(rl::ActingOptions<Meta<>>{}),
                   value_text(rl::ActingOptions<Meta<>>{.switching = {.threshold = 0.25}}),
                   value_text(rl::ActingOptions<Meta<control::LowRank<16>, control::GumbelSwitch>>{})});
    every_field_counts(rl::ClippedPolicyGradientOptions{});
    every_field_counts(rl::PpoOptions{});
    every_field_counts(rl::GeneralisedAdvantages{});
    every_field_counts(rl::BatchNormalised{});
    every_field_counts(rl::Grouped<>{});
    every_field_counts(rl::LearnedBaselineOptions{});
    all_different({value_text(rl::BatchNormalised{}), value_text(rl::LeaveOneOut{}), value_text(rl::Grouped<>{}),
                   value_text(rl::Grouped<rl::LeaveOneOut>{}), value_text(rl::Grouped<>{.rule = {.epsilon = 1}}),
                   value_text(rl::Grouped<>{.group = 4})});
    every_field_counts(rl::ActorCriticShape{});
    using See = data::Dense<4>;
    using Act = data::Continuous<2>;
    constexpr rl::ActorCriticShape wide{.width = 256};
    all_different({type_text<rl::IdentityView<16>>(), type_text<rl::IdentityView<8>>(), type_text<rl::Normaliser<16>>(),
                   type_text<rl::Normaliser<8>>(), type_text<rl::Actor<See, Act>>(),
                   type_text<rl::Actor<See, Act, wide>>(), type_text<rl::Actor<See, data::Categories<2>>>(),
                   type_text<rl::Actor<See, Act, rl::ActorCriticShape{}, layer::Rectifier>>(),
                   type_text<rl::ActorCritic<See, Act>>(), type_text<rl::ActorCritic<See, Act, wide>>(),
                   type_text<rl::ActorCritic<See, Act, rl::ActorCriticShape{}, layer::Rectifier>>()});
    using Expert = rl::ActorExpert<rl::Actor<See, Act>, World>;
    core::Box<Expert::Trained> trained;
    const auto before = value_text(Expert(trained));
    trained->actor.network.last.bias.values[0] = 1;
    all_different({before, value_text(Expert(trained)), value_text(Expert(trained, 0.5f))});
}
