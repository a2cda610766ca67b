// first: train::pretrain<Model> trains a model of sequences
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"
#include "world.hpp"

int main() {
    ms::train::Learner<Base::Parameters<float>, ms::train::AdamW> learner;
    ms::train::pretrain<World>(ms::core::Serial{}, learner, ms::train::recorder(World{}, Expert{}),
                               {.steps = 1, .batch = 8}, ms::train::Constant{1e-3}, ms::core::Random(1),
                               [](auto, const auto&) { return true; });
}
