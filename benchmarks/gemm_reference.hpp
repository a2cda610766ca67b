/// \file
/// The time of bare matrix products, and of the multiplications and additions that they consist of: the bounds against
/// which benchmarks of training and acting report how much of their time is not products. Everything on one thread, in
/// float.
///
/// OpenBLAS picks its kernels by the processor it believes to run on and is often wrong on virtual machines, where it
/// may fall back to kernels several times slower. `add_context` puts its choice in the benchmark's head; set the
/// environment variable OPENBLAS_CORETYPE (Haswell, SkylakeX, Zen, ...) to correct it.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "midstream/core/product.hpp"
#include "midstream/core/random.hpp"
#ifdef MIDSTREAM_OPENBLAS
#include <cblas.h>
#endif

namespace midstream::bench {

/// How a product reads its operands, named after the three products of a linear map.
enum class Product {
    forward,         ///< c += a b, as in y = x W
    input_gradient,  ///< c += a b^T, as in dx = dy W^T
    weight_gradient  ///< c += a^T b, as in dW = x^T dy
};
inline constexpr Product all_products[] = {Product::forward, Product::input_gradient, Product::weight_gradient};

inline std::string name(Product product) {
    switch (product) {
        case Product::forward:
            return "forward";
        case Product::input_gradient:
            return "dX";
        default:
            return "dW";
    }
}

/// One product: c is m x n, each entry the sum of k terms.
struct Gemm {
    Product product;
    int m, k, n;
    constexpr double operations() const { return 2.0 * m * k * n; }
};

/// One of the three products of a map from `inputs` to `outputs` numbers over `rows` rows.
constexpr Gemm gemm_of(Product product, int rows, int inputs, int outputs) {
    switch (product) {
        case Product::forward:
            return {product, rows, inputs, outputs};
        case Product::input_gradient:
            return {product, rows, outputs, inputs};
        default:
            return {product, inputs, rows, outputs};
    }
}

/// By the functions that layers call: Eigen, unless the program is linked to midstream::fused_products.
struct ByLayers {
    static void multiply(const Gemm& g, const float* a, const float* b, float* c) {
        const core::View<float> result{c, g.m, g.n, g.n};
        switch (g.product) {
            case Product::forward:
                return core::add_product<float>({a, g.m, g.k, g.k}, {b, g.k, g.n, g.n}, result);
            case Product::input_gradient:
                return core::add_product_transposed<float>({a, g.m, g.k, g.k}, {b, g.n, g.k, g.k}, result);
            default:
                return core::add_transposed_product<float>({a, g.k, g.m, g.m}, {b, g.k, g.n, g.n}, result);
        }
    }
};

/// By core/fused_product.hpp.
struct ByFusedProducts {
    static void multiply(const Gemm& g, const float* a, const float* b, float* c) {
        const core::View<float> result{c, g.m, g.n, g.n};
        switch (g.product) {
            case Product::forward:
                return core::add_fused_product<float>({a, g.m, g.k, g.k}, {b, g.k, g.n, g.n}, result);
            case Product::input_gradient:
                return core::add_fused_product_transposed<float>({a, g.m, g.k, g.k}, {b, g.n, g.k, g.k}, result);
            default:
                return core::add_fused_transposed_product<float>({a, g.k, g.m, g.m}, {b, g.k, g.n, g.n}, result);
        }
    }
};

#ifdef MIDSTREAM_OPENBLAS
/// By OpenBLAS.
struct ByOpenBlas {
    static void multiply(const Gemm& g, const float* a, const float* b, float* c) {
        const bool ta = g.product == Product::weight_gradient, tb = g.product == Product::input_gradient;
        cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, g.m, g.n, g.k, 1.f,
                    a, ta ? g.m : g.k, b, tb ? g.k : g.n, 1.f, c, g.n);
    }
};
#endif

/// A list of products with random operands. Every matrix b (weights, mostly) has memory of its own, as the weights of
/// a model have, but for weight gradients, where it is an activation; a, b there and c share theirs and stay in cache
/// if they fit. A model's activations do not: the bound is a strict one.
class Gemms {
public:
    explicit Gemms(std::vector<Gemm> list) : list_(std::move(list)) {
        std::size_t a = 0, b = 0, shared = 0, c = 0;
        for (const Gemm& g : list_) {
            a = std::max(a, padded(g.m, g.k));
            c = std::max(c, padded(g.m, g.n));
            (own(g) ? b : shared) = own(g) ? b + padded(g.k, g.n) : std::max(shared, padded(g.k, g.n));
        }
        fill(a_, a);
        fill(b_, std::max(b, shared));
        c_.assign(c, 0.f);
    }

