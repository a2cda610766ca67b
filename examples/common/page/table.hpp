/// \file
/// Tables of text, for the terminal and (see page.hpp) for a web page.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "common/show.hpp"

namespace midstream::examples {

/// A table whose cells are already formatted. Columns of numbers are set flush right, others flush left.
struct Table {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows = {};
};

/// Whether a cell reads as a number, perhaps with a unit or an error: it begins with a digit after any sign or point.
inline bool is_numeric(std::string_view cell) {
    const auto first = cell.find_first_not_of("+-.<>~ ");
    return first == std::string_view::npos || (cell[first] >= '0' && cell[first] <= '9');
}

/// Whether every cell of a column is a number (or empty, or a dash) and one is not empty.
inline bool is_numeric_column(const Table& table, std::size_t column) {
    bool any = false;
    for (const auto& row : table.rows) {
        if (column >= row.size() || row[column].empty()) continue;
        if (!is_numeric(row[column])) return false;
        any = true;
    }
    return any;
}

/// The table as lines of text, a rule below the header.
inline std::string text(const Table& table) {
    // Characters, not bytes: continuation bytes of UTF-8 take no place.
    const auto width_of = [](const std::string& cell) {
        return static_cast<int>(std::count_if(cell.begin(), cell.end(), [](char c) { return (c & 0xC0) != 0x80; }));
    };
    std::size_t columns = table.header.size();
    for (const auto& row : table.rows) columns = std::max(columns, row.size());
    std::vector<int> widths(columns, 0);
    const auto widen = [&](const std::vector<std::string>& row) {
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
    };
    widen(table.header);
    for (const auto& row : table.rows) widen(row);

    std::string result;
    const auto add = [&](const std::vector<std::string>& row) {
        std::string line;
        for (std::size_t c = 0; c < columns; ++c) {
            const std::string cell = c < row.size() ? row[c] : std::string();
            const std::string padding(static_cast<std::size_t>(widths[c] - width_of(cell)), ' ');
            line += (c > 0 ? "  " : "") + (is_numeric_column(table, c) ? padding + cell : cell + padding);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        result += line + "\n";
    };
    if (!table.header.empty()) {
        add(table.header);
        for (std::size_t c = 0; c < columns; ++c)
            result += (c > 0 ? "  " : "") + std::string(static_cast<std::size_t>(widths[c]), '-');
        result += "\n";
    }
    for (const auto& row : table.rows) add(row);
    return result;
}

/// Prints the table to `stream`; if that cannot be done, stderr is told, and the program goes on.
inline void print(const Table& table, std::FILE* stream = stdout) {
    if (!show(stream, text(table))) show(stderr, "a table could not be printed\n");
}

}  // namespace midstream::examples
