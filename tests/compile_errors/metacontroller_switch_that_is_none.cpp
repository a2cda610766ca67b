// first: the metacontroller's switch, its fourth argument, needs
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

struct Threshold {
    static constexpr bool learned = true;
    template <class T>
    T gate(T logit, int, ms::core::Random&) const {
        return logit;
    }
};
using Mistaken = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1},
                                             ms::control::LowRank<8>, Threshold>;
Mistaken::Options options;
