// first: an environment says how many steps its episodes have at most
#include "world.hpp"

struct Mistaken {
    using Observation = ms::data::Dense<2>;
    using Action = ms::data::Categories<3>;
    void reset(ms::core::Random) {}
    void observe(float*) const {}
    ms::env::Transition step(const std::int16_t*) { return {0, true}; }
};

int main() { ms::env::Batched batch(Mistaken{}); }
