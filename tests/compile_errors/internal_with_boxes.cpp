// first: rl::Steered takes the parameters of the base model, then those of the metacontroller
#include "midstream/control/metacontroller.hpp"
#include "midstream/rl/internal.hpp"
#include "world.hpp"

using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}>;
using Internal = ms::rl::Internal<ms::env::Batched<World>, Meta>;

int main() {
    ms::core::Box<Base::Parameters<float>> base;
    ms::core::Box<Meta::Parameters<float>> meta;
    Internal internal(ms::env::Batched<World>(World{}), {base, meta});
}
