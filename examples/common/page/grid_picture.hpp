/// \file
/// A grid world seen from above, and the way of an agent through it, as SVG.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "common/page/colours.hpp"
#include "common/page/escaped.hpp"
#include "midstream/core/contract.hpp"

namespace midstream::examples {

/// A grid world with the way an agent took through it. Cells are numbered row by row from the top left.
struct GridPicture {
    int rows = 0, columns = 0;
    /// A coloured cell and what is written in it.
    struct Cell {
        int cell;
        int colour;  ///< index into the palette
        std::string label;
    };
    std::vector<Cell> cells = {};
    std::vector<int> walls = {};
    std::vector<int> path = {};        ///< the agent's cell at each step; the first is marked as the start
    std::vector<int> categories = {};  ///< optional, per step: the palette index of the move that leaves it; -1: grey
    std::vector<double> values = {};   ///< or, per step: a value in [0, 1] that colours this move
    /// In place of a path of cells, where the agent is at each step: columns from the left edge and rows from the top.
    std::vector<std::array<double, 2>> places = {};
};

/// Draws the picture as an <svg> element. The path is one line per stretch of equal category, moved a little aside
/// from stretch to stretch so that ways taken twice stay visible; a dot marks where each stretch begins.
inline std::string grid_picture(const GridPicture& picture) {
    constexpr double size = 40, margin = 2;
    const int cells = picture.rows * picture.columns;
    core::require(picture.rows > 0 && picture.columns > 0, "a grid picture needs at least one row and one column");
    const auto check = [&](int cell, std::string_view name) { core::require_range(cell, 0, cells - 1, name); };
    const bool free = !picture.places.empty();  // not from cell to cell
    const std::size_t length = free ? picture.places.size() : picture.path.size();
    core::require(picture.categories.empty() || picture.categories.size() == length, [&] {
        return "the path has " + std::to_string(length) + " steps and " + std::to_string(picture.categories.size()) +
               " categories; they must be as many";
    });
    core::require(picture.values.empty() || picture.values.size() == length, [&] {
        return "the path has " + std::to_string(length) + " steps and " + std::to_string(picture.values.size()) +
               " values; they must be as many";
    });
    const auto left = [&](int cell) { return margin + size * (cell % picture.columns); };
    const auto top = [&](int cell) { return margin + size * (cell / picture.columns); };

    const double width = size * picture.columns + 2 * margin, height = size * picture.rows + 2 * margin;
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"Helvetica, Arial, sans-serif\" "
        "role=\"img\">\n"
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#fff\"/>\n",
        width, height, margin, margin, size * picture.columns, size * picture.rows);
    for (const auto& cell : picture.cells) {
        check(cell.cell, "a coloured cell");
        svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" fill-opacity=\"0.35\"/>\n",
                           left(cell.cell), top(cell.cell), size, size, category_colour(cell.colour));
    }
    for (const int wall : picture.walls) {
        check(wall, "a wall");
        svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#4a4a4a\"/>\n", left(wall),
                           top(wall), size, size);
    }
    for (int i = 0; i <= picture.columns; ++i)
        svg += fmt::format("<path d=\"M{0} {1}V{2}\" stroke=\"#cfcfcf\"/>", margin + size * i, margin, height - margin);
    for (int i = 0; i <= picture.rows; ++i)
        svg += fmt::format("<path d=\"M{1} {0}H{2}\" stroke=\"#cfcfcf\"/>", margin + size * i, margin, width - margin);
    svg += "\n";

    // Stretches of equal category take one of seven lanes around the middle of the cells, in turn.
    const int steps = static_cast<int>(length);
    const auto category = [&](int step) {
        return picture.categories.empty() ? 0 : picture.categories[static_cast<std::size_t>(step)];
    };
    const auto at = [&](int step) { return picture.path[static_cast<std::size_t>(step)]; };
    const auto place = [&](int step, std::size_t axis) {
        return margin + size * picture.places[static_cast<std::size_t>(step)][axis];
    };
    const auto x_of = [&](int step, double lane) { return free ? place(step, 0) : left(at(step)) + size / 2 + lane; };
    const auto y_of = [&](int step, double lane) { return free ? place(step, 1) : top(at(step)) + size / 2 + lane; };
    for (int step = 0; step < steps && !free; ++step) check(at(step), "a cell of the path");
    int stretch = 0;
    std::string lines, dots;
    for (int first = 0; first + 1 < steps; ++stretch) {
        static constexpr double lanes[7] = {0, 4.5, -4.5, 9, -9, 2.2, -2.2};
        const double lane = lanes[stretch % 7];
        int last = first + 1;  // the stretch covers the moves from `first` up to `last`
        while (last + 1 < steps && category(last) == category(first)) ++last;
        std::string points;
        for (int step = first; step <= last; ++step)
            points += fmt::format("{:.1f},{:.1f} ", x_of(step, lane), y_of(step, lane));
        lines += fmt::format(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#fff\" stroke-width=\"5\" stroke-linejoin=\"round\"/>\n",
            points);
        if (picture.values.empty()) {
            lines += fmt::format(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2.6\" "
                "stroke-linejoin=\"round\"/>\n",
                points, category_colour(category(first)));
        } else {
            for (int step = first; step < last; ++step)
                lines += fmt::format(
                    "<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"{}\" stroke-width=\"2.6\" "
                    "stroke-linecap=\"round\"/>\n",
                    x_of(step, lane), y_of(step, lane), x_of(step + 1, lane), y_of(step + 1, lane),
                    value_colour(picture.values[static_cast<std::size_t>(step)]));
        }
        const bool start = first == 0;
        dots += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>\n",
            x_of(first, lane), y_of(first, lane), start ? 6 : 3.4, start ? "#fff" : category_colour(category(first)),
            start ? "#111" : "#fff", start ? 2.4 : 1);
        first = last;
    }
    if (steps == 1)
        dots += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\" fill=\"#fff\" stroke=\"#111\" stroke-width=\"2.4\"/>\n",
            x_of(0, 0), y_of(0, 0));
    svg += lines + dots;
    // Labels last and in a corner, so that no path hides them.
    for (const auto& cell : picture.cells)
        svg += fmt::format(
            "<text x=\"{}\" y=\"{}\" font-size=\"13\" font-weight=\"bold\" fill=\"#111\" stroke=\"#fff\" "
            "stroke-width=\"2.5\" paint-order=\"stroke\">{}</text>\n",
            left(cell.cell) + 4, top(cell.cell) + 14, escaped(cell.label));
    return svg + "</svg>";
}

}  // namespace midstream::examples
