// first: an expert acts by `act(environment, random) const`
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"
#include "world.hpp"

struct Idler {
    int act(const World&, ms::core::Random&) const { return 0; }
};

int main() {
    ms::train::Learner<Base::Parameters<float>, ms::train::AdamW> learner;
    ms::train::pretrain<Base>(ms::core::Serial{}, learner, ms::train::recorder(World{}, Idler{}),
                              {.steps = 1, .batch = 8}, ms::train::Constant{1e-3}, ms::core::Random(1),
                              [](auto, const auto&) { return true; });
}
