// expect: the type's describe(part) forgets a template argument
#include "midstream/core/describe.hpp"

namespace ms = midstream;

template <int Width, class Activation>
struct Perceptron {
    static constexpr void describe(auto&& part) { part("width", Width); }
};

int main() { return static_cast<int>(ms::core::describe<Perceptron<3, int>>().parts.size()); }
