// expect: a parameter struct is a trivially copyable aggregate that lists its members in `visit`
#include "midstream/core/parameters.hpp"

struct Parameters {
    midstream::core::Vector<float, 2> bias;
};

std::size_t size(Parameters& parameters) { return midstream::core::flat<float>(parameters).size(); }
