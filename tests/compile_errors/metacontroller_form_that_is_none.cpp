// first: the metacontroller's form of controllers, its third argument, is none
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

struct Form {};
using Mistaken = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}, Form>;
Mistaken::Options options;
