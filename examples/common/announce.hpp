/// \file
/// Degenerate runs announce themselves on the terminal while they train (midstream/analysis/degeneration.hpp).
#pragma once

#include <unistd.h>

#include <map>
#include <string>
#include <utility>

#include "common/show.hpp"
#include "midstream/analysis/degeneration.hpp"

namespace midstream::examples {

/// What is wrong, with its figures.
inline std::string sentence(const analysis::Degeneration& wrong) { return wrong.what + ": " + wrong.figures; }

/// Says once of each thing what is wrong, when it was found so often in a row: a figure may be odd for a moment.
class Announcer {
public:
    /// `stage` is who speaks.
    explicit Announcer(std::string stage, int patience = 3, std::FILE* stream = stderr)
        : stage_(std::move(stage)), patience_(patience), stream_(stream) {}

    /// What was found now.
    void look(const analysis::Degenerations& found) {
        for (auto& [what, times] : times_)
            if (times < patience_) times = times > 0 && is_among(what, found) ? times : 0;
        for (const auto& each : found)
            if (++times_[each.what] == patience_) say(each);
    }

private:
    static bool is_among(const std::string& what, const analysis::Degenerations& found) {
        for (const auto& each : found)
            if (each.what == what) return true;
        return false;
    }
    void say(const analysis::Degeneration& wrong) const {
        // A line of its own where a progress line is being drawn.
        const char* begin = isatty(fileno(stream_)) != 0 ? "\r\033[K" : "";
        show(stream_, begin + stage_ + ": looks degenerate. " + sentence(wrong) +
                          ". docs/how-to/degenerate-runs.md has what helps.\n");
    }

    std::string stage_;
    int patience_;
    std::FILE* stream_;
    std::map<std::string, int> times_;
};

/// Says at once what is wrong with what a stage has come to.
inline void announce(const std::string& stage, const analysis::Degenerations& found) {
    Announcer(stage, 1).look(found);
}

}  // namespace midstream::examples
