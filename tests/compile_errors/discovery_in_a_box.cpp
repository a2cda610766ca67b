// first: a stage's second argument is the frozen model's parameters
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"
#include "world.hpp"

using Meta = ms::control::Metacontroller<Base, ms::control::MetacontrollerShape{.read = 1, .write = 1}>;

int main() {
    ms::train::Learner<Meta::Parameters<float>, ms::train::AdamW> learner;
    ms::core::Box<Base::Parameters<float>> base;
    ms::train::discover<Meta>(
        ms::core::Serial{}, base, learner, ms::train::recorder(World{}, Expert{}), {.steps = 1, .batch = 8},
        ms::train::Constant{1e-3}, [](auto) { return Meta::Options{}; }, ms::train::Constant{1e-3}, ms::core::Random(1),
        [](auto, const auto&) { return true; });
}
