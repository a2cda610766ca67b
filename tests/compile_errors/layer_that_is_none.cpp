// expect: Layer
// expect: int
#include "midstream/layer/layer.hpp"

template <midstream::layer::Layer L>
int width() {
    return L::output_width;
}

int result = width<int>();
