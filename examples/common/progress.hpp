/// \file
/// A progress line for long loops: a bar with rate, time left and a live metric on a terminal, a plain line now and
/// then where output goes to a file.
#pragma once

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "common/show.hpp"

namespace midstream::examples {

/// "42 s", "3:07 min" or "2:05 h", at most nine characters up to 99 hours.
inline std::string duration_text(double seconds) {
    const auto whole = static_cast<long>(std::max(0.0, seconds) + 0.5);
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
    return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

/// "950", "12.3k" or "4.56M": three significant digits.
inline std::string count_text(double count) {
    if (count < 1000) return fmt::format("{:.3g}", count);
    const bool millions = count >= 999'500;
    const double scaled = count / (millions ? 1e6 : 1e3);
    return fmt::format("{:.{}f}{}", scaled, scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2, millions ? "M" : "k");
}

/// Follows a loop from `first` to `total` units of work. Call `update` as often as you like: it looks at the clock and
/// draws ten times a second (terminal) or every ten seconds (file). What has been drawn stays when the object dies.
/// What cannot be drawn is left out: nothing here throws.
///
///     Progress progress("pretraining", steps, "steps");
///     for (long step = 0; step < steps; ++step) {
///         ...
///         progress.update(step + 1, [&] { return fmt::format("loss {:.3f}", loss); });
///     }
class Progress {
public:
    /// `first` is where a resumed run goes on; the rate counts from there.
    Progress(std::string label, long total, std::string unit = "steps", long first = 0, std::FILE* stream = stderr)
        : label_(std::move(label)),
          unit_(std::move(unit)),
          total_(total),
          first_(first),
          done_(first),
          stream_(stream),
          terminal_(isatty(fileno(stream)) != 0),
          start_(Clock::now()),
          last_(start_) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { finish(); }

    /// Says that `done` of `total` units are done. `metric` is a text, or a function that makes one and is called only
    /// when something is drawn.
    template <class Metric>
    void update(long done, Metric&& metric) noexcept {
        done_ = done;
        const auto now = Clock::now();
        if (now - last_ < interval() && done < total_) return;
        if (finished_) return;
        last_ = now;
        try {
            if constexpr (std::invocable<Metric>)
                metric_ = metric();
            else
                metric_ = std::string_view(metric);
        } catch (...) {
            metric_.clear();
        }
        if (done >= total_)
            finish();
        else
            draw();
    }
    void update(long done) noexcept { update(done, std::string_view(metric_)); }

    /// Draws the last state and ends the line. The destructor does so too, if the loop ended early.
    void finish() noexcept {
        if (finished_) return;
        draw();
        if (terminal_) show(stream_, "\n");
        finished_ = true;
    }

    /// Seconds since construction.
    double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

private:
    using Clock = std::chrono::steady_clock;

    Clock::duration interval() const {
        return terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10'000);
    }

    void draw() const noexcept {
        try {
            show(stream_, line());
        } catch (...) {  // no memory for a line
        }
    }

    std::string line() const {
        const double seconds = elapsed();
        const double fraction =
            total_ > 0 ? std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0) : 1.0;
        const double rate = seconds > 0 ? static_cast<double>(done_ - first_) / seconds : 0;
        std::string text = fmt::format("{:3.0f}%  {}/{} {}  {} {}/s  {}", std::floor(100 * fraction),
                                       count_text(static_cast<double>(done_)), count_text(static_cast<double>(total_)),
                                       unit_, count_text(rate), unit_, duration_text(seconds));
        if (done_ < total_ && rate > 0)
            text += fmt::format(", {} left", duration_text(static_cast<double>(total_ - done_) / rate));
        if (!metric_.empty()) text += "  " + metric_;
        if (!terminal_) return label_ + ": " + text + "\n";
        // The bar takes what the terminal's width leaves; a line that would wrap is cut.
        const int room = columns() - 1 - static_cast<int>(label_.size() + text.size()) - 4;
        const int width = std::clamp(room, 0, 30);
        std::string line = label_ + " ";
        if (width >= 5) {
            const int full = static_cast<int>(fraction * width);
            line += "[" + std::string(static_cast<std::size_t>(full), '#') +
                    std::string(static_cast<std::size_t>(width - full), '.') + "] ";
        }
        line += text;
        line.resize(std::min(line.size(), static_cast<std::size_t>(columns() - 1)));
        return "\r" + line + "\033[K";
    }

    int columns() const {
        winsize size{};
        return ioctl(fileno(stream_), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
    }

    std::string label_, unit_, metric_;
    long total_, first_, done_;
    std::FILE* stream_;
    bool terminal_, finished_ = false;
    Clock::time_point start_, last_;
};

}  // namespace midstream::examples
