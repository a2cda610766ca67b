/// \file
/// A report as one HTML file that needs nothing else: text, tables, figures, checks. No scripts, prints well.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/page/escaped.hpp"
#include "common/page/style.hpp"
#include "common/page/table.hpp"
#include "midstream/io/file.hpp"

namespace midstream::examples {

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

    /// What a reader has to know before anything else.
    Page& warnings(std::string_view title, const std::vector<std::string>& texts) {
        body_ += fmt::format("<p><b>{}</b></p>\n<ul class=\"warnings\">\n", escaped(title));
        for (const auto& text : texts) body_ += fmt::format("<li>{}</li>\n", escaped(text));
        body_ += "</ul>\n";
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
            escaped(title_), detail::style_sheet,
            subtitle_.empty() ? std::string() : fmt::format("<p class=\"subtitle\">{}</p>", escaped(subtitle_)), body_);
    }

    /// Writes the document, making folders as needed.
    void write(const std::filesystem::path& path) const {
        if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
        io::replace_file(path, html());
    }

private:
    std::string title_, subtitle_, body_;
};

}  // namespace midstream::examples
