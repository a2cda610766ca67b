/// \file
/// Figures by gnuplot. A figure called `stem` is three files: stem.csv holds its numbers, stem.gnuplot how they are
/// drawn, stem.svg the drawing. Without gnuplot the first two stay, for use elsewhere.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "common/page/process.hpp"
#include "common/show.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/io/file.hpp"

namespace midstream::examples {

namespace detail {

/// A gnuplot string: single quotes, those inside doubled, no line breaks.
inline std::string in_quotes(std::string_view text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c == '\n' ? ' ' : c);
    return result + "'";
}

/// A CSV field, quoted where it must be.
inline std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\n") == std::string_view::npos) return std::string(text);
    std::string result = "\"";
    for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + "\"";
}

inline std::filesystem::path with_ending(const std::filesystem::path& stem, std::string_view ending) {
    return std::filesystem::path(stem.string() + std::string(ending));
}

inline void write_text(const std::filesystem::path& path, std::string_view text) {
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
    io::replace_file(path, text);
}

/// "[low:high]", an end that is NaN left to gnuplot.
inline std::string range(double low, double high) {
    const auto end = [](double value) { return core::is_nan(value) ? std::string("*") : fmt::format("{}", value); };
    return "[" + end(low) + ":" + end(high) + "]";
}

/// What all figures share: 640 x 360 units, ink only for data, light horizontal grid, key above.
inline std::string style(const std::filesystem::path& stem, int height = 360, int width = 640) {
    // Names inside the drawing, which must differ between the figures of a page, allow no other characters.
    std::string name = stem.filename().string();
    for (char& c : name)
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z')) c = '_';
    return fmt::format(
        "set terminal svg size {},{} dynamic noenhanced font 'sans-serif,14' linewidth 1 background '#ffffff' name "
        "'{}'\n"
        "set output {}\n"
        "set datafile separator ','\n"
        "set datafile missing 'nan'\n"
        "set encoding utf8\n"
        "set border 3 linecolor '#808080' linewidth 1\n"
        "set tics nomirror out scale 0.5 textcolor '#333333'\n"
        "set grid ytics back linetype 1 linecolor '#e4e4e4' linewidth 1\n"
        "set key above left horizontal Left reverse samplen 1.5 spacing 1.1 width 1 textcolor '#222222'\n"
        "set style fill solid 1.0 noborder\n",
        width, height, name, in_quotes(with_ending(stem, ".svg").string()));
}

/// Runs the script and reads the drawing back; empty, with one message, where there is no gnuplot or it fails. One that
/// hangs is given `seconds`, and not started again.
inline std::string draw(const std::filesystem::path& stem, const std::string& script, double seconds = 30) {
    const auto script_path = with_ending(stem, ".gnuplot"), svg_path = with_ending(stem, ".svg");
    write_text(script_path, script);
    std::error_code ignored;
    std::filesystem::remove(svg_path, ignored);
    static bool given_up = false;
    if (given_up) return {};
    const Ending ending = run_on("gnuplot", script_path, seconds);
    given_up = ending == Ending::not_started || ending == Ending::too_late;
    if (ending == Ending::not_started)
        show(stderr, "gnuplot is not installed: figures stay as .csv and .gnuplot files\n");
    if (ending == Ending::too_late)
        show(stderr,
             fmt::format("gnuplot did not end within {} s: figures stay as .csv and .gnuplot files\n", seconds));
    if (ending == Ending::badly) show(stderr, "gnuplot failed on " + script_path.string() + "\n");
    if (ending != Ending::well) return {};
    const std::string svg = io::exists(svg_path) ? io::read_file(svg_path) : std::string();
    const auto begin = svg.find("<svg"), end = svg.rfind("</svg>");
    if (begin != std::string::npos && end != std::string::npos && begin < end) return svg.substr(begin);
    show(stderr, "gnuplot wrote no drawing to " + svg_path.string() + "\n");
    return {};
}

}  // namespace detail

}  // namespace midstream::examples
