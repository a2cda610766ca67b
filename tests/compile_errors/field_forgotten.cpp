// expect: the type's describe(self, part) forgets a field
#include "midstream/core/describe.hpp"

namespace ms = midstream;

struct Expert {
    double noise = 0;
    int ties = 0;
    static constexpr void describe(const auto& self, auto&& part) { part("noise", self.noise); }
};

int main() { return static_cast<int>(ms::core::describe(Expert{}).parts.size()); }
