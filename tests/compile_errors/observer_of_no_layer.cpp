// expect: the metacontroller's observer looks at a layer that the base model does not have
#include "midstream/control/metacontroller.hpp"
#include "midstream/control/stream_events.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"

namespace ms = midstream;

using Base = ms::model::Autoregressive<
    ms::data::OneHots<9, 3>, ms::data::Categories<4>,
    ms::model::Transformer<ms::model::TransformerShape{.depth = 2, .width = 8, .heads = 2, .mlp = 8}>>;
using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1},
                                         ms::control::LowRank<2>, ms::control::SoftSwitch, ms::control::EveryStep,
                                         ms::control::FutureGru<8>, ms::control::StreamEvents<8, 3, 2>>;
int main() { return Meta::code; }
