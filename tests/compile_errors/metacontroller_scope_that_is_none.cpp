// first: the metacontroller's scope, its fifth argument, is none
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

using Mistaken =
    ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}, ms::control::LowRank<8>,
                                ms::control::SoftSwitch, ms::control::FutureGru<8>>;
Mistaken::Options options;
