/// \file
/// The command line of a chain of stages: program STAGE [--preset NAME] [--option value ...].
#pragma once

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "common/settings.hpp"

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
    int (*run)(int argc, char** argv);  ///< argv[0] is the name
};

/// Runs a program of these presets, of which the first is the default, and commands.
inline int run_program(int argc, char** argv, const std::string& program, const std::string& description,
                       const std::vector<Preset>& presets, const std::vector<Command>& commands = {}) {
    for (const Command& command : commands)
        if (argc > 1 && command.name == argv[1]) return command.run(argc - 1, argv + 1);
    // The preset is looked for first: it decides the other options' defaults.
    std::string name = presets.front().name;
    for (int i = 1; i + 1 < argc; ++i)
        if (std::string(argv[i]) == "--preset") name = argv[i + 1];
    const auto found =
        std::find_if(presets.begin(), presets.end(), [&](const Preset& preset) { return preset.name == name; });
    const Preset& preset = found == presets.end() ? presets.front() : *found;
    Settings settings = preset.settings;

    std::vector<std::string> names;
    std::string help;
    for (const Preset& each : presets) {
        names.push_back(each.name);
        help += (help.empty() ? "" : "; ") + each.name + ": " + each.help;
    }
    CLI::App app("midstream " + program + ": " + description);
    app.option_defaults()->always_capture_default();
    app.add_option("--preset", name, help)->check(CLI::IsMember(names));
    add_options(app, settings);
    app.set_config("--config", "", "read options from a TOML file");
    app.fallthrough();
    app.require_subcommand(1);
    const std::vector<std::pair<const char*, const char*>> stages{
        {"record", "record the expert's episodes as data sets, where the preset trains on such"},
        {"pretrain", "train the base model on the expert's episodes"},
        {"probe", "read the subgoal from every layer with linear probes"},
        {"steer", "supervised controllers at every layer, on the unseen task"},
        {"components", "find the events of the residual stream, where the encoder sees such"},
        {"discover", "train the metacontroller without labels; the fixed-z test"},
        {"inspect", "inject codes that were in force when a goal was reached: do they lead there again?"},
        {"internal-rl", "learn the unseen task in the space of controller codes"},
        {"raw-rl", "the same algorithm on the model's own actions, for comparison"},
        {"report", "table and page from what the stages left"},
        {"all", "every stage in order; goes on where an earlier run stopped"}};
    for (const auto& [stage, what] : stages) app.add_subcommand(stage, what);
    for (const Command& command : commands)
        app.add_subcommand(command.name, command.help)->prefix_command()->fallthrough(false);
    CLI11_PARSE(app, argc, argv);
    const std::string stage = app.get_subcommands().front()->get_name();
    for (const Command& command : commands)
        if (command.name == stage) {
            std::cerr << program << ": '" << stage << "' comes first, and its own options after it\n";
            return 1;
        }
    if (settings.output.empty())
        settings.output = "runs/" + program + "-" + preset.name + "-" + std::to_string(settings.seed);
    try {
        return preset.run(stage, settings);
    } catch (const std::exception& error) {
        std::cerr << program << ": " << error.what() << '\n';
        return 1;
    }
}

}  // namespace midstream::examples
