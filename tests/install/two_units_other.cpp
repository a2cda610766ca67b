// See tests/install/CMakeLists.txt.
#ifdef _OPENMP
#include <midstream/core/openmp.hpp>
#endif
#include <midstream/midstream.hpp>

int rows_elsewhere();

int rows_elsewhere() { return midstream::core::Matrix<float, 3, 2>::rows; }
