// first: a policy needs to read the observations that its environment gives
#include "midstream/control/metacontroller.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"
#include "midstream/rl/internal.hpp"
#include "midstream/train/adamw.hpp"
#include "world.hpp"

using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}>;
using Internal = ms::rl::Internal<ms::env::Batched<World>, Meta>;
using Policy = ms::model::Autoregressive<ms::data::Dense<3>, Internal::Action, ms::model::Repeat<Block, 1>>;
using Learner = ms::train::Learner<Policy::Parameters<float>, ms::train::AdamW>;

double improve(Internal& internal, Learner& learner) {
    ms::rl::ClippedPolicyGradient<Internal, Policy, Learner> algorithm(internal, learner);
    return algorithm.update(ms::core::Serial{}, 1e-3, ms::core::Random(1)).success;
}
