// expect: the metacontroller's switch does not say how it acts
#include <midstream/midstream.hpp>

using namespace midstream;
using Base = model::Autoregressive<data::OneHots<4, 1>, data::Categories<2>,
                                   model::Transformer<model::TransformerShape{.depth = 2, .width = 8, .heads = 2}>>;

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
