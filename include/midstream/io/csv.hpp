/// \file
/// Metrics as CSV: a header of column names and rows of numbers, each in the file as soon as it is written. The first
/// column is the step, by which a resumed run takes up the table where its checkpoint stands.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <vector>

#include "midstream/core/text.hpp"
#include "midstream/io/file.hpp"

namespace midstream::io {

/// A table read back: columns[i] holds the numbers below names[i].
struct Table {
    std::vector<std::string> names;            ///< of the columns, from left to right
    std::vector<std::vector<double>> columns;  ///< by column, then by row; NaN for unknown

    /// The column of that name.
    const std::vector<double>& column(std::string_view name) const {
        const auto found = std::find(names.begin(), names.end(), name);
        core::require(found != names.end(), [&] { return "the table has no column " + core::quoted(name); });
        return columns[static_cast<std::size_t>(found - names.begin())];
    }
};

namespace detail {

/// Calls field(text, index) for every field of a line and gives their number.
template <class Field>
std::size_t split(std::string_view line, Field&& field) {
    for (std::size_t index = 0;; ++index) {
        const std::size_t end = line.find(',');
        field(line.substr(0, end), index);
        if (end == std::string_view::npos) return index + 1;
        line.remove_prefix(end + 1);
    }
}

/// The name that occurs twice, if one does.
inline std::optional<std::string> repeated(const std::vector<std::string>& names) {
    std::set<std::string_view> seen;
    for (const std::string& name : names)
        if (!seen.insert(name).second) return name;
    return {};
}

}  // namespace detail

/// Reads a table of numbers from `text`, which errors call the file `path`. A last line without its end, as a crash
/// leaves it, is not part of it.
inline Table parse_csv(const std::filesystem::path& path, std::string_view text) {
    Table table;
    std::string_view rest(text);
    for (int line_number = 1;; ++line_number) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) break;
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        if (line_number == 1) {
            detail::split(line, [&](std::string_view name, std::size_t) { table.names.emplace_back(name); });
            table.columns.resize(table.names.size());
            continue;
        }
        const auto check = [&](bool condition, const auto& message) {
            require(path, condition, [&] { return "line " + std::to_string(line_number) + " " + message(); });
        };
        const std::size_t count = detail::split(line, [&](std::string_view field, std::size_t index) {
            if (index >= table.columns.size()) return;
            const std::optional<double> value = core::parse_number(field);
            check(value.has_value(), [&] { return "holds " + core::quoted(field) + ", no number"; });
            table.columns[index].push_back(*value);
        });
        check(count == table.names.size(), [&] {
            return "has " + std::to_string(count) + " fields, expected " + std::to_string(table.names.size());
        });
    }
    require(path, !table.names.empty(), "has no header line");
    const auto twice = detail::repeated(table.names);
    require(path, !twice, [&] { return "has two columns " + core::quoted(*twice); });
    return table;
}

/// Reads a table of numbers. A last line without its end, as a crash leaves it, is not part of it.
inline Table read_csv(const std::filesystem::path& path) { return parse_csv(path, read_file(path)); }

/// Writes a table row by row.
class CsvWriter {
public:
    /// Opens `path` for these columns, the first of which is the step. Of a table that is already there the rows up to
    /// and including step `keep` stay (none, unless said otherwise); it must then have the same columns.
    CsvWriter(const std::filesystem::path& path, std::vector<std::string> names, std::optional<double> keep = {})
        : width_(names.size()), file_(prepare(path, names, keep), O_WRONLY | O_APPEND) {}

    /// Appends a row: one number per column, NaN for unknown. A row that does not fit on the disk is an Error, and not
    /// in the file.
    void row(std::span<const double> values) {
        core::require(values.size() == width_, [&] {
            return "a row of " + std::to_string(values.size()) + " numbers for a table of " + std::to_string(width_) +
                   " columns";
        });
        line_.clear();
        append_row(line_, values);
        file_.append(line_);
    }
    /// The same of numbers in braces.
    void row(std::initializer_list<double> values) { row(std::span(values.begin(), values.size())); }

    /// Returns once all rows are on the storage device: to be called before a checkpoint is saved that goes on from
    /// them, which would else outlive them where the machine loses its power.
    void sync() { file_.synchronise(); }

private:
    static void append_row(std::string& text, std::span<const double> values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i > 0) text += ',';
            core::append_number(text, values[i]);
        }
        text += '\n';
    }

    /// Brings the file to its header and the rows to keep.
    static const std::filesystem::path& prepare(const std::filesystem::path& path,
                                                const std::vector<std::string>& names, std::optional<double> keep) {
        core::require(!names.empty(), "a table needs at least one column");
        std::string text;
        for (const std::string& name : names) {
            core::require(!name.empty() && name.find_first_of(",\"\r\n") == std::string::npos,
                          [&] { return core::quoted(name) + " cannot name a column"; });
            text += (text.empty() ? "" : ",") + name;
        }
        text += '\n';
        const auto twice = detail::repeated(names);
        core::require(!twice, [&] { return core::quoted(*twice) + " cannot name two columns"; });
        if (keep && io::exists(path)) {
            const Table table = read_csv(path);
            require(path, table.names == names, "has other columns than the table to be continued");
            std::vector<double> row(names.size());
            for (std::size_t i = 0; i < table.columns[0].size(); ++i) {
                if (core::is_nan(table.columns[0][i]) || table.columns[0][i] > *keep) continue;
                for (std::size_t column = 0; column < names.size(); ++column) row[column] = table.columns[column][i];
                append_row(text, row);
            }
        }
        replace_file(path, text);
        return path;
    }

    std::size_t width_;
    OutputFile file_;
    std::string line_;
};

}  // namespace midstream::io
