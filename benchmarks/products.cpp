/// \file
/// Bare matrix products of the shapes that training has (packed rows x width), by Eigen as layers use it, by
/// core/fused_product.hpp and by OpenBLAS. The column "operations" counts operations per second of processor time,
/// "share" divides them by what a core does at best.
#include "gemm_reference.hpp"

namespace {

using namespace midstream::bench;

template <class By>
void register_product(const std::string& by, Product product, int rows, int inputs, int outputs) {
    const std::string label = by + "/" + name(product) + "/rows:" + std::to_string(rows) +
                              "/inputs:" + std::to_string(inputs) + "/outputs:" + std::to_string(outputs);
    benchmark::RegisterBenchmark(label.c_str(), [=](benchmark::State& state) {
        const double best = peak_of_core();
        const Gemm gemm = gemm_of(product, rows, inputs, outputs);
        Gemms gemms({gemm});
        for (auto _ : state) {
            gemms.multiply<By>();
            benchmark::ClobberMemory();
        }
        state.counters["operations"] =
            benchmark::Counter(gemm.operations(), benchmark::Counter::kIsIterationInvariantRate);
        state.counters["share"] =
            benchmark::Counter(gemm.operations() / best, benchmark::Counter::kIsIterationInvariantRate);
    });
}

}  // namespace

int main(int argc, char** argv) {
    for (const int rows : {250, 1000})
        for (const int width : {64, 128, 256})
            for (const int outputs : {width, 3 * width})
                for (const Product product : all_products) {
                    if (!midstream::core::fused_products)
                        register_product<ByLayers>("eigen", product, rows, width, outputs);
                    register_product<ByFusedProducts>("fused", product, rows, width, outputs);
#ifdef MIDSTREAM_OPENBLAS
                    register_product<ByOpenBlas>("openblas", product, rows, width, outputs);
#endif
                }
    return run(argc, argv);
}
