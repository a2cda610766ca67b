/// \file
/// What a report is made of: the tables that the stages left, and figures that may be missing.
#pragma once

#include <algorithm>
#include <exception>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/show.hpp"
#include "midstream/io/csv.hpp"

namespace midstream::examples {

namespace detail {
/// What `draw` draws; nothing, and a message, where it cannot: a page without a figure is better than none.
template <class Draw>
std::string drawing(Draw&& draw) {
    try {
        return draw();
    } catch (const std::exception& error) {
        show(stderr, std::string(error.what()) + "\n");
        return {};
    }
}
}  // namespace detail

/// A table of the run. What it does not hold is NaN, which tables print as a dash.
struct Results {
    std::filesystem::path path;
    io::Table table;

    explicit Results(std::filesystem::path file) : path(std::move(file)) {
        core::require(io::exists(path),
                      [&] { return "there is no " + path.string() + ": run the stages before the report"; });
        table = io::read_csv(path);
    }
    const std::vector<double>& column(std::string_view name) const {
        try {
            return table.column(name);
        } catch (const core::Error& error) {
            throw core::Error(path.string() + ": " + error.what());
        }
    }
    double first(std::string_view name) const { return at(column(name), 0); }
    double last(std::string_view name) const { return at(column(name), column(name).size() - 1); }
    /// Of a column that may be too short.
    static double at(const std::vector<double>& values, std::size_t row) {
        return row < values.size() ? values[row] : std::numeric_limits<double>::quiet_NaN();
    }
    /// The row in which the column is largest; 0 without rows.
    std::size_t best_row(std::string_view name) const {
        const auto& values = column(name);
        return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
    }
};

}  // namespace midstream::examples
