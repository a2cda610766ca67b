/// \file
/// Golden files: numbers that tests/golden/*.py computed with PyTorch in double.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "midstream/core/parameters.hpp"
#include "midstream/core/sequences.hpp"
#include "midstream/io/safetensors.hpp"
#include "midstream/layer/layer.hpp"

namespace midstream::test {

struct Golden {
    io::SafetensorsReader file;
    std::vector<int> offsets;  ///< of the packed sequences, as all matrices of rows in the file have them

    explicit Golden(const std::string& name)
        : file(std::string(MIDSTREAM_TEST_FOLDER "/golden/") + name + ".safetensors") {
        const auto found = file.get<int>("offsets", {io::any_extent});
        offsets.assign(found.begin(), found.end());
    }
    core::Sequences sequences() const { return {offsets}; }

    /// A matrix of rows.
    template <class T, int Width>
    core::Rows<const T, Width> rows(const std::string& name) const {
        const auto count = static_cast<std::size_t>(offsets.back());
        return {file.get<T>(name, {count, std::size_t{Width}}).data(), offsets.back()};
    }

    /// Calls `use(path, leaf, numbers)` for every leaf of `parameters` with the numbers called `prefix` + path.
    template <class P, class Use>
    void for_each_leaf(const std::string& prefix, P& parameters, Use&& use) const {
        core::visit(parameters, [&]<class Leaf>(std::string_view path, Leaf& leaf) {
            if constexpr (!core::is_trained<std::remove_const_t<Leaf>>) return;  // PyTorch's model has none
            io::Shape expected;
            if constexpr (requires { Leaf::columns; })
                expected = {std::size_t{Leaf::rows}, std::size_t{Leaf::columns}};
            else
                expected = {std::size_t{Leaf::size}};
            const std::string name = prefix + std::string(path);
            use(name, leaf, file.get<double>(name, expected));
        });
    }
    /// Reads the parameters called `prefix` + path.
    template <class P>
    void read(const std::string& prefix, P& parameters) const {
        for_each_leaf(prefix, parameters, [](const std::string&, auto& leaf, std::span<const double> values) {
            std::copy(values.begin(), values.end(), leaf.values);
        });
    }
    /// Compares parameters, or gradients, with those called `prefix` + path.
    template <class P>
    void check(const std::string& prefix, const P& parameters, double tolerance = 1e-9) const {
        for_each_leaf(prefix, parameters,
                      [&](const std::string& name, const auto& leaf, std::span<const double> values) {
                          check_numbers(name, std::span<const double>(leaf.values), values, tolerance);
                      });
    }
    /// Compares a matrix of rows with the one of that name.
    template <int Width>
    void check(const std::string& name, core::Rows<const double, Width> found, double tolerance = 1e-9) const {
        check_numbers(name, found.flat(), rows<double, Width>(name).flat(), tolerance);
    }
    /// Compares number by number, relatively where numbers are greater than one.
    static void check_numbers(const std::string& name, std::span<const double> found, std::span<const double> expected,
                              double tolerance) {
        BOOST_REQUIRE_EQUAL(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i)
            BOOST_TEST(std::abs(found[i] - expected[i]) <= tolerance * std::max(1.0, std::abs(expected[i])),
                       name << ", number " << i << ": " << found[i] << " instead of " << expected[i]);
    }
};

/// Output and all gradients of a layer, from its case in layers.safetensors.
template <class L>
void check_golden_layer(const std::string& name) {
    const Golden golden("layers");
    const core::Sequences sequences = golden.sequences();
    const auto x = golden.rows<double, L::input_width>(name + ".input");
    const auto weights = golden.rows<double, L::output_width>(name + ".weights");
    core::Box<typename L::template Parameters<double>> parameters, gradient;
    golden.read(name + ".parameter.", *parameters);
    core::Buffer<double, L::input_width> dx;
    core::Buffer<double, L::output_width> y;
    typename L::template Tape<double> tape;
    L::forward(*parameters, sequences, x, y.resize(x.count), tape);
    L::backward(*parameters, sequences, x, tape, weights, dx.zeros(x.count), *gradient);
    golden.check<L::output_width>(name + ".output", y.view());
    golden.check<L::input_width>(name + ".input_gradient", dx.view());
    golden.check(name + ".gradient.", *gradient);
}

}  // namespace midstream::test
