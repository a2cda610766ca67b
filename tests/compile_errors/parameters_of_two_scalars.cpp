// expect: a parameter struct holds nothing but numbers of one scalar type
#include "midstream/core/parameters.hpp"

struct Parameters {
    midstream::core::Vector<float, 2> bias;
    midstream::core::Vector<double, 2> scale;
    static void visit(auto& self, auto&& member) {
        member("bias", self.bias);
        member("scale", self.scale);
    }
};

std::size_t size(Parameters& parameters) { return midstream::core::flat<float>(parameters).size(); }
