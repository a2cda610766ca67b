/// \file
/// Trains the ant's expert by PPO, or measures one: `ant expert train`, `ant expert report --weights FILE`.
#include "ant/expert.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "ant/presets.hpp"
#include "common/files/run_folder.hpp"

namespace midstream::examples::ant {

int run_expert(std::span<const std::string> arguments) {
    ExpertSettings settings;
    std::string weights = "examples/ant/expert.safetensors", config;
    bool map = false;
    Options options;
    options.text("config", config, "a TOML file of options; those of the command line come first");
    options.text("output", settings.output, "folder of checkpoint, metrics and weights");
    options.number("seed", settings.seed, std::uint64_t{0}, std::uint64_t{std::numeric_limits<std::int64_t>::max()},
                   "seed of all random streams");
    options.number("threads", settings.threads, 0, 1024, "threads (0: all processors); does not change results");
    options.number("checkpoint-seconds", settings.checkpoint_seconds, 0.1, 1e6, "time between checkpoints");
    add_expert_options(options, settings);
    options.text("weights", weights, "weights to report on");
    options.flag("map", map, "train on the paper's own observation");
    const auto line = options.split(arguments);
    options.set(options.gather(line));
    if (line.help || line.print) {
        const std::string text = line.print
                                     ? options.as_file()
                                     : "midstream ant expert: PPO with the guide in view\n\n"
                                       "ant expert train [--option value ...]   train, or go on where it stopped\n"
                                       "ant expert report [--option value ...]  success and lengths of weights\n\n"
                                       "Options\n" +
                                           options.help();
        return show(stdout, text) ? 0 : 1;
    }
    core::require(line.words.size() == 1 && (line.words[0] == "train" || line.words[0] == "report"),
                  "'expert' wants one word, train or report; expert --help tells more");
    const auto rows = static_cast<std::int64_t>(settings.ppo.instances) * settings.ppo.steps;
    core::require(rows <= std::numeric_limits<int>::max(), [&] {
        return fmt::format("--expert.instances times --expert.steps is {}, valid is up to {}", rows,
                           std::numeric_limits<int>::max());
    });
    const RunFolder folder(settings.output);
    if (line.words[0] == "report")
        report_expert<Expert<>::Ant>(Expert<>::load(weights), settings);
    else if (map)
        Expert<env::AntMap, rl::ActorCriticShape{}>::train(settings);
    else
        Expert<>::train(settings);
    return 0;
}

}  // namespace midstream::examples::ant
