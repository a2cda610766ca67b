// first: an environment shows its observation by `void observe(Element* row) const`
#include "world.hpp"

struct Mistaken {
    static constexpr int horizon = 9;
    using Observation = ms::data::Dense<2>;
    using Action = ms::data::Categories<3>;
    void reset(ms::core::Random) {}
    void observe(float*) {}
    ms::env::Transition step(const std::int16_t*) { return {0, true}; }
};

int main() { ms::env::Batched batch(Mistaken{}); }