    template <class By>
    void multiply() {
        const float* b = b_.data();
        for (const Gemm& g : list_) {
            By::multiply(g, a_.data(), own(g) ? b : b_.data(), c_.data());
            if (own(g)) b += padded(g.k, g.n);
        }
    }

private:
    static bool own(const Gemm& g) { return g.product != Product::weight_gradient; }
    static std::size_t padded(int rows, int columns) {
        return (static_cast<std::size_t>(rows) * columns + 15) / 16 * 16;
    }
    static void fill(core::AlignedVector<float>& values, std::size_t size) {
        core::Random random(1);
        values.resize(size);
        for (float& value : values) value = random.uniform<float>() - 0.5f;
    }

    std::vector<Gemm> list_;
    core::AlignedVector<float> a_, b_, c_;
};

/// Seconds of one call of `work`: the best mean of 5 to 25 trials of about 20 ms or one call each, half a second in all
/// where that suffices.
template <class Work>
double seconds(Work&& work) {
    using Clock = std::chrono::steady_clock;
    const auto time = [&](int calls) {
        const auto start = Clock::now();
        for (int i = 0; i < calls; ++i) work();
        benchmark::ClobberMemory();
        return std::chrono::duration<double>(Clock::now() - start).count() / calls;
    };
    time(1);  // caches and pages
    const double first = time(1);
    const int calls = static_cast<int>(std::clamp(0.02 / first, 1.0, 1e6));
    const int trials = static_cast<int>(std::clamp(0.5 / (calls * first), 5.0, 25.0));
    double best = std::numeric_limits<double>::infinity();
    for (int trial = 0; trial < trials; ++trial) best = std::min(best, time(calls));
    return best;
}

/// What a core computes at best, in operations per second of processor time: multiplications and additions at once, in
/// twelve sums that do not wait for each other, the best of many trials.
inline double peak() {
    using Packet = Eigen::internal::packet_traits<float>::type;
    constexpr int lanes = Eigen::internal::packet_traits<float>::size, sums = 12, steps = 20000;
    const auto trial = [&]<int... i>(std::integer_sequence<int, i...>) {
        const Packet factor = Eigen::internal::pset1<Packet>(0.9999f), term = Eigen::internal::pset1<Packet>(1e-6f);
        Packet sum[] = {Eigen::internal::pset1<Packet>(1e-3f * i)...};
        const std::clock_t start = std::clock();
        for (int round = 0; round < 50; ++round) {
            for (int step = 0; step < steps; ++step) ((sum[i] = Eigen::internal::pmadd(sum[i], factor, term)), ...);
            (benchmark::DoNotOptimize(sum[i]), ...);
        }
        const double time = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        return 50.0 * steps * 2 * sums * lanes / time;
    };
    double best = 0;
    for (int i = 0; i < 20; ++i) best = std::max(best, trial(std::make_integer_sequence<int, sums>()));
    return best;
}
/// The same, measured once.
inline double peak_of_core() {
    static const double measured = peak();
    return measured;
}

/// The time of a list of products, in seconds.
struct Bound {
    double layers = 0;      ///< by the products that layers call
    double openblas = 0;    ///< 0 where there is no OpenBLAS
    double operations = 0;  ///< how many there are, no time
};
inline Bound bound_of(std::vector<Gemm> list) {
    Bound bound;
    for (const Gemm& gemm : list) bound.operations += gemm.operations();
    Gemms gemms(std::move(list));
    bound.layers = seconds([&] { gemms.multiply<ByLayers>(); });
#ifdef MIDSTREAM_OPENBLAS
    openblas_set_num_threads(1);
    bound.openblas = seconds([&] { gemms.multiply<ByOpenBlas>(); });
#endif
    return bound;
}

/// Adds the counters `bound_ms`, `bound_openblas_ms` and `ratio` to a benchmark whose iteration makes the bound's
/// products, spread evenly over `threads` threads, and is timed by the wall clock: ratio is the bound of the layers'
/// products over the measured time, 1 where nothing but products takes time.
inline void report_bound(benchmark::State& state, const Bound& bound, int threads = 1) {
    state.counters["bound_ms"] = 1e3 * bound.layers;
    state.counters["bound_openblas_ms"] = 1e3 * bound.openblas;
    state.counters["ratio"] = benchmark::Counter(bound.layers / threads, benchmark::Counter::kIsIterationInvariantRate);
}

/// Puts what computes the products into the head of the report; call it before the benchmarks run.
inline void add_context() {
    benchmark::AddCustomContext("eigen",
                                std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
                                    std::to_string(EIGEN_MINOR_VERSION) + ", " + Eigen::SimdInstructionSetsInUse());
#ifdef MIDSTREAM_OPENBLAS
    openblas_set_num_threads(1);
    benchmark::AddCustomContext("openblas", openblas_get_config());
    benchmark::AddCustomContext("openblas_core (OPENBLAS_CORETYPE overrides)", openblas_get_corename());
#else
    benchmark::AddCustomContext("openblas", "not found");
#endif
}

/// What a benchmark program's main does once its benchmarks are registered.
inline int run(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    add_context();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}

}  // namespace midstream::bench
