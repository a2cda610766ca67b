// expect: a template with real numbers among its arguments cannot be described by the compiler's name for it
#include "midstream/core/describe.hpp"

namespace ms = midstream;

template <double Decay>
struct MovingAverage {};

int main() { return static_cast<int>(ms::core::describe<MovingAverage<0.03>>().parts.size()); }
