// first: a learner's second argument is an optimiser
#include "midstream/train/learner.hpp"
#include "world.hpp"

struct Descent {
    double rate = 0.1;
};
ms::train::Learner<Base::Parameters<float>, Descent> learner;
