/// \file
/// The command line of a chain of stages: program STAGE [--preset NAME] [--config FILE] [--option value ...].
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/options/settings_options.hpp"
#include "common/show.hpp"

namespace midstream::examples {

/// A preset as the command line knows it; `run` runs a stage, or "all", and returns the program's exit status. One
/// translation unit each, so that they compile side by side.
struct Preset {
    std::string name;
    std::string help;
    Settings settings;
    int (*run)(const std::string& stage, Settings settings);
};

/// Something else that a program does, by a command line of its own: program NAME ...
struct Command {
    std::string name;
    std::string help;
    int (*run)(std::span<const std::string> arguments);  ///< those after the name; errors are thrown
};

/// What a program is and can do. The first preset is the one that is meant unless another is named.
struct Program {
    std::string name;
    std::string description;
    std::vector<Preset> presets;
    std::vector<Command> commands = {};
};

/// What a command line asks for.
struct Request {
    std::string stage;
    const Preset* preset = nullptr;
    Settings settings{};
    std::string text = {};  ///< if not empty, all that is asked for is to print this
};

inline const std::vector<std::pair<std::string, std::string>>& stages() {
    static const std::vector<std::pair<std::string, std::string>> list{
        {"record", "record the expert's episodes as data sets, where the preset trains on such"},
        {"pretrain", "train the base model on the expert's episodes"},
        {"probe", "read the subgoal from every layer with linear probes"},
        {"steer", "supervised controllers at every layer, on the unseen task"},
        {"components", "find the events of the residual stream, where the encoder sees such"},
        {"discover", "train the metacontroller without labels; the fixed-z test"},
        {"inspect", "inject codes that were in force when a goal was reached: do they lead there again?"},
        {"internal-rl", "learn the unseen task in the space of controller codes"},
        {"agent", "write the trained hierarchy as one file, and play with what is read from it"},
        {"raw-rl", "the same algorithm on the model's own actions, for comparison"},
        {"report", "table and page from what the stages left"},
        {"all", "every stage in order; goes on where an earlier run stopped"}};
    return list;
}

/// Reads the arguments after the program's name. The preset decides what the other options are if they are not given,
/// the file of --config comes next, the command line wins. What is not understood is an Error of one sentence.
inline Request understand(const Program& program, std::span<const std::string> arguments) {
    std::vector<std::string> presets, words;
    std::string preset_help = "what all other options are unless given";
    for (const Preset& preset : program.presets) {
        presets.push_back(preset.name);
        preset_help += "; " + preset.name + ": " + preset.help;
    }
    for (const auto& [stage, what] : stages()) words.push_back(stage);

    Request request;
    std::string preset = presets.front(), config;
    Options options;
    options.choice("preset", preset, presets, preset_help);
    options.text("config", config, "a TOML file of options; those of the command line come first");
    add_options(options, request.settings);

    const Options::Line line = options.split(arguments);
    const GivenByName given = options.gather(line);
    options.set(given);  // for the preset's name; the rest is set again upon what the preset has
    request.preset = &*std::find_if(program.presets.begin(), program.presets.end(),
                                    [&](const Preset& each) { return each.name == preset; });
    request.settings = request.preset->settings;
    options.set(given);

    if (line.help) {
        request.text = fmt::format("midstream {}: {}\n\n{} STAGE [--option value ...]\n\nStages\n", program.name,
                                   program.description, program.name);
        for (const auto& [stage, what] : stages()) request.text += fmt::format("  {:<12} {}\n", stage, what);
        for (const Command& command : program.commands)
            request.text += fmt::format("  {:<12} {}\n", command.name, command.help);
        request.text += "\nOptions, with their values in this preset\n" + options.help();
        return request;
    }
    if (line.print) {
        request.text = options.as_file();
        return request;
    }
    core::require(!line.words.empty(), [&] { return "which stage? " + detail::listed(words) + "; --help tells more"; });
    request.stage = line.words.front();
    core::require(line.words.size() == 1,
                  [&] { return "'" + line.words[1] + "' is not understood, as '" + request.stage + "' is the stage"; });
    for (const Command& command : program.commands)
        core::require(request.stage != command.name,
                      [&] { return "'" + command.name + "' comes first, and its own options after it"; });
    core::require(std::find(words.begin(), words.end(), request.stage) != words.end(),
                  [&] { return "'" + request.stage + "' is no stage, valid is " + detail::listed(words); });
    if (request.settings.output.empty()) {
        request.settings.output = fmt::format("runs/{}-{}-{}", program.name, preset, request.settings.seed);
        // Weights of another run, a folder of its own.
        if (!request.settings.from.empty())
            request.settings.output += "-from-" + std::filesystem::path(request.settings.from).stem().string();
    }
    return request;
}

/// Runs a program and returns its exit status: 1, and a sentence on stderr, where something fails.
inline int run_program(int argc, char** argv, const Program& program) {
    prepare_streams();
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    try {
        for (const Command& command : program.commands)
            if (!arguments.empty() && command.name == arguments[0]) return command.run(std::span(arguments).subspan(1));
        const Request request = understand(program, arguments);
        if (!request.text.empty()) return show(stdout, request.text) ? 0 : 1;
        return request.preset->run(request.stage, request.settings);
    } catch (const std::exception& error) {
        show(stderr, program.name + ": " + error.what() + "\n");
        return 1;
    }
}

}  // namespace midstream::examples
