// See tests/install/CMakeLists.txt.
#include "everything.hpp"

int rows_elsewhere();

int main() {
    return rows_elsewhere() == midstream::core::Matrix<float, 3, 2>::rows ? 0 : 1;
}
