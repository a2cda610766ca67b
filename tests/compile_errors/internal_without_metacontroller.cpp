// first: rl::Internal's second argument is a metacontroller
#include "midstream/rl/internal.hpp"
#include "world.hpp"

using Internal = ms::rl::Internal<ms::env::Batched<World>, Base>;
int waiting(const Internal& internal) { return static_cast<int>(internal.awaiting().size()); }
