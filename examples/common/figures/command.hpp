/// \file
/// The command `figures`: the paper's figures from the tables of sweeps.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "common/figures/learning_curves.hpp"
#include "common/figures/probes_by_layer.hpp"
#include "common/figures/rate_distortion.hpp"
#include "common/figures/steering_by_layer.hpp"
#include "common/files/run_folder.hpp"
#include "common/options/options.hpp"

namespace midstream::examples {

/// Draws what the tables of these folders have, in their order, and says what they do not have; with nothing to draw
/// that is an Error. Returns the page, which is in `output` as figures.html.
inline std::filesystem::path draw_figures(std::span<const std::string> folders, const std::filesystem::path& output) {
    Page page("midstream: figures of sweeps", "arXiv 2512.20605v2, figures 7, 8, A1, A2 and A5");
    Table not_drawn{.header = {"figure", "sweep", "not drawn, as"}};
    std::string reasons;
    std::size_t drawings = 0, count = 0;
    for (const std::string& folder : folders) {
        const Sweep sweep(folder);
        ++count;
        const auto attempt = [&](const char* name, const char* file, const auto& draw) {
            try {
                draw(sweep, output / fmt::format("{}-{}", file, count), page);
                show(stdout, fmt::format("{} of {}\n", name, folder));
                ++drawings;
            } catch (const core::Error& error) {
                not_drawn.rows.push_back({name, folder, error.what()});
                reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", name, error.what());
            }
        };
        attempt("figure 7", "figure-7", rate_distortion);
        attempt("figures 8 and A5", "figure-8", learning_curves);
        attempt("figure A1", "figure-a1", probes_by_layer);
        attempt("figure A2", "figure-a2", steering_by_layer);
    }
    core::require(drawings > 0, [&] { return "no figure can be drawn. " + reasons; });
    if (!not_drawn.rows.empty()) page.heading("Not drawn").table(not_drawn);
    page.write(output / "figures.html");
    return output / "figures.html";
}

/// What follows `figures` on a command line of the program of this name.
inline int figures_command(const std::string& program, std::span<const std::string> arguments) {
    std::string output = "runs/figures", config;
    Options options;
    options.text("config", config, "a TOML file of options; those of the command line come first");
    options.text("output", output, "folder of the page and of the drawings' numbers");
    const auto line = options.split(arguments);
    options.set(options.gather(line));
    if (line.help || line.print) {
        const std::string text =
            line.print ? options.as_file()
                       : fmt::format(
                             "midstream {0} figures: the paper's figures from what tools/sweep left\n\n"
                             "{0} figures FOLDER ... [--option value ...]   folders of sweeps\n\nOptions\n",
                             program) +
                             options.help();
        return show(stdout, text) ? 0 : 1;
    }
    core::require(!line.words.empty(), "figures of which sweeps? figures FOLDER ..., figures --help tells more");
    const RunFolder folder(output);
    show(stdout, "The page: " + draw_figures(line.words, folder.path()).string() + "\n");
    return 0;
}

}  // namespace midstream::examples
