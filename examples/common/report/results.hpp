/// \file
/// The tables that the stages left, and their numbers as text. What a table does not hold is NaN, printed as a dash.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/progress.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/io/csv.hpp"

namespace midstream::examples {

/// A table of the run.
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
    /// The mean of the last tenth of a column; NaN without rows.
    double last_mean(std::string_view name) const {
        const auto& values = column(name);
        if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
        const std::size_t count = std::max<std::size_t>(1, values.size() / 10);
        double sum = 0;
        for (std::size_t i = values.size() - count; i < values.size(); ++i)
            sum += values[i] / static_cast<double>(count);
        return sum;
    }
};

/// The tables of reinforcement learning, on codes and on the model's own actions.
struct RlResults {
    Results internal, internal_modes, raw, raw_modes;

    explicit RlResults(const std::filesystem::path& folder)
        : internal(folder / "internal-rl.csv"),
          internal_modes(folder / "internal-rl-modes.csv"),
          raw(folder / "raw-rl.csv"),
          raw_modes(folder / "raw-rl-modes.csv") {}
};

/// The tables of a whole run.
struct RunResults : RlResults {
    Results pretrain, probe, steer, discover, codes, codes_summary, inspect, oracle, base_alone, gains,
        discover_figures;

    explicit RunResults(const std::filesystem::path& folder)
        : RlResults(folder),
          pretrain(folder / "pretrain.csv"),
          probe(folder / "probe.csv"),
          steer(folder / "steer.csv"),
          discover(folder / "discover.csv"),
          codes(folder / "codes.csv"),
          codes_summary(folder / "codes-summary.csv"),
          inspect(folder / "inspect.csv"),
          oracle(folder / "informed.csv"),
          base_alone(folder / "steer-base.csv"),
          gains(folder / "steer-gains.csv"),
          discover_figures(folder / "discover-figures.csv") {}

    /// The layer at which supervised controllers are best: by tasks of which nothing is reported, where there are such.
    std::size_t best_layer(bool has_selection) const { return steer.best_row(has_selection ? "selection" : "success"); }
};

/// A number with so many digits after the point.
inline std::string number(double value, int digits = 3) {
    return core::is_nan(value) ? std::string("-") : fmt::format("{:.{}f}", value, digits);
}
/// A number and whose it is.
inline std::string number(double value, const std::string& whose) {
    return core::is_nan(value) ? std::string("-") : number(value) + " (" + whose + ")";
}
/// The last values of two columns.
inline std::string last_two(const Results& results, std::string_view first, std::string_view second) {
    return number(results.last(first), 2) + " / " + number(results.last(second), 2);
}
/// How long a stage took, and how many episodes.
inline std::string seconds_text(const Results& results) {
    const double value = results.last("seconds");
    return std::isnan(value) ? std::string("-") : duration_text(value);
}
inline std::string episodes_text(const Results& results) {
    const double value = results.last("episodes");
    return std::isnan(value) ? std::string("-") : count_text(value);
}

}  // namespace midstream::examples
