/// \file
/// Figure A2: success of supervised controllers by layer, for models that were pretrained in different ways.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>

#include "common/figures/by_layer.hpp"

namespace midstream::examples {

/// Adds the figure to the page, a drawing for each variant that was swept over options of pretraining; what is missing
/// for it is an Error. `stem` is where the drawings go.
inline void steering_by_layer(const Sweep& sweep, const std::filesystem::path& stem, Page& page) {
    static constexpr ByLayer success{.stage = "steer",
                                     .column = "success",
                                     .swept = "pretrain.",
                                     .wanted = "an option of pretraining",
                                     .y_low = 0,
                                     .y_high = 1};
    const auto [figures, table] = draw_by_layer(sweep, success, stem);
    page.heading("Figure A2: supervised controllers by layer");
    for (std::size_t i = 0; i < figures.size(); i += 2)  // as two in a row are readable
        page.figures({figures.begin() + static_cast<std::ptrdiff_t>(i),
                      figures.begin() + static_cast<std::ptrdiff_t>(std::min(i + 2, figures.size()))});
    page.paragraph(
        "Success on the unseen task of supervised controllers, told the true subgoal, at each layer of models that "
        "were pretrained in different ways: the median over seeds, and in the shade from the lower to the upper "
        "quartile.");
    page.table(table, "The layer that is best by the median.");
    page.paragraph(sweep.made_of());
}

}  // namespace midstream::examples
