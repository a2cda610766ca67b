// first: the metacontroller reads a layer that the base model does not have
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

using Mistaken = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{}>;
Mistaken::Options options;
