/// \file
/// Small hierarchies as they are trained, and as they act on weights of 8 bits.
#pragma once

#include "midstream/model/hawk.hpp"
#include "midstream/rl/trained_agent.hpp"
#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

namespace midstream::test {

using HawkModel =
    model::Autoregressive<data::OneHots<9, 3>, data::Categories<4>,
                          model::Hawk<model::HawkShape{.depth = 3, .width = 8, .recurrent = 8, .heads = 2, .mlp = 16}>>;

template <class Base, class Form, int Read, int Write>
struct Hierarchy {
    using Meta =
        control::Metacontroller<Base, tiny_meta(Read, Write), Form, control::LeastDistance<control::HardSwitch>>;
    using Policy = PolicyFor<rl::Internal<env::Batched<Drift>, Meta>>;
    using Whole = rl::TrainedAgent<Meta, Policy>;
    using Small = rl::TrainedAgent<rl::EightBit<Meta>, rl::EightBit<Policy>>;

    static Whole trained() {
        Whole agent;
        agent.base = random_model<Base, float>(core::Random(1), 0.3);
        agent.meta = random_model<Meta, float>(core::Random(2), 0.7);
        agent.policy = random_model<Policy, float>(core::Random(3), 0.3);
        agent.acting = {.switching = {.inner = {.threshold = 0.3}, .distance = 2}, .temperature = 0.7f, .gain = 1.5f};
        agent.policy_temperature = 0;  // so that codes depend on what is seen alone
        agent.record_example(std::vector<std::int16_t>{0, 3, 6, 1, 3, 6, 2, 4, 6, 2, 5, 7, 0, 4, 8, 1, 5, 6});
        return agent;
    }
};

}  // namespace midstream::test
