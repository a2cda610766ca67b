// expect: a parameter matrix needs at least one row and one column
#include "midstream/core/tensor.hpp"

midstream::core::Matrix<float, 0, 3> matrix;
