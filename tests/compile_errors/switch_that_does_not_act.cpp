// first: the metacontroller's switch does not say how it acts
#include "midstream/control/metacontroller.hpp"
#include "world.hpp"

using namespace midstream;

struct Mute {
    static constexpr bool learned = true;
    template <class T>
    control::Gate<T> gate(T, int, core::Random&) const {
        return {T(1), T(0)};
    }
};
using Meta =
    control::Metacontroller<Base, control::MetacontrollerShape{.read = 1, .write = 1}, control::LowRank<2>, Mute>;

int main() { return Meta::code; }
