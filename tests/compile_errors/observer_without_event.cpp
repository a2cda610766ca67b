// expect: the metacontroller's observer lacks a space Observation, observe(episodes, row, seen) or event(seen)
#include "midstream/control/metacontroller.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/model/transformer.hpp"

namespace ms = midstream;

struct Blind {
    using Observation = ms::data::OneHots<2, 1>;
    static void observe(const auto&, int, auto* seen) { seen[0] = 0; }
};

using Base = ms::model::Autoregressive<
    ms::data::OneHots<9, 3>, ms::data::Categories<4>,
    ms::model::Transformer<ms::model::TransformerShape{.depth = 2, .width = 8, .heads = 2, .mlp = 8}>>;
using Meta =
    ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}, ms::control::LowRank<2>,
                                ms::control::SoftSwitch, ms::control::EveryStep, ms::control::FutureGru<8>, Blind>;
int main() { return Meta::code; }
