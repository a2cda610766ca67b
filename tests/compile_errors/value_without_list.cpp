// expect: a value cannot be described that does not list its fields
#include "midstream/core/describe.hpp"

namespace ms = midstream;

struct Expert {
    double noise = 0;
};

int main() { return static_cast<int>(ms::core::describe(Expert{}).parts.size()); }
