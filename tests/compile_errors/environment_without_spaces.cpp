// first: an environment names what it shows and what it takes
#include "world.hpp"

struct Mistaken {
    static constexpr int horizon = 9;
    using Action = ms::data::Categories<3>;
    void reset(ms::core::Random) {}
    void observe(float*) const {}
    ms::env::Transition step(const std::int16_t*) { return {0, true}; }
};

int main() { ms::env::Batched batch(Mistaken{}); }
