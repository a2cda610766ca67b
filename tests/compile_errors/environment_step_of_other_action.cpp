// first: an environment moves by `env::Transition step(const Element* action)`
#include "world.hpp"

struct Mistaken {
    static constexpr int horizon = 9;
    using Observation = ms::data::Dense<2>;
    using Action = ms::data::Categories<3>;
    void reset(ms::core::Random) {}
    void observe(float*) const {}
    ms::env::Transition step(const float*) { return {0, true}; }
};

int main() { ms::env::Batched batch(Mistaken{}); }
