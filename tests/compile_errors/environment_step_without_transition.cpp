// first: an environment moves by `env::Transition step(const Element* action)`
#include "world.hpp"

struct Mistaken {
    static constexpr int horizon = 9;
    using Observation = ms::data::Dense<2>;
    using Action = ms::data::Categories<3>;
    void reset(ms::core::Random) {}
    void observe(float*) const {}
    float step(const std::int16_t*) { return 0; }
};

int main() { ms::env::Batched batch(Mistaken{}); }
