/// \file
/// Figures by gnuplot. A figure called `stem` is three files: stem.csv holds its numbers, stem.gnuplot how they are
/// drawn, stem.svg the drawing. Without gnuplot the first two stay, for use elsewhere.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/colours.hpp"
#include "common/show.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/io/file.hpp"

namespace midstream::examples {

/// A curve. `low` and `high`, if given, bound a shaded band around it (quartiles over seeds, say).
struct Series {
    std::string label;
    std::vector<double> x = {}, y = {};
    std::vector<double> low = {}, high = {};
    bool points = false;  ///< mark the points: few, far apart
    bool joined = true;   ///< draw lines from point to point
    bool dashed = false;  ///< a reference or baseline
    int colour = -1;      ///< index into the palette; -1: by position
};

/// A level to compare with, drawn as a thin dashed line with its name: "Bayes optimum" at 0.247, say.
struct Level {
    std::string label;
    double y;
};

/// Curves over a common x axis. A NaN bound leaves that end of the axis to gnuplot.
struct LinePlot {
    std::string x_label, y_label;
    std::vector<Series> series;
    bool log_x = false;
    double y_low = std::numeric_limits<double>::quiet_NaN();
    double y_high = std::numeric_limits<double>::quiet_NaN();
    std::vector<Level> levels = {};
};

/// The bars of one colour, one per category; `low` and `high`, if given, are drawn as error bars.
struct Bars {
    std::string label;
    std::vector<double> values = {};
    std::vector<double> low = {}, high = {};
};

/// Groups of bars side by side, one group per category.
struct BarChart {
    std::string x_label, y_label;
    std::vector<std::string> categories;
    std::vector<Bars> bars;
    double y_low = 0;
    double y_high = std::numeric_limits<double>::quiet_NaN();
};

/// A gate over the time steps of one episode, and the steps at which the true subgoal changes.
struct GateTrace {
    std::string label;
    std::vector<double> gates = {};  ///< beta_1, ..., beta_T, each in [0, 1]
    std::vector<int> changes = {};   ///< steps (from 0) at which another subgoal begins
};

/// Gates of several episodes, one strip each (paper, section 7.3).
struct GatePlot {
    std::vector<GateTrace> traces;
    std::string x_label = "time step";
    std::string gate_label = "switch gate (0 to 1)";
};

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

/// The smallest of 1, 2, 5, 10, 20, 50, ... that is not below `value`.
inline double nice_step(double value) {
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= value * (1 - 1e-9)) return factor * power;
    return 10 * power;
}

/// Ticks for a x axis; numbers from ten thousand on read 20k or 1.5M rather than 20000 or 1.5e+06.
inline std::string x_axis(const LinePlot& plot) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Series& series : plot.series)
        for (const double x : series.x) low = std::min(low, x), high = std::max(high, x);
    if (plot.log_x) {
        core::require(low > 0, [&] {
            return "a logarithmic x axis needs positive values, the smallest is " + std::to_string(low);
        });
        return fmt::format("set logscale x\nset format x '{}'\nset xrange [{}:{}]\n", low >= 1 ? "%.0s%c" : "%g", low,
                           high);
    }
    if (!(high > low)) return {};
    std::string axis = fmt::format("set xrange [{}:{}]\n", low, high);
    const auto whole = [](double x) { return x == std::floor(x); };
    const bool all_whole = std::all_of(plot.series.begin(), plot.series.end(), [&](const Series& series) {
        return std::all_of(series.x.begin(), series.x.end(), whole);
    });
    if (all_whole && high - low <= 12) return axis + "set xtics 1\n";
    if (high < 10'000 || low < 0) return axis;
    const double step = nice_step((high - low) / 6);
    std::string ticks;
    for (double x = std::ceil(low / step) * step; x <= high * (1 + 1e-9); x += step)
        ticks += fmt::format("{}'{}' {}", ticks.empty() ? "" : ", ",
                             x == 0    ? std::string("0")
                             : x < 1e6 ? fmt::format("{:g}k", x / 1e3)
                                       : fmt::format("{:g}M", x / 1e6),
                             x);
    return axis + "set xtics (" + ticks + ")\n";
}

/// What all figures share: 640 x 360 units, ink only for data, light horizontal grid, key above.
inline std::string style(const std::filesystem::path& stem, int height = 360) {
    // Names inside the drawing, which must differ between the figures of a page, allow no other characters.
    std::string name = stem.filename().string();
    for (char& c : name)
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z')) c = '_';
    return fmt::format(
        "set terminal svg size 640,{} dynamic noenhanced font 'sans-serif,14' linewidth 1 background '#ffffff' name "
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
        height, name, in_quotes(with_ending(stem, ".svg").string()));
}

/// How a program that was started ended.
enum class Ending { well, badly, too_late, not_started };

