// expect: Block
// expect: (L::input_width == L::output_width)
#include "midstream/layer/linear.hpp"

template <midstream::layer::Block B>
int width() {
    return B::output_width;
}

int result = width<midstream::layer::Linear<2, 3>>();
