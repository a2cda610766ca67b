/// \file
/// Where to cut numbers in two.
#pragma once

#include <algorithm>
#include <vector>

namespace midstream::train {

/// Splits numbers in two classes such that the variance within them is least, and returns what lies midway between the
/// means of these. `values` are sorted.
inline double two_class_threshold(std::vector<float>& values) {
    std::sort(values.begin(), values.end());
    const auto count = static_cast<double>(values.size());
    double total = 0;
    for (const float value : values) total += value;
    double below = 0, most = 0, threshold = values.empty() ? 0 : values.back();
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
        below += values[i];
        const double lower = static_cast<double>(i) + 1, upper = count - lower;
        const double gap = (total - below) / upper - below / lower, between = lower * upper * gap * gap;
        if (between <= most) continue;
        most = between;
        threshold = below / lower + gap / 2;
    }
    return threshold;
}

}  // namespace midstream::train
