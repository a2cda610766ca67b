// first: the metacontroller's code, hidden layers, history and embedding (MetacontrollerShape) need at least one
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

using Mistaken = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1, .code = 0}>;
Mistaken::Options options;
