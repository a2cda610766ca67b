// See tests/install/CMakeLists.txt.
#include "everything.hpp"

int rows_elsewhere();

int rows_elsewhere() {
    return midstream::core::Matrix<float, 3, 2>::rows;
}
