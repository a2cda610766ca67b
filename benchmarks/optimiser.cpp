/// \file
/// One optimiser step on the parameters of a small residual stack, on one thread. AdamW is bound by memory: it reads
/// four arrays and writes three, 28 bytes for every float parameter ("bytes" counts them). Muon is bound by its
/// products.
#include "gemm_reference.hpp"
#include "midstream/train/clip.hpp"
#include "midstream/train/muon.hpp"

namespace {

using namespace midstream;

/// Shapes of `Depth` blocks with attention and an MLP, without the layers.
template <int Depth, int Width>
struct Stack {
    struct Block {
        core::Matrix<float, Width, 3 * Width> projection;
        core::Matrix<float, Width, Width> output;
        core::Matrix<float, Width, 4 * Width> first;
        core::Matrix<float, 4 * Width, Width> second;
        core::Vector<float, Width> scale;
        static void visit(auto& self, auto&& member) {
            member("projection", self.projection);
            member("output", self.output);
            member("first", self.first);
            member("second", self.second);
            member("scale", self.scale);
        }
    };
    std::array<Block, Depth> blocks;
    static void visit(auto& self, auto&& member) { member("blocks", self.blocks); }
};

template <class P>
core::Box<P> random_parameters(std::uint64_t seed) {
    core::Random random(seed);
    core::Box<P> parameters;
    for (float& value : core::flat<float>(*parameters)) value = random.uniform<float>() - 0.5f;
    return parameters;
}

template <class O, int Width>
void update(benchmark::State& state) {
    using Parameters = Stack<4, Width>;
    auto parameters = random_parameters<Parameters>(1);
    const auto gradient = random_parameters<Parameters>(2);
    typename O::template State<Parameters, float> moments;
    const O optimiser;
    for (auto _ : state) optimiser.update(core::Serial{}, moments, *parameters, *gradient, 1e-3);
    const auto numbers = static_cast<std::int64_t>(core::flat<float>(*parameters).size());
    state.SetItemsProcessed(state.iterations() * numbers);
    if constexpr (std::is_same_v<O, train::AdamW>) state.SetBytesProcessed(state.iterations() * numbers * 28);
}
BENCHMARK(update<train::AdamW, 64>);
BENCHMARK(update<train::AdamW, 128>);
BENCHMARK(update<train::AdamW, 256>);
BENCHMARK(update<train::Muon<>, 64>);
BENCHMARK(update<train::Muon<>, 128>);

template <int Width>
void clip(benchmark::State& state) {
    using Parameters = Stack<4, Width>;
    auto gradient = random_parameters<Parameters>(1);
    std::vector<double> scratch;
    for (auto _ : state)
        benchmark::DoNotOptimize(train::clip(core::Serial{}, core::flat<float>(*gradient), 1e9, scratch));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sizeof(Parameters)));
}
BENCHMARK(clip<64>);
BENCHMARK(clip<256>);

}  // namespace

int main(int argc, char** argv) { return midstream::bench::run(argc, argv); }
