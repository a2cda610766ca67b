// first: what chooses codes is an rl::ModelActor<Policy>
#include "midstream/control/metacontroller.hpp"
#include "midstream/rl/agent.hpp"
#include "world.hpp"

using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}>;
// The base model's observations are not residual streams.
using Mind = ms::rl::Agent<ms::rl::SteeredActor<Meta, ms::rl::ModelActor<Base>>>;

int main() {
    ms::core::Box<Base::Parameters<float>> base;
    ms::core::Box<Meta::Parameters<float>> meta;
    Mind mind({{*base, *meta}, *base});
}
