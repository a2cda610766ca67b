// expect: Parallelism
// expect: for_each
#include "midstream/core/parallel.hpp"

struct Threads {
    int count = 2;
};

void run() {
    midstream::core::for_slices(Threads(), 1, [](std::size_t, std::size_t) {});
}
