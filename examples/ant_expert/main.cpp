/// \file
/// Trains the ant's expert by PPO, or measures one: `ant_expert train`, `ant_expert report --weights FILE`.
#include <iostream>

#include "ant/expert.hpp"

int main(int argc, char** argv) {
    using namespace midstream::examples;
    ant::ExpertSettings settings;
    std::string weights = "examples/ant/expert.safetensors";
    CLI::App app("midstream ant expert: PPO with the guide in sight");
    app.option_defaults()->always_capture_default();
    add_options(app, settings);
    app.add_option("--weights", weights, "weights to report on");
    app.fallthrough();
    app.require_subcommand(1);
    app.add_subcommand("train", "train, or go on where an earlier run stopped");
    app.add_subcommand("report", "success and lengths of weights");
    CLI11_PARSE(app, argc, argv);
    try {
        if (app.got_subcommand("train")) {
            ant::Expert<>::train(settings);
        } else {
            std::filesystem::create_directories(settings.output);
            ant::Expert<>::report(ant::Expert<>::load(weights), settings);
        }
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "ant_expert: " << error.what() << '\n';
        return 1;
    }
}
