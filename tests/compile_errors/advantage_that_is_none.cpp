// first: rl::ClippedPolicyGradient's advantages are a function of a batch of returns
#include "midstream/control/metacontroller.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"
#include "midstream/rl/internal.hpp"
#include "midstream/train/adamw.hpp"
#include "world.hpp"

using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}>;
using Internal = ms::rl::Internal<ms::env::Batched<World>, Meta>;
using Policy = ms::model::Autoregressive<Internal::Observation, Internal::Action, ms::model::Repeat<Block, 1>>;
using Learner = ms::train::Learner<Policy::Parameters<float>, ms::train::AdamW>;

/// Of decisions of something else than the policy sees.
struct OfTheWorld {
    template <ms::core::Parallelism Parallel>
    void operator()(const Parallel&, std::span<const ms::rl::Decisions<World::Observation>>) {}
};

double improve(Internal& internal, Learner& learner) {
    ms::rl::ClippedPolicyGradient<Internal, Policy, Learner, OfTheWorld> algorithm(internal, learner);
    return algorithm.update(ms::core::Serial{}, 1e-3, ms::core::Random(1)).success;
}
