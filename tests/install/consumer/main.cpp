#include <cstdio>
#include <midstream/core/parallel.hpp>
#include <midstream/layer/linear.hpp>

#ifdef _OPENMP
#include <midstream/core/openmp.hpp>
using Policy = midstream::core::OpenMP;
#else
using Policy = midstream::core::Serial;
#endif

namespace ms = midstream;

int main() {
    using Layer = ms::layer::Linear<2, 1>;
    static_assert(ms::layer::Layer<Layer>);
    const Layer::Parameters<float> parameters{{{3, 4}}, {{5}}};
    const float x[] = {1, 10};
    float y[1];
    Layer::apply<float>(parameters, {x, 1}, {y, 1});
    int squares[4] = {};
    Policy().for_each(4, [&](int i) { squares[i] = i * i; });
    std::printf("%g %d\n", static_cast<double>(y[0]), squares[3]);
    return y[0] == 48 && squares[3] == 9 ? 0 : 1;
}
