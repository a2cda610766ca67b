// expect: Rows<float, 3>
// expect: const float, 2>
#include "midstream/layer/linear.hpp"

using Layer = midstream::layer::Linear<2, 2>;

void run(const Layer::Parameters<float>& parameters, midstream::core::Rows<float, 3> x,
         midstream::core::Rows<float, 2> y) {
    Layer::apply(parameters, x, y);
}
