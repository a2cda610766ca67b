// The control: what the cases do wrong, done right.
#include "midstream/core/parallel.hpp"
#include "midstream/layer/linear.hpp"

namespace ms = midstream;

template <ms::layer::Layer L>
int parameters_of() {
    typename L::template Parameters<float> parameters;
    return static_cast<int>(ms::core::flat<float>(parameters).size());
}

int numbers();

int numbers() {
    ms::core::Matrix<float, 1, 1> matrix{};
    ms::core::Vector<float, 1> vector{};
    ms::core::for_slices(ms::core::Serial(), 1, [&](std::size_t, std::size_t) { vector.values[0] = matrix.values[0]; });
    return parameters_of<ms::layer::Linear<2, 3>>();
}
