/// \file
/// Figure A1: how often linear probes read the subgoal from each layer, by the steps of pretraining.
#pragma once

#include <filesystem>

#include "common/figures/by_layer.hpp"

namespace midstream::examples {

/// Adds the figure to the page, a line for each number of steps; what is missing for it is an Error. `stem` is where
/// the drawings go.
inline void probes_by_layer(const Sweep& sweep, const std::filesystem::path& stem, Page& page) {
    static constexpr ByLayer accuracy{.stage = "probe",
                                      .column = "accuracy",
                                      .swept = "pretrain.steps",
                                      .wanted = "pretrain.steps",
                                      .width = 640,
                                      .height = 360};
    const auto [figures, table] = draw_by_layer(sweep, accuracy, stem);
    page.heading("Figure A1: beliefs by layer and steps of pretraining");
    for (const Figure& figure : figures) page.figure(figure.svg, figure.caption);
    page.paragraph(
        "Share of the steps of held-out episodes at which a linear probe of a layer is right about the current "
        "subgoal, for models that were pretrained for so many steps, each in a run of its own: the median over "
        "seeds, and in the shade from the lower to the upper quartile. The axis need not begin at 0.");
    page.table(table, "The layer that is best by the median.");
    page.paragraph(sweep.made_of());
}

}  // namespace midstream::examples
