// first: a critic predicts one number: model::Autoregressive<B::Observation, data::Continuous<1>, a stack of blocks>
#include "midstream/rl/learned_baseline.hpp"
#include "midstream/train/adamw.hpp"
#include "world.hpp"

using Critic = ms::model::Autoregressive<World::Observation, World::Action, ms::model::Repeat<Block, 1>>;
using Learner = ms::train::Learner<Critic::Parameters<float>, ms::train::AdamW>;

ms::rl::LearnedBaseline<Critic, Learner> baseline(Learner& learner) {
    return ms::rl::LearnedBaseline<Critic, Learner>(learner);
}
