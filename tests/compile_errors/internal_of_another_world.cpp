// first: rl::Internal's environments have other spaces than the metacontroller's base model
#include "midstream/control/metacontroller.hpp"
#include "midstream/rl/internal.hpp"
#include "world.hpp"

struct Other : World {
    using Observation = ms::data::Dense<5>;
};
using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}>;
using Internal = ms::rl::Internal<ms::env::Batched<Other>, Meta>;
int waiting(const Internal& internal) { return static_cast<int>(internal.awaiting().size()); }
