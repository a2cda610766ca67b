// expect: a parameter vector needs at least one entry
#include "midstream/core/tensor.hpp"

midstream::core::Vector<float, 0> vector;
