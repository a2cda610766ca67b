// first: a learner's first argument is a struct of parameters: Model::Parameters<float>, not the model
#include "midstream/train/adamw.hpp"
#include "midstream/train/learner.hpp"
#include "world.hpp"

ms::train::Learner<Base, ms::train::AdamW> learner;
