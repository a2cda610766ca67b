/// \file
/// Bare matrix products of the shapes that training has (packed rows x width), with Eigen as layers use it and with
/// OpenBLAS. The column "operations" counts operations per second.
#include "gemm_reference.hpp"

using namespace midstream::bench;

namespace {

template <int Width>
void register_products(int rows) {
    for (const Product product : products) {
        const std::string shape = name(product) + "/rows:" + std::to_string(rows) + "/width:" + std::to_string(Width);
        const auto run = [=](benchmark::State& state, auto&& multiply) {
            Operands<Width, Width> operands(rows);
            for (auto _ : state) {
                multiply(operands);
                benchmark::ClobberMemory();
            }
            state.counters["operations"] =
                benchmark::Counter(shape_of(product, rows, Width, Width).operations(), benchmark::Counter::kIsIterationInvariantRate);
        };
        benchmark::RegisterBenchmark(("eigen/" + shape).c_str(), [=](benchmark::State& state) {
            run(state, [=](auto& operands) { operands.eigen(product); });
        });
#ifdef MIDSTREAM_OPENBLAS
        benchmark::RegisterBenchmark(("openblas/" + shape).c_str(), [=](benchmark::State& state) {
            run(state, [=](auto& operands) { operands.openblas(product); });
        });
#endif
    }
}

}  // namespace

int main(int argc, char** argv) {
    for (const int rows : {250, 1000}) {
        register_products<64>(rows);
        register_products<128>(rows);
        register_products<256>(rows);
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    add_context();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
