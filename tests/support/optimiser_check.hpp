/// \file
/// What every optimiser must pass: the golden steps of tests/golden/optimisers.py, the same bits for any number of
/// threads, and a state that is all there is to save.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "midstream/core/random.hpp"
#include "midstream/io/safetensors.hpp"
#include "midstream/train/optimiser.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

namespace midstream::test {

/// The struct of tests/golden/optimisers.py.
template <class T>
struct SmallParameters {
    core::Matrix<T, 6, 4> tall;
    core::Matrix<T, 3, 5> wide;
    core::Vector<T, 5> vector;
    static void visit(auto& self, auto&& member) {
        member("tall", self.tall);
        member("wide", self.wide);
        member("vector", self.vector);
    }
};

/// Several matrices, enough numbers for several slices, an embedding and a vector.
template <class T>
struct LargeParameters {
    core::Matrix<T, 500, 40> embedding;
    std::array<core::Matrix<T, 24, 32>, 20> weights;
    core::Vector<T, 77> scale;
    core::Matrix<T, 64, 1> column;
    static void visit(auto& self, auto&& member) {
        member("embedding", self.embedding);
        member("weights", self.weights);
        member("scale", self.scale);
        member("column", self.column);
    }
};

/// Copies the numbers called `prefix` + path into `parameters`: those of one step, or all if `step` is negative.
inline void read_golden(const io::SafetensorsReader& file, const std::string& prefix,
                        SmallParameters<double>& parameters, int step) {
    core::visit(parameters, [&](std::string_view path, auto& leaf) {
        io::Shape shape;
        if (step >= 0) shape.push_back(io::any_extent);
        const auto view = core::map(leaf);
        if (view.rows() > 1) shape.push_back(static_cast<std::size_t>(view.rows()));
        shape.push_back(static_cast<std::size_t>(view.cols()));
        const auto values = file.get<double>(prefix + std::string(path), shape);
        const auto size = std::size(leaf.values);
        for (std::size_t i = 0; i < size; ++i)
            leaf.values[i] = values[static_cast<std::size_t>(std::max(step, 0)) * size + i];
    });
}

/// Ten steps from the golden start, compared with the golden parameters called `prefix` after every one.
template <class O>
void check_golden(const O& optimiser, const std::string& prefix) {
    using Parameters = SmallParameters<double>;
    static_assert(train::Optimiser<O, Parameters, double>);
    const io::SafetensorsReader file(MIDSTREAM_TEST_FOLDER "/golden/optimisers.safetensors");
    const auto rates = file.get<double>("rates", {10});
    Parameters parameters, gradient, expected;
    read_golden(file, "start.", parameters, -1);
    typename O::template State<Parameters, double> state;
    for (int step = 0; step < 10; ++step) {
        read_golden(file, "gradient.", gradient, step);
        read_golden(file, prefix, expected, step);
        optimiser.update(core::Serial{}, state, parameters, gradient, rates[static_cast<std::size_t>(step)]);
        const auto found = core::flat<double>(parameters), wanted = core::flat<double>(expected);
        for (std::size_t i = 0; i < found.size(); ++i)
            BOOST_TEST(std::abs(found[i] - wanted[i]) < 1e-9, prefix << " step " << step << ", number " << i << ": "
                                                                     << found[i] << " instead of " << wanted[i]);
    }
    BOOST_TEST(state.steps == 10u);
}

/// The parameters after a few steps on random gradients under a policy. The state is copied on the way by what `visit`
/// lists and `steps` alone, as saving and loading do.
template <class O, class Policy>
core::Box<LargeParameters<float>> run_steps(const O& optimiser, const Policy& policy, bool through_visit) {
    using Parameters = LargeParameters<float>;
    core::Random random(1);
    core::Box<Parameters> parameters, gradient;
    for (float& value : core::flat<float>(*parameters)) value = random.normal<float>();
    typename O::template State<Parameters, float> state;
    for (int step = 0; step < 4; ++step) {
        for (float& value : core::flat<float>(*gradient)) value = random.normal<float>();
        if (through_visit) {
            std::vector<std::vector<float>> saved;
            core::visit(state, [&](std::string_view, auto& leaf) {
                saved.emplace_back(std::begin(leaf.values), std::end(leaf.values));
            });
            decltype(state) loaded;
            loaded.steps = state.steps;
            std::size_t next = 0;
            core::visit(loaded, [&](std::string_view, auto& leaf) {
                std::copy(saved[next].begin(), saved[next].end(), leaf.values);
                ++next;
            });
            state = std::move(loaded);
        }
        optimiser.update(policy, state, *parameters, *gradient, 0.02);
    }
    return parameters;
}

/// After one update by `first`, the next by `second` is what `second` makes of that very state, saved and loaded:
/// nothing of `first` is left in it. (The two lead to different parameters, or the check would prove nothing.)
template <class O>
void check_changed_options(const O& first, const O& second) {
    using Parameters = LargeParameters<float>;
    using State = typename O::template State<Parameters, float>;
    core::Random random(1);
    core::Box<Parameters> start, gradient;
    for (float& value : core::flat<float>(*start)) value = random.normal<float>();
    for (float& value : core::flat<float>(*gradient)) value = random.normal<float>();
    const auto update = [&](const O& optimiser, State& state, core::Box<Parameters>& parameters) {
        optimiser.update(core::Serial{}, state, *parameters, *gradient, 0.02);
    };
    State kept;
    update(first, kept, start);
    State loaded;
    loaded.steps = kept.steps;
    loaded.first_moment = kept.first_moment;
    loaded.second_moment = kept.second_moment;
    State unchanged = kept;
    core::Box<Parameters> by_kept = start, by_loaded = start, by_unchanged = start;
    update(second, kept, by_kept);
    update(second, loaded, by_loaded);
    update(first, unchanged, by_unchanged);
    const auto a = core::flat<float>(*by_kept), b = core::flat<float>(*by_loaded), c = core::flat<float>(*by_unchanged);
    BOOST_TEST(std::equal(a.begin(), a.end(), b.begin()), "options of the first update are still in force");
    BOOST_TEST(!std::equal(a.begin(), a.end(), c.begin()));
}

template <class O>
void check_reproducible(const O& optimiser) {
    const auto expected = run_steps(optimiser, core::Serial{}, false);
    const auto same = [&](const auto& found, const std::string& how) {
        const auto a = core::flat<float>(*expected), b = core::flat<float>(*found);
        BOOST_TEST(std::equal(a.begin(), a.end(), b.begin(), b.end()), how << " gives other bits");
    };
    same(run_steps(optimiser, core::Serial{}, true), "a state saved and loaded");
#ifdef _OPENMP
    for (const int threads : {1, 2, 5})
        same(run_steps(optimiser, core::OpenMP{threads}, false), std::to_string(threads) + " threads");
#endif
}

}  // namespace midstream::test
