/// \file
/// What tools/sweep left in a folder: its tables, and which runs are of one configuration.
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

#include "common/report/results.hpp"
#include "midstream/io/file.hpp"

namespace midstream::examples {

namespace detail {

/// The rows of a table of words, fields in quotes if need be; the header comes first.
inline std::vector<std::vector<std::string>> rows_of_words(std::string_view text) {
    std::vector<std::vector<std::string>> rows;
    bool quoted = false, begins = true;
    for (const char c : text) {
        if (begins) rows.emplace_back(1);
        begins = c == '\n' && !quoted;
        if (begins) continue;
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            rows.back().emplace_back();
        else
            rows.back().back() += c;
    }
    return rows;
}

/// Equal, or both unknown.
inline bool same_numbers(const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return x == y || (core::is_nan(x) && core::is_nan(y)); });
}

}  // namespace detail

/// Between neighbours in proportion, as tools/sweep has them; NaN of nothing.
inline double quantile(std::vector<double> values, double share) {
    std::erase_if(values, [](double value) { return core::is_nan(value); });
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::sort(values.begin(), values.end());
    const double place = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(place), high = std::min(low + 1, values.size() - 1);
    return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
}
inline double median(const std::vector<double>& values) { return quantile(values, 0.5); }

/// Runs that differ in their seeds alone.
struct Configuration {
    std::string variant;
    /// What it has of the options that its variant was swept over, the seed apart: names and values.
    std::vector<std::pair<std::string, std::string>> options = {};
    std::vector<double> key = {};             ///< the same in numbers, as the tables have it
    std::vector<std::size_t> runs = {};       ///< rows of results.csv
    double lower = 0, middle = 0, upper = 0;  ///< quartiles of the scores of its seeds
    double seeds = 0;                         ///< that have a score
    bool best = false;                        ///< of its variant, by the median

    /// "discover.alpha 0.1, pretrain.steps 3000".
    std::string options_text() const {
        std::string text;
        for (const auto& [name, value] : options) text += (text.empty() ? "" : ", ") + name + " " + value;
        return text;
    }
    /// With the name of its variant, if that has one, for a legend: "learned (alpha 0.1)". Options are told without
    /// their stage where that leaves no doubt.
    std::string label(const std::string& unless_named) const {
        const auto ending = [](const std::string& name) { return name.substr(name.find('.') + 1); };
        std::string text;
        for (const auto& [name, value] : options) {
            const auto alike = std::count_if(options.begin(), options.end(), [&, &name = name](const auto& other) {
                return ending(other.first) == ending(name);
            });
            text += (text.empty() ? "" : ", ") + (alike == 1 ? ending(name) : name) + " " + value;
        }
        const std::string& name = variant.empty() ? unless_named : variant;
        return text.empty() ? name : name + " (" + text + ")";
    }
};

/// The folder of a sweep. What is missing is an Error that names the file and the column.
struct Sweep {
    std::filesystem::path folder;
    Results results;
    std::vector<std::string> options;   ///< that were swept over
    std::vector<std::string> variants;  ///< by their numbers
    std::string seeds;                  ///< the option that seeds are given by; empty: none was swept over
    std::vector<Configuration> configurations;

    explicit Sweep(std::filesystem::path where) : folder(std::move(where)), results(table("results")) {
        read_options();
        read_configurations();
        read_words();
    }

    /// A table of this folder.
    Results table(const std::string& name) const {
        require_table(folder / (name + ".csv"));
        return Results(folder / (name + ".csv"));
    }
    bool has_table(const std::string& name) const { return io::exists(folder / (name + ".csv")); }
    bool swept_over(std::string_view option) const {
        return std::find(options.begin(), options.end(), option) != options.end();
    }
    /// The values of a column of results.csv in the runs of a configuration.
    std::vector<double> of(const Configuration& configuration, std::string_view column) const {
        std::vector<double> values;
        for (const std::size_t run : configuration.runs) values.push_back(Results::at(results.column(column), run));
        return values;
    }

