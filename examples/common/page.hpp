/// \file
/// A report as one HTML file that needs nothing else: text, tables, figures, checks. No scripts, prints well.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/colours.hpp"
#include "common/table.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/io/file.hpp"

namespace midstream::examples {

/// Text as it must be written in HTML and SVG.
inline std::string escaped(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\'':
                result += "&#39;";
                break;
            default:
                result += c;
        }
    }
    return result;
}

/// A claim that was checked.
struct Gate {
    std::string claim;     ///< what was to be shown
    std::string measured;  ///< what came out, with unit
    std::string required;  ///< what was asked for: ">= 0.6"
    bool passed = false;
    std::string chance = "-";  ///< what the same measure comes to without any skill, where there is such a thing
};

/// A drawing and what it shows.
struct Figure {
    std::string svg;      ///< an <svg> element; empty: a note that the drawing was not made
    std::string caption;  ///< plain text
};

/// Collects a report and writes it. All text is escaped; an empty line in a paragraph starts a new one.
class Page {
public:
    explicit Page(std::string title, std::string subtitle = {})
        : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

    Page& heading(std::string_view text) {
        body_ += fmt::format("<h2>{}</h2>\n", escaped(text));
        return *this;
    }

    Page& paragraph(std::string_view text) {
        std::string_view rest = text;
        while (!rest.empty()) {
            const auto end = std::min(rest.find("\n\n"), rest.size());
            if (end > 0) body_ += fmt::format("<p>{}</p>\n", escaped(rest.substr(0, end)));
            rest.remove_prefix(std::min(end + 2, rest.size()));
        }
        return *this;
    }

    Page& table(const Table& table, std::string_view caption = {}) {
        body_ += "<div class=\"scroll\"><table>";
        if (!caption.empty()) body_ += fmt::format("<caption>{}</caption>", escaped(caption));
        const auto row = [&](const std::vector<std::string>& cells, std::string_view tag) {
            body_ += "<tr>";
            for (std::size_t c = 0; c < cells.size(); ++c)
                body_ += fmt::format("<{0}{1}>{2}</{0}>", tag, is_numeric_column(table, c) ? " class=\"number\"" : "",
                                     escaped(cells[c]));
            body_ += "</tr>\n";
        };
        if (!table.header.empty()) {
            body_ += "<thead>";
            row(table.header, "th");
            body_ += "</thead>";
        }
        body_ += "<tbody>\n";
        for (const auto& cells : table.rows) row(cells, "td");
        body_ += "</tbody></table></div>\n";
        return *this;
    }

    /// A table of checks, the failed ones first in sight by colour and word; a line above counts them.
    Page& gates(const std::vector<Gate>& gates) {
        const auto passed = std::count_if(gates.begin(), gates.end(), [](const Gate& gate) { return gate.passed; });
        body_ += fmt::format("<p><b>{} of {} checks passed.</b></p>\n", passed, gates.size());
        body_ +=
            "<div class=\"scroll\"><table><thead><tr><th>Check</th><th class=\"number\">Measured</th>"
            "<th class=\"number\">By chance</th><th "
            "class=\"number\">Required</th><th>Result</th></tr></thead><tbody>\n";
        for (const Gate& gate : gates)
            body_ += fmt::format(
                "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td "
                "class=\"number\">{}</td><td "
                "class=\"{}\">{}</td></tr>\n",
                escaped(gate.claim), escaped(gate.measured), escaped(gate.chance), escaped(gate.required),
                gate.passed ? "passed" : "failed", gate.passed ? "✓ passed" : "✗ failed");
        body_ += "</tbody></table></div>\n";
        return *this;
    }

    /// One drawing over the whole width.
    Page& figure(std::string_view svg, std::string_view caption) {
        return figures({{std::string(svg), std::string(caption)}});
    }

    /// Drawings side by side, as many in a row as are readable.
    Page& figures(const std::vector<Figure>& figures) {
        body_ += figures.size() > 1 ? "<div class=\"row\">\n" : "";
        for (const Figure& figure : figures)
            body_ += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                                 figure.svg.empty() ? "<p class=\"missing\">(not drawn: gnuplot is not installed, or "
                                                      "had nothing to draw; the numbers are in the CSV files)</p>"
                                                    : figure.svg,
                                 escaped(figure.caption));
        body_ += figures.size() > 1 ? "</div>\n" : "";
        return *this;
    }

    /// The whole document.
    std::string html() const {
        return fmt::format(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, "
            "initial-scale=1\">\n<title>{0}</title>\n<style>{1}</style>\n</head><body>\n"
            "<header><h1>{0}</h1>{2}</header>\n{3}</body></html>\n",
            escaped(title_), style,
            subtitle_.empty() ? std::string() : fmt::format("<p class=\"subtitle\">{}</p>", escaped(subtitle_)), body_);
    }

    /// Writes the document, making folders as needed.
    void write(const std::filesystem::path& path) const {
        if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
        io::replace_file(path, html());
    }

private:
    static constexpr std::string_view style = R"(
:root { color-scheme: light; }
body { max-width: 52rem; margin: 2.5rem auto; padding: 0 1.2rem; background: #fff; color: #1c1c1c;
       font: 16px/1.55 "Helvetica Neue", Helvetica, Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-top: .7rem; border-top: 1px solid #ddd; }
.subtitle { color: #555; margin: 0; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .93rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #555; padding-bottom: .4rem; }
th, td { padding: .32rem .9rem .32rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #e6e6e6; }
th { border-bottom: 1.5px solid #888; font-weight: 600; }
.number { text-align: right; }
.passed { color: #00674b; white-space: nowrap; font-weight: 600; }
.failed { color: #b03a00; white-space: nowrap; font-weight: 600; background: #fdf0e8; }
figure { margin: 1.4rem 0; }
figure svg { width: 100%; height: auto; max-width: 44rem; display: block; }
figcaption { font-size: .88rem; color: #444; max-width: 44rem; margin-top: .4rem; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 0 1.4rem; }
.row figure svg, .row figcaption { max-width: 24rem; }
.missing { color: #777; font-style: italic; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } figure, tr { break-inside: avoid; } h2 { break-after: avoid; } }
)";

    std::string title_, subtitle_, body_;
};

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
