// first: an environment begins an episode by `void reset(core::Random random)`
#include "world.hpp"

struct Mistaken {
    static constexpr int horizon = 9;
    using Observation = ms::data::Dense<2>;
    using Action = ms::data::Categories<3>;
    void observe(float*) const {}
    ms::env::Transition step(const std::int16_t*) { return {0, true}; }
};

int main() { ms::env::Batched batch(Mistaken{}); }
