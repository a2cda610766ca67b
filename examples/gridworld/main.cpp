/// \file
/// The paper on a grid: pretrain a sequence model on experts, discover abstract actions in its residual stream, and
/// learn a sparse-reward task with them. `gridworld all --preset demo` does everything; `gridworld --help` tells more.
#include <iostream>
#include <map>

#include "gridworld/presets.hpp"

int main(int argc, char** argv) {
    using namespace midstream::examples;
    struct Preset {
        Settings settings;
        int (*run)(const std::string&, Settings);
    };
    const std::map<std::string, Preset> presets{{"demo", {Demo::settings(), run_demo}}, {"full", {Full::settings(), run_full}}, {"paper", {Paper::settings(), run_paper}}};

    // The preset is looked for first: it decides the other options' defaults.
    std::string name = "demo";
    for (int i = 1; i + 1 < argc; ++i)
        if (std::string(argv[i]) == "--preset") name = argv[i + 1];
    const auto preset = presets.find(name);
    Settings settings = preset == presets.end() ? Demo::settings() : preset->second.settings;

    CLI::App app("midstream gridworld: pretrain, steer, discover abstract actions, and learn with them");
    app.option_defaults()->always_capture_default();
    app.add_option("--preset", name, "demo: a small world, minutes; full: the paper's world, hours; paper: the paper's sizes")->check(CLI::IsMember({"demo", "full", "paper"}));
    add_options(app, settings);
    app.set_config("--config", "", "read options from a TOML file");
    app.fallthrough();
    app.require_subcommand(1);
    const std::vector<std::pair<const char*, const char*>> stages{
        {"pretrain", "train the base model on the expert's episodes"},
        {"probe", "read the subgoal from every layer with linear probes"},
        {"steer", "supervised controllers at every layer, on the unseen task"},
        {"discover", "train the metacontroller without labels; the fixed-z test"},
        {"internal-rl", "learn the unseen task in the space of controller codes"},
        {"raw-rl", "the same algorithm on the model's own actions, for comparison"},
        {"report", "table and page from what the stages left"},
        {"all", "every stage in order; goes on where an earlier run stopped"}};
    for (const auto& [stage, help] : stages) app.add_subcommand(stage, help);
    CLI11_PARSE(app, argc, argv);
    if (settings.output.empty()) settings.output = "runs/" + name + "-" + std::to_string(settings.seed);
    try {
        return presets.at(name).run(app.get_subcommands().front()->get_name(), settings);
    } catch (const std::exception& error) {
        std::cerr << "gridworld: " << error.what() << '\n';
        return 1;
    }
}
