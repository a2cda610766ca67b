// first: rl::Internal's first argument is a batch of environments: env::Batched<World>, not World
#include "midstream/control/metacontroller.hpp"
#include "midstream/rl/internal.hpp"
#include "world.hpp"

using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}>;
using Internal = ms::rl::Internal<World, Meta>;
int waiting(const Internal& internal) { return static_cast<int>(internal.awaiting().size()); }
