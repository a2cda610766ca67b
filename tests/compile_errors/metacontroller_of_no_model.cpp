// first: the metacontroller's base model, its first argument, is no model::SequenceModel
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

using Mistaken = ms::control::Metacontroller<World, ms::control::MetacontrollerShape{.read = 1, .write = 1}>;
Mistaken::Options options;