/// Runs a program of the PATH on one file, with nothing to read, for at most `seconds`; then it and what it started are
/// killed.
inline Ending run_on(const char* program, const std::filesystem::path& file, double seconds) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    std::string name = program, argument = file.string();
    char* arguments[] = {name.data(), argument.data(), nullptr};
    ::pid_t process = -1;
    const int failure = ::posix_spawnp(&process, program, &actions, &attributes, arguments, environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) return Ending::not_started;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    int status = 0;
    for (::pid_t found = 0; found == 0;) {
        found = ::waitpid(process, &status, WNOHANG);
        if (found < 0 && errno != EINTR) return Ending::badly;
        if (found > 0) break;
        if (std::chrono::steady_clock::now() >= end) {
            ::kill(-process, SIGKILL);
            while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
            }
            return Ending::too_late;
        }
        found = 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return Ending::not_started;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Ending::well : Ending::badly;
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

/// Draws curves; the CSV has one line per point: series,x,y,low,high. Returns the <svg> element, for a page, or
/// nothing without gnuplot.
inline std::string line_plot(const std::filesystem::path& stem, const LinePlot& plot) {
    using detail::in_quotes;
    const std::string csv = in_quotes(detail::with_ending(stem, ".csv").string());
    std::string numbers = "series,x,y,low,high\n", bands, curves;
    std::size_t line = 0;
    for (std::size_t s = 0; s < plot.series.size(); ++s) {
        const Series& series = plot.series[s];
        const bool band = !series.low.empty();
        core::require(series.x.size() == series.y.size() &&
                          (!band || (series.low.size() == series.x.size() && series.high.size() == series.x.size())),
                      [&] {
                          return "series " + series.label + " has " + std::to_string(series.x.size()) + " x, " +
                                 std::to_string(series.y.size()) + " y, " + std::to_string(series.low.size()) +
                                 " low and " + std::to_string(series.high.size()) +
                                 " high values; they must be as many (no low and high: no band)";
                      });
        if (series.x.empty()) continue;
        for (std::size_t i = 0; i < series.x.size(); ++i) {
            numbers += fmt::format("{},{},{},", detail::csv_field(series.label), series.x[i], series.y[i]);
            numbers += band ? fmt::format("{},{}\n", series.low[i], series.high[i]) : std::string(",\n");
        }
        const auto colour = category_colour(series.colour >= 0 ? series.colour : static_cast<int>(s));
        const std::string rows = fmt::format("{} skip 1 every ::{}::{}", csv, line, line + series.x.size() - 1);
        line += series.x.size();
        if (band)
            bands += fmt::format(
                "{} using 2:4:5 with filledcurves linecolor '{}' fillstyle transparent solid 0.18 noborder notitle, "
                "\\\n",
                rows, colour);
        curves += fmt::format(
            "{} using 2:3 with {} linetype 1 linewidth {} dashtype {} linecolor '{}' {} title {}, \\\n", rows,
            !series.joined  ? "points"
            : series.points ? "linespoints"
                            : "lines",
            series.dashed ? 1.6 : 2.2, series.dashed ? "(8,5)" : "solid", colour,
            series.points ? "pointtype 7 pointsize 0.5" : "", in_quotes(series.label));
    }
    core::require(!curves.empty(), [&] { return "figure " + stem.string() + " has no points"; });
    detail::write_text(detail::with_ending(stem, ".csv"), numbers);

    std::string script = detail::style(stem);
    script += fmt::format("set xlabel {}\nset ylabel {}\nset yrange {}\n", in_quotes(plot.x_label),
                          in_quotes(plot.y_label), detail::range(plot.y_low, plot.y_high));
    script += detail::x_axis(plot);
    if (plot.series.size() == 1 && plot.levels.empty()) script += "set key off\n";
    std::string levels;
    for (const Level& level : plot.levels)
        levels +=
            fmt::format("{} with lines linetype 1 linewidth 1.3 dashtype (3,3) linecolor '#444444' title {}, \\\n",
                        level.y, in_quotes(level.label));
    std::string all = bands + levels + curves;
    all.erase(all.rfind(", \\\n"));
    return detail::draw(stem, script + "plot " + all + "\n");
}

