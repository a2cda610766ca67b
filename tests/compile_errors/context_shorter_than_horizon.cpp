// expect: the policy's context is shorter than the horizon of its environment
// expect: the model's context is shorter than the horizon of the environment that is recorded for it
#include "midstream/env/batched.hpp"
#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/model/transformer.hpp"
#include "midstream/rl/collect.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"

namespace ms = midstream;

// 40 steps, of which the model reads 39.
using World = ms::env::GridworldPinpad<ms::env::Pinpad{.size = 4, .colours = 3, .walls = 1, .horizon = 40}>;
using Model = ms::model::Autoregressive<
    World::Observation, World::Action,
    ms::model::Transformer<ms::model::TransformerShape{.depth = 1, .width = 8, .heads = 2, .mlp = 8, .context = 39}>,
    World::Target>;

int main() {
    const World world(ms::env::TaskDistribution::transition_rule(3, 2));
    ms::train::Learner<Model::Parameters<float>, ms::train::AdamW> learner;
    ms::train::pretrain<Model>(ms::core::Serial{}, learner,
                               ms::train::looking_ahead(ms::train::recorder(world, ms::env::ShortestPathExpert{}), 2),
                               {}, ms::train::Constant{0.1}, ms::core::Random(1),
                               [](std::int64_t, const ms::train::LossSums&) { return true; });
    ms::rl::Collector<ms::env::Batched<World>, Model> collector{ms::env::Batched<World>(world)};
    return collector.episodes().count();
}
