// expect: deleted function
#include "midstream/train/stages.hpp"

namespace ms = midstream;

using Episodes = ms::data::Episodes<ms::data::Dense<1>, ms::data::Continuous<1>>;
Episodes read_them();

int main() {
    Episodes batch;
    ms::train::sampler(read_them())(3, ms::core::Random(1), batch);
}
