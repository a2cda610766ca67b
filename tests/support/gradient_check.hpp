/// \file
/// The one generic gradient checker: every differentiable piece is compared with central differences in double.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <span>
#include <string>

#include "midstream/core/random.hpp"

namespace midstream::test {

/// Compares `gradient` with central differences of `loss()` in `values` at up to `samples` entries drawn at random
/// (all, if there are no more). `loss` must read `values` afresh at every call.
template <class Loss>
void check_gradient(const std::string& name, std::span<double> values, std::span<const double> gradient, Loss&& loss,
                    int samples = 400, double step = 1e-5, double tolerance = 1e-6) {
    BOOST_REQUIRE_EQUAL(values.size(), gradient.size());
    core::Random random(12345);
    double worst = 0, largest = 0;
    std::size_t worst_index = 0;
    const bool all = values.size() <= static_cast<std::size_t>(samples);
    const int checks = all ? static_cast<int>(values.size()) : samples;
    for (int check = 0; check < checks; ++check) {
        const auto i = static_cast<std::size_t>(all ? check : random.below(static_cast<int>(values.size())));
        const double saved = values[i];
        values[i] = saved + step;
        const double above = loss();
        values[i] = saved - step;
        const double below = loss();
        values[i] = saved;
        const double numeric = (above - below) / (2 * step);
        largest = std::max(largest, std::abs(numeric));
        const double error =
            std::abs(numeric - gradient[i]) / std::max({1.0, std::abs(numeric), std::abs(gradient[i])});
        if (!(error <= worst)) {
            worst = error;
            worst_index = i;
        }
    }
    BOOST_TEST(worst <= tolerance, name << ": entry " << worst_index << " of " << values.size() << " has gradient "
                                        << gradient[worst_index] << ", off by " << worst);
    BOOST_TEST(largest > 0.0, name << ": every sampled gradient is zero, so the check proves nothing");
}

inline void fill_normal(std::span<double> values, core::Random& random, double deviation = 1) {
    for (double& value : values) value = deviation * random.normal();
}

}  // namespace midstream::test