    /// How many runs, seeds and processor hours stand behind the figures.
    std::string made_of() const {
        const auto &own = results.column("cpu_seconds"), &shared = results.column("shared_cpu_seconds"),
                   &finished = results.column("finished");
        double hours = 0;
        int unknown = 0;
        for (std::size_t run = 0; run < own.size(); ++run) {
            const double seconds = own[run] + shared[run];
            unknown += core::is_nan(seconds);
            hours += core::is_nan(seconds) ? 0 : seconds / 3600;
        }
        const auto done = std::count(finished.begin(), finished.end(), 1);
        std::string text = fmt::format("Of {}: {} runs", folder.string(), own.size());
        if (static_cast<std::size_t>(done) < own.size()) text += fmt::format(", {} of them finished", done);
        if (!seeds.empty()) {
            auto values = results.column(seeds);
            std::sort(values.begin(), values.end());
            text += fmt::format(", {} seeds", std::unique(values.begin(), values.end()) - values.begin());
        }
        text += "; to make them anew takes " + hours_text(hours) + " of one processor";
        if (unknown > 0) text += fmt::format(" (not known of {} of them)", unknown);
        return text + ".";
    }
    /// Those of a configuration's runs, as far as they are known.
    double hours(const Configuration& configuration) const {
        const auto own = of(configuration, "cpu_seconds"), shared = of(configuration, "shared_cpu_seconds");
        double sum = 0;
        for (std::size_t i = 0; i < own.size(); ++i)
            if (const double seconds = own[i] + shared[i]; !core::is_nan(seconds)) sum += seconds / 3600;
        return sum;
    }
    static std::string hours_text(double hours) {
        if (hours == 0) return "-";
        return hours < 1.0 / 60 ? fmt::format("{:.2g} seconds", 3600 * hours)
               : hours < 1      ? fmt::format("{:.2g} minutes", 60 * hours)
                                : fmt::format("{:.1f} hours", hours);
    }

private:
    static void require_table(const std::filesystem::path& path) {
        core::require(io::exists(path), [&] {
            return fmt::format(
                "there is no {}: 'tools/sweep FILE.toml --tables' writes {}", path.string(),
                path.filename() == "results.csv" ? "the tables of a sweep" : "it where the file's 'curves' name it");
        });
    }
    void read_options() {
        for (const char* column : {"run", "variant", "finished", "score", "cpu_seconds", "shared_cpu_seconds"})
            (void)results.column(column);
        const auto& names = results.table.names;
        const auto end = std::find(names.begin(), names.end(), "finished");
        for (auto name = names.begin(); name != end; ++name)
            if (*name != "run" && *name != "variant") options.push_back(*name);
    }
    void read_configurations() {
        const Results medians = table("medians");
        const auto& names = medians.table.names;
        std::vector<std::string> keys{"variant"};
        for (const std::string& option : options) {
            if (std::find(names.begin(), names.end(), option) != names.end())
                keys.push_back(option);
            else
                seeds = option;
        }
        const auto key_of = [&](const Results& of, std::size_t row) {
            std::vector<double> key;
            for (const std::string& name : keys) key.push_back(Results::at(of.column(name), row));
            return key;
        };
        for (std::size_t row = 0; row < medians.column("best").size(); ++row) {
            Configuration configuration{.variant = {},
                                        .key = key_of(medians, row),
                                        .lower = medians.column("lower_quartile")[row],
                                        .middle = medians.column("median")[row],
                                        .upper = medians.column("upper_quartile")[row],
                                        .seeds = medians.column("seeds")[row],
                                        .best = medians.column("best")[row] == 1};
            for (std::size_t run = 0; run < results.column("run").size(); ++run)
                if (detail::same_numbers(key_of(results, run), configuration.key)) configuration.runs.push_back(run);
            core::require(!configuration.runs.empty(), [&] {
                return fmt::format("{} and {} are not of the same sweep: row {} of the first is of no run",
                                   medians.path.string(), results.path.string(), row + 1);
            });
            configurations.push_back(std::move(configuration));
        }
    }
    /// What the numbers of variants and options stand for.
    void read_words() {
        const auto path = folder / "runs.csv";
        require_table(path);
        const auto rows = detail::rows_of_words(io::read_file(path));
        core::require(rows.size() == results.column("run").size() + 1, [&] {
            return fmt::format("{} and {} are not of the same sweep: they have {} and {} runs", path.string(),
                               results.path.string(), std::max<std::size_t>(rows.size(), 1) - 1,
                               results.column("run").size());
        });
        const auto word = [&](std::size_t run, const std::string& name) {
            const auto& header = rows.front();
            const auto at = static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
            core::require(at < header.size() && at < rows[run + 1].size(),
                          [&] { return fmt::format("{}: the table has no column '{}'", path.string(), name); });
            return rows[run + 1][at];
        };
        for (Configuration& configuration : configurations) {
            const std::size_t run = configuration.runs.front();
            configuration.variant = word(run, "variant");
            if (std::find(variants.begin(), variants.end(), configuration.variant) == variants.end())
                variants.push_back(configuration.variant);
            for (const std::string& option : options) {
                const std::string value = option == seeds ? std::string() : word(run, option);
                if (!value.empty()) configuration.options.emplace_back(option, value);
            }
        }
    }
};

}  // namespace midstream::examples
