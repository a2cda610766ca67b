/// \file
/// The time of bare matrix products: the bound against which benchmarks of layers and training steps report how much of
/// their time is not products. Everything on one thread, in float.
///
/// OpenBLAS picks its kernels by the processor it believes to run on and is often wrong on virtual machines, where it
/// may fall back to kernels several times slower. `add_context` puts its choice in the benchmark's head; set the
/// environment variable OPENBLAS_CORETYPE (Haswell, SkylakeX, Zen, ...) to correct it.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "midstream/core/random.hpp"
#include "midstream/core/tensor.hpp"
#ifdef MIDSTREAM_OPENBLAS
#include <cblas.h>
#endif

namespace midstream::bench {

/// The three products of a map from `inputs` to `outputs` numbers over `rows` rows.
enum class Product {
    forward,         ///< y = x W
    input_gradient,  ///< dx = dy W^T
    weight_gradient  ///< dW = x^T dy
};
inline constexpr Product products[] = {Product::forward, Product::input_gradient, Product::weight_gradient};

inline std::string name(Product product) {
    switch (product) {
        case Product::forward: return "forward";
        case Product::input_gradient: return "dX";
        default: return "dW";
    }
}

/// A product's shape: (m x k) by (k x n).
struct Shape {
    int m, k, n;
    double operations() const { return 2.0 * m * k * n; }
};

/// The shape of one of the three products of a linear map.
constexpr Shape shape_of(Product product, int rows, int inputs, int outputs) {
    switch (product) {
        case Product::forward: return {rows, inputs, outputs};
        case Product::input_gradient: return {rows, outputs, inputs};
        default: return {inputs, rows, outputs};
    }
}

/// Random operands of a linear map's products, and room for their results.
template <int Inputs, int Outputs>
struct Operands {
    core::Buffer<float, Inputs> x, dx;
    core::Buffer<float, Outputs> y, dy, weight, dweight;

    explicit Operands(int rows) {
        core::Random random(1);
        const auto fill = [&](auto view) {
            for (float& value : view.flat()) value = random.uniform<float>() - 0.5f;
        };
        fill(x.resize(rows));
        fill(dy.resize(rows));
        fill(weight.resize(Inputs));
        y.zeros(rows);
        dx.zeros(rows);
        dweight.zeros(Inputs);
    }

    /// By Eigen on maps of fixed columns, as layers do it.
    void eigen(Product product) {
        using Weight = core::EigenMap<const float, Inputs, Outputs>;
        const Weight w(weight.values.data());
        switch (product) {
            case Product::forward: core::map(y.view()).noalias() = core::map(x.view()) * w; break;
            case Product::input_gradient: core::map(dx.view()).noalias() = core::map(dy.view()) * w.transpose(); break;
            case Product::weight_gradient:
                core::EigenMap<float, Inputs, Outputs>(dweight.values.data()).noalias() =
                    core::map(x.view()).transpose() * core::map(dy.view());
        }
    }
#ifdef MIDSTREAM_OPENBLAS
    /// By OpenBLAS.
    void openblas(Product product) {
        const int rows = x.count;
        const auto sgemm = [](CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, Shape s, const float* a, const float* b, float* c) {
            cblas_sgemm(CblasRowMajor, ta, tb, s.m, s.n, s.k, 1.f, a, ta == CblasTrans ? s.m : s.k, b,
                        tb == CblasTrans ? s.k : s.n, 0.f, c, s.n);
        };
        const Shape shape = shape_of(product, rows, Inputs, Outputs);
        switch (product) {
            case Product::forward:
                sgemm(CblasNoTrans, CblasNoTrans, shape, x.values.data(), weight.values.data(), y.values.data());
                break;
            case Product::input_gradient:
                sgemm(CblasNoTrans, CblasTrans, shape, dy.values.data(), weight.values.data(), dx.values.data());
                break;
            case Product::weight_gradient:
                sgemm(CblasTrans, CblasNoTrans, shape, x.values.data(), dy.values.data(), dweight.values.data());
        }
    }
#endif
};

/// Seconds of one call of `work`: the best of `trials` means over about `duration` seconds each.
template <class Work>
double seconds(Work&& work, double duration = 0.02, int trials = 5) {
    using Clock = std::chrono::steady_clock;
    const auto time = [&](int calls) {
        const auto start = Clock::now();
        for (int i = 0; i < calls; ++i) work();
        benchmark::ClobberMemory();
        return std::chrono::duration<double>(Clock::now() - start).count() / calls;
    };
    time(1);  // caches and pages
    const int calls = static_cast<int>(std::clamp(duration / time(3), 1.0, 1e6));
    double best = std::numeric_limits<double>::infinity();
    for (int trial = 0; trial < trials; ++trial) best = std::min(best, time(calls));
    return best;
}

/// Seconds of the products with Eigen: by default all three that training a linear map takes.
template <int Inputs, int Outputs>
double eigen_seconds(int rows, std::span<const Product> which = products) {
    Operands<Inputs, Outputs> operands(rows);
    double sum = 0;
    for (const Product product : which) sum += seconds([&] { operands.eigen(product); });
    return sum;
}

/// As eigen_seconds, with OpenBLAS; 0 without it.
template <int Inputs, int Outputs>
double openblas_seconds([[maybe_unused]] int rows, [[maybe_unused]] std::span<const Product> which = products) {
    double sum = 0;
#ifdef MIDSTREAM_OPENBLAS
    openblas_set_num_threads(1);
    Operands<Inputs, Outputs> operands(rows);
    for (const Product product : which) sum += seconds([&] { operands.openblas(product); });
#endif
    return sum;
}

/// Puts what computes the products into the head of the report; call it before the benchmarks run.
inline void add_context() {
    benchmark::AddCustomContext("eigen", std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
                                             std::to_string(EIGEN_MINOR_VERSION) + ", " + Eigen::SimdInstructionSetsInUse());
#ifdef MIDSTREAM_OPENBLAS
    openblas_set_num_threads(1);
    benchmark::AddCustomContext("openblas", openblas_get_config());
    benchmark::AddCustomContext("openblas_core (OPENBLAS_CORETYPE overrides)", openblas_get_corename());
#else
    benchmark::AddCustomContext("openblas", "not found");
#endif
}

}  // namespace midstream::bench
