// first: the metacontroller's form of controllers, its third argument, is none
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

using Mistaken = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1},
                                             ms::control::SoftSwitch, ms::control::LowRank<8>>;
Mistaken::Options options;
