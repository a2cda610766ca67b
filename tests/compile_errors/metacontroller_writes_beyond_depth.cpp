// first: the metacontroller writes to a layer that the base model does not have
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

using Mistaken = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 3}>;
Mistaken::Options options;
