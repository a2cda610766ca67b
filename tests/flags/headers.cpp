#include "midstream/midstream.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"

// A template is compiled only where it is used.
void nothing() {
    midstream::core::OpenMP().for_each(1, [](int) {});
}
#endif
