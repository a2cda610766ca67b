/// \file
/// Trains the ant's expert by PPO, or measures one: `ant expert train`, `ant expert report --weights FILE`.
#include "ant/expert.hpp"

#include <iostream>

#include "ant/presets.hpp"

namespace midstream::examples::ant {

int run_expert(int argc, char** argv) {
    ExpertSettings settings;
    std::string weights = "examples/ant/expert.safetensors";
    CLI::App app("midstream ant expert: PPO with the guide in sight", "ant expert");
    app.option_defaults()->always_capture_default();
    app.add_option("--output", settings.output, "folder of checkpoint, metrics and weights");
    app.add_option("--seed", settings.seed, "seed of all random streams");
    app.add_option("--threads", settings.threads, "threads (0: all processors); does not change results");
    app.add_option("--checkpoint-seconds", settings.checkpoint_seconds, "time between checkpoints");
    add_expert_options(app, settings);
    app.add_option("--weights", weights, "weights to report on");
    bool map = false;
    app.add_flag("--map", map, "train on the paper's own observation");
    app.fallthrough();
    app.require_subcommand(1);
    app.add_subcommand("train", "train, or go on where an earlier run stopped");
    app.add_subcommand("report", "success and lengths of weights");
    CLI11_PARSE(app, argc, argv);
    try {
        if (app.got_subcommand("train")) {
            if (map)
                Expert<env::AntMap, rl::ActorCriticShape{}>::train(settings);
            else
                Expert<>::train(settings);
        } else {
            std::filesystem::create_directories(settings.output);
            Expert<>::report(Expert<>::load(weights), settings);
        }
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "ant expert: " << error.what() << '\n';
        return 1;
    }
}

}  // namespace midstream::examples::ant
