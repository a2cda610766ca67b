// first: an environment is a value that can be copied
#include "world.hpp"

struct Mistaken {
    static constexpr int horizon = 9;
    using Observation = ms::data::Dense<2>;
    using Action = ms::data::Categories<3>;
    std::unique_ptr<int> state{};
    void reset(ms::core::Random) {}
    void observe(float*) const {}
    ms::env::Transition step(const std::int16_t*) { return {0, true}; }
};

int main() { ms::env::Batched batch(Mistaken{}); }
