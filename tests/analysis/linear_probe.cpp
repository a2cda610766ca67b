// A probe reads the softmax of a linear map.
#include "midstream/analysis/linear_probe.hpp"

#include <boost/test/unit_test.hpp>

using namespace midstream;

BOOST_AUTO_TEST_CASE(softmax_of_a_linear_map) {
    analysis::LinearProbe<2, 3> probe{};
    const float weight[] = {1, 0, -1, 0, 2, 0}, bias[] = {0, 0.5f, 0};
    std::copy(std::begin(weight), std::end(weight), probe.map.weight.values);
    std::copy(std::begin(bias), std::end(bias), probe.map.bias.values);
    const float row[] = {0.5f, -1};
    const double logits[] = {0.5, -1.5, -0.5};
    double sum = 0;
    for (const double logit : logits) sum += std::exp(logit);
    const auto belief = probe.read(row);
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(std::abs(belief[i] - std::exp(logits[i]) / sum) < 1e-6);
    const float large[] = {1e4f, -1e4f};
    BOOST_TEST(probe.read(large)[0] == 1);
}
