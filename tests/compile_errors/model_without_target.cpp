// first: a stage's source gives other episodes than the model reads
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"
#include "world.hpp"

using Model = ms::model::Autoregressive<World::Observation, World::Action, ms::model::Repeat<Block, 2>>;

int main() {
    ms::train::Learner<Model::Parameters<float>, ms::train::AdamW> learner;
    ms::train::pretrain<Model>(ms::core::Serial{}, learner, ms::train::recorder(World{}, Expert{}),
                               {.steps = 1, .batch = 8}, ms::train::Constant{1e-3}, ms::core::Random(1),
                               [](auto, const auto&) { return true; });
}
