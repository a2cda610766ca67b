/// \file
/// Bare matrix products of the shapes that training has (packed rows x width), with Eigen as layers use it and with
/// OpenBLAS. The column "operations" counts operations per second.
#include "gemm_reference.hpp"

namespace {

using namespace midstream::bench;

template <class By>
void register_product(const std::string& by, Product product, int rows, int width) {
    const std::string label =
        by + "/" + name(product) + "/rows:" + std::to_string(rows) + "/width:" + std::to_string(width);
    benchmark::RegisterBenchmark(label.c_str(), [=](benchmark::State& state) {
        const Gemm gemm = gemm_of(product, rows, width, width);
        Gemms gemms({gemm});
        for (auto _ : state) {
            gemms.multiply<By>();
            benchmark::ClobberMemory();
        }
        state.counters["operations"] =
            benchmark::Counter(gemm.operations(), benchmark::Counter::kIsIterationInvariantRate);
    });
}

}  // namespace

int main(int argc, char** argv) {
    for (const int rows : {250, 1000})
        for (const int width : {64, 128, 256})
            for (const Product product : all_products) {
                register_product<ByEigen>("eigen", product, rows, width);
#ifdef MIDSTREAM_OPENBLAS
                register_product<ByOpenBlas>("openblas", product, rows, width);
#endif
            }
    return run(argc, argv);
}
