/// \file
/// The colours of all figures: Okabe and Ito's palette, told apart under every common colour blindness, in an order
/// that keeps neighbours far apart. Yellow comes last: on white it needs an outline.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include "midstream/core/finite.hpp"

namespace midstream::examples {

inline constexpr std::array<std::string_view, 8> palette{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                         "#e69f00", "#56b4e9", "#6b6b6b", "#d6c400"};

/// The colour of a category; beyond the eighth they repeat. A negative category is "none": a neutral grey.
inline std::string_view category_colour(int category) {
    return category < 0 ? std::string_view("#9a9a9a") : palette[static_cast<std::size_t>(category) % palette.size()];
}

/// A colour on a scale from dark blue (0) over green to yellow (1), as lightness rises: it also reads in grey.
inline std::string value_colour(double value) {
    // Five points of the viridis colour map.
    static constexpr double points[5][3] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};
    const double position = 4 * std::clamp(core::is_finite(value) ? value : 0.0, 0.0, 1.0);
    const int below = std::min(3, static_cast<int>(position));
    const double fraction = position - below;
    const auto channel = [&](int c) {
        return static_cast<int>(std::lround((1 - fraction) * points[below][c] + fraction * points[below + 1][c]));
    };
    return fmt::format("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2));
}

}  // namespace midstream::examples