/// Draws groups of bars; the CSV has one line per bar: category,bars,value,low,high. Returns as line_plot.
inline std::string bar_chart(const std::filesystem::path& stem, const BarChart& chart) {
    using detail::in_quotes;
    core::require(!chart.categories.empty() && !chart.bars.empty(),
                  [&] { return "figure " + stem.string() + " has no bars"; });
    const std::string csv = in_quotes(detail::with_ending(stem, ".csv").string());
    const auto groups = chart.categories.size();
    const double width = 0.8 / static_cast<double>(chart.bars.size());
    std::string numbers = "category,bars,value,low,high\n", boxes, errors;
    for (std::size_t b = 0; b < chart.bars.size(); ++b) {
        const Bars& bars = chart.bars[b];
        const bool error = !bars.low.empty();
        core::require(
            bars.values.size() == groups && (!error || (bars.low.size() == groups && bars.high.size() == groups)), [&] {
                return "bars " + bars.label + " have " + std::to_string(bars.values.size()) + " values, " +
                       std::to_string(bars.low.size()) + " low and " + std::to_string(bars.high.size()) +
                       " high; the categories are " + std::to_string(groups);
            });
        for (std::size_t c = 0; c < groups; ++c) {
            numbers += fmt::format("{},{},{},", detail::csv_field(chart.categories[c]), detail::csv_field(bars.label),
                                   bars.values[c]);
            numbers += error ? fmt::format("{},{}\n", bars.low[c], bars.high[c]) : std::string(",\n");
        }
        const std::string rows = fmt::format("{} skip 1 every ::{}::{}", csv, b * groups, (b + 1) * groups - 1);
        const double centre = (static_cast<double>(b) - (static_cast<double>(chart.bars.size()) - 1) / 2) * width;
        boxes += fmt::format("{} using ($0+({})):3:({}) with boxes linecolor '{}' title {}, \\\n", rows, centre,
                             0.92 * width, category_colour(static_cast<int>(b)), in_quotes(bars.label));
        if (error)
            errors += fmt::format(
                "{} using ($0+({})):4:(0):($5-$4) with vectors nohead linewidth 1.6 linecolor '#222222' notitle, \\\n",
                rows, centre);
    }
    detail::write_text(detail::with_ending(stem, ".csv"), numbers);

    std::string script = detail::style(stem), ticks;
    for (std::size_t c = 0; c < groups; ++c)
        ticks += fmt::format("{}{} {}", c > 0 ? ", " : "", in_quotes(chart.categories[c]), c);
    script += fmt::format(
        "set xlabel {}\nset ylabel {}\nset yrange {}\nset xrange [-0.6:{}]\nset xtics scale 0 ({})\nset errorbars "
        "small\n",
        in_quotes(chart.x_label), in_quotes(chart.y_label), detail::range(chart.y_low, chart.y_high),
        static_cast<double>(groups) - 0.4, ticks);
    if (chart.bars.size() == 1) script += "set key off\n";
    std::string all = boxes + errors;
    all.erase(all.rfind(", \\\n"));
    return detail::draw(stem, script + "plot " + all + "\n");
}

/// Draws gates over time, a strip for each episode, with a vertical line wherever the true subgoal changes; the CSV
/// has one line per step: episode,step,gate,change. Returns as line_plot.
inline std::string gate_plot(const std::filesystem::path& stem, const GatePlot& plot) {
    using detail::in_quotes;
    core::require(!plot.traces.empty(), [&] { return "figure " + stem.string() + " has no episodes"; });
    const std::string csv = in_quotes(detail::with_ending(stem, ".csv").string());
    const int count = static_cast<int>(plot.traces.size());
    constexpr double pitch = 1.3;  // strips are 1 high
    std::string numbers = "episode,step,gate,change\n", script = detail::style(stem, 90 + 58 * std::max(2, count)),
                ticks, strips;
    std::size_t line = 0, longest = 1;
    for (int e = 0; e < count; ++e) {
        const GateTrace& trace = plot.traces[static_cast<std::size_t>(e)];
        core::require(!trace.gates.empty(), [&] { return "episode " + trace.label + " has no gates"; });
        const double base = (count - 1 - e) * pitch;
        std::vector<bool> change(trace.gates.size(), false);
        for (const int step : trace.changes) {
            core::require_range(step, 0, static_cast<int>(trace.gates.size()) - 1,
                                "a subgoal change of episode " + trace.label);
            change[static_cast<std::size_t>(step)] = true;
            script += fmt::format(
                "set arrow from {0},{1} to {0},{2} nohead front linewidth 2 dashtype (4,2) linecolor '{3}'\n", step,
                base, base + 1.12, palette[1]);
        }
        for (std::size_t t = 0; t < trace.gates.size(); ++t)
            numbers +=
                fmt::format("{},{},{},{}\n", detail::csv_field(trace.label), t, trace.gates[t], change[t] ? 1 : 0);
        script += fmt::format("set arrow from 0,{0} to {1},{0} nohead back linewidth 1 linecolor '#c8c8c8'\n", base,
                              trace.gates.size());
        ticks += fmt::format("{}{} {}", e > 0 ? ", " : "", in_quotes(trace.label), base + 0.5);
        // A bar per step, from its beginning to its end, so that sharp and soft gates look as they are.
        strips += fmt::format(
            "{} skip 1 every ::{}::{} using ($2+0.5):({}):($2):($2+1):({}):({}+$3) with boxxyerror linecolor '{}' {}, "
            "\\\n",
            csv, line, line + trace.gates.size() - 1, base, base, base, palette[0],
            e == 0 ? "title " + in_quotes(plot.gate_label) : "notitle");
        line += trace.gates.size();
        longest = std::max(longest, trace.gates.size());
    }
    detail::write_text(detail::with_ending(stem, ".csv"), numbers);
    script += fmt::format(
        "set xlabel {}\nset xrange [0:{}]\nset yrange [-0.1:{}]\nset border 1\nunset grid\nset ytics scale 0 ({})\n",
        in_quotes(plot.x_label), longest, (count - 1) * pitch + 1.15, ticks);
    strips += fmt::format(
        "NaN with lines linetype 1 linewidth 2 dashtype (4,2) linecolor '{}' title 'true subgoal change'", palette[1]);
    return detail::draw(stem, script + "plot " + strips + "\n");
}

}  // namespace midstream::examples
