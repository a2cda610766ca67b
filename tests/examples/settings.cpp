// What a program understands of its command line and its file, and what it refuses.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/options/feasible.hpp"
#include "common/options/program.hpp"

namespace examples = midstream::examples;
using midstream::core::Error;

namespace {

const examples::Program& program() {
    static const examples::Program result = [] {
        examples::Settings demo, full;
        demo.pretrain = {.steps = 12, .batch = 64, .learning_rate = 3e-3};
        demo.steer = {.steps = 6, .learning_rate = 6e-2};
        demo.discover = {.steps = 4, .learning_rate = 6e-3, .alpha = 0.1};
        demo.internal = {.episodes = 150, .learning_rate = 1e-3};
        demo.raw = demo.internal;
        full = demo;
        full.pretrain.batch = 96;
        full.gain = 3;
        return examples::Program{"world",
                                 "a world",
                                 {{"demo", "small", demo, nullptr}, {"full", "large", full, nullptr}},
                                 {{"expert", "an expert", nullptr}}};
    }();
    return result;
}

examples::Request understood(const std::vector<std::string>& arguments) {
    return examples::understand(program(), arguments);
}

std::string refused(const std::vector<std::string>& arguments) {
    try {
        understood(arguments);
    } catch (const Error& error) {
        return error.what();
    }
    return "understood";
}

/// A file of settings that goes away with the test.
struct File {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("midstream_settings_" + std::to_string(getpid()) + ".toml");
    explicit File(const std::string& text) { std::ofstream(path) << text; }
    ~File() { std::filesystem::remove(path); }
};

examples::Request from_file(const std::string& text, std::vector<std::string> arguments = {"all"}) {
    const File file(text);
    arguments.insert(arguments.end(), {"--config", file.path.string()});
    return understood(arguments);
}

/// The message without the file's folder and name.
std::string refused_file(const std::string& text, std::vector<std::string> arguments = {"all"}) {
    const File file(text);
    arguments.insert(arguments.end(), {"--config", file.path.string()});
    std::string message = refused(arguments);
    const auto at = message.find(file.path.string());
    return at == std::string::npos ? message : message.erase(at, file.path.string().size());
}

}  // namespace

BOOST_AUTO_TEST_CASE(options_are_understood_in_both_forms_before_and_after_the_stage) {
    const auto request =
        understood({"--seed=7", "pretrain", "--pretrain.steps", "5", "--gain", "0.25", "--discover.alpha=1e-2"});
    BOOST_TEST(request.stage == "pretrain");
    BOOST_TEST(request.preset->name == "demo");
    BOOST_TEST(request.settings.seed == 7u);
    BOOST_TEST(request.settings.pretrain.steps == 5);
    BOOST_TEST(request.settings.gain == 0.25);
    BOOST_TEST(request.settings.discover.alpha == 0.01);
    BOOST_TEST(request.settings.pretrain.batch == 64);  // the preset's
    BOOST_TEST(request.settings.output == "runs/world-demo-7");
}

BOOST_AUTO_TEST_CASE(preset_may_stand_anywhere_in_either_form) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"--preset=full", "all", "--seed", "3"},
                                                                       {"all", "--seed", "3", "--preset", "full"},
                                                                       {"--seed", "3", "--preset", "full", "all"}}) {
        const auto request = understood(arguments);
        BOOST_TEST(request.preset->name == "full");
        BOOST_TEST(request.settings.pretrain.batch == 96);
        BOOST_TEST(request.settings.seed == 3u);
        BOOST_TEST(request.settings.output == "runs/world-full-3");
    }
    BOOST_TEST(understood({"all", "--output=--preset=full"}).preset->name == "demo");
    BOOST_TEST(refused({"all", "--preset", "fulll"}) == "--preset is 'fulll', valid is demo or full");
    BOOST_TEST(refused({"all", "--preset", "full", "--preset", "full"}) == "--preset is given twice");
}

BOOST_AUTO_TEST_CASE(what_is_not_understood_is_one_sentence) {
    BOOST_TEST(refused({}).starts_with("which stage? record, "));
    BOOST_TEST(refused({"al"}).starts_with("'al' is no stage, valid is record, "));
    BOOST_TEST(refused({"all", "more"}) == "'more' is not understood, as 'all' is the stage");
    BOOST_TEST(refused({"all", "-s", "3"}) == "'-s' is no option");
    BOOST_TEST(refused({"all", "--"}) == "-- is no option");
    BOOST_TEST(refused({"all", "--sed", "3"}) == "--sed is no option, did you mean 'seed'?");
    BOOST_TEST(refused({"all", "--see", "3"}) == "--see is no option, did you mean 'seed'?");
    BOOST_TEST(refused({"all", "--pretrain", "3"}) == "--pretrain is no option");
    BOOST_TEST(refused({"all", "--seed", "3", "--seed=3"}) == "--seed is given twice");
    BOOST_TEST(refused({"all", "--seed"}) == "--seed has no value after it");
    BOOST_TEST(refused({"all", "--seed", "--gain", "1"}) == "--seed has no value after it");
    BOOST_TEST(refused({"all", "--output="}) == "--output is empty");
    BOOST_TEST(refused({"all", "--config", "/no/such/file"}) == "/no/such/file: no such file");
    BOOST_TEST(refused({"--seed", "3", "expert"}) == "'expert' comes first, and its own options after it");
}

BOOST_AUTO_TEST_CASE(numbers_are_decimal_whole_and_in_range) {
    const std::string seeds = "', valid is a whole number from 0 to 9223372036854775807";
    for (const std::string seed :
         {"010", "0x10", "1e3", "1.0", "-1", "", " 1", "1 ", "1,", "9223372036854775808", "nan", "--", "+-1", "00"})
        BOOST_TEST(refused({"all", "--seed=" + seed}) == "--seed is '" + seed + seeds);
    BOOST_TEST(understood({"all", "--seed=9223372036854775807"}).settings.seed == 9223372036854775807u);
    BOOST_TEST(understood({"all", "--seed=9007199254740993"}).settings.seed == 9007199254740993u);
    BOOST_TEST(understood({"all", "--seed=+0"}).settings.seed == 0u);
    for (const std::string gain :
         {"nan", "-nan", "NaN", "inf", "-inf", "1e999", "0x1p3", "1.5.2", "-0.1", "100.1", "01.5", "1_000", ""})
        BOOST_TEST(refused({"all", "--gain=" + gain}) == "--gain is '" + gain + "', valid is a number from 0 to 100");
    BOOST_TEST(understood({"all", "--gain=1e1"}).settings.gain == 10);
    BOOST_TEST(refused({"all", "--threads", "1025"}) == "--threads is '1025', valid is a whole number from 0 to 1024");
    BOOST_TEST(refused({"all", "--pretrain.batch", "4294967297"}) ==
               "--pretrain.batch is '4294967297', valid is a whole number from 1 to 100000");
}

BOOST_AUTO_TEST_CASE(every_number_refuses_what_is_none) {
    examples::Settings settings = program().presets[0].settings;
    examples::Options options;
    add_options(options, settings);
    int numbers = 0;
    const auto given = examples::read_toml(options.as_file(), "all");
    for (const auto& each : given) {
        if (each.form != examples::Given::Form::bare) continue;
        ++numbers;
        for (const char* wrong : {"nan", "inf", "010", "x"})
            BOOST_TEST(refused({"all", "--" + each.name, wrong})
                           .starts_with("--" + each.name + " is '" + wrong + "', valid is a "));
    }
    BOOST_TEST(numbers > 60);
}

BOOST_AUTO_TEST_CASE(files_name_options_dotted_in_tables_and_inline) {
    for (const std::string text :
         {"pretrain.steps = 2\npretrain.batch = 5\n", "[pretrain]\nsteps = 2\nbatch = 5",
          "pretrain = { steps = 2, batch = 5 }",
          "\xEF\xBB\xBF# settings\r\n\r\n[ pretrain ] # of the base\r\nsteps=2# two\r\n\tbatch\t=\t+5\r\n",
          "\"pretrain\".'steps' = 2\npretrain . batch = 5"}) {
        const auto request = from_file(text);
        BOOST_TEST(request.settings.pretrain.steps == 2);
        BOOST_TEST(request.settings.pretrain.batch == 5);
        BOOST_TEST(request.settings.steer.steps == 6);
    }
    const auto request = from_file(
        "preset = \"full\"\nseed = 1_000\ngain = 2\noutput = \"a \\\"b\\\" \\u00e9\\\\\"\ncheckpoint-seconds = 1.5e0");
    BOOST_TEST(request.preset->name == "full");
    BOOST_TEST(request.settings.pretrain.batch == 96);
    BOOST_TEST(request.settings.seed == 1000u);
    BOOST_TEST(request.settings.gain == 2);
    BOOST_TEST(request.settings.output == "a \"b\" \xC3\xA9\\");
    BOOST_TEST(request.settings.checkpoint_seconds == 1.5);
    BOOST_TEST(from_file("output = 'c:\\d'").settings.output == "c:\\d");
    BOOST_TEST(from_file("").settings.seed == 1u);
}

BOOST_AUTO_TEST_CASE(command_line_wins_over_the_file) {
    const auto request = from_file("preset = 'full'\nseed = 4\ngain = 2", {"all", "--preset", "demo", "--gain=5"});
    BOOST_TEST(request.preset->name == "demo");
    BOOST_TEST(request.settings.pretrain.batch == 64);
    BOOST_TEST(request.settings.seed == 4u);
    BOOST_TEST(request.settings.gain == 5);
}

BOOST_AUTO_TEST_CASE(files_are_refused_with_line_and_name) {
    BOOST_TEST(refused_file("gain = 1\nsed = 7\n") == ": line 2: sed is no option, did you mean 'seed'?");
    BOOST_TEST(refused_file("[pretrain]\nstep = 7\n") ==
               ": line 2: pretrain.step is no option, did you mean 'pretrain.steps'?");
    BOOST_TEST(refused_file("[pretrian]\nsteps = 7\n") ==
               ": line 2: pretrian.steps is no option, did you mean 'pretrain.steps'?");
    BOOST_TEST(refused_file("seed = 7\nseed = 7\n") == ": line 2: seed is given twice");
    BOOST_TEST(refused_file("pretrain.steps = 7\n[pretrain]\nsteps = 7\n") ==
               ": line 3: pretrain.steps is given twice");
    BOOST_TEST(refused_file("seed = 7\nseed = 8\n", {"all", "--seed", "3"}) == ": line 2: seed is given twice");
    BOOST_TEST(refused_file("seed = 'x'", {"all", "--seed", "3"}) == "understood");  // another value is in its place
    BOOST_TEST(refused_file("preset = 'huge'") == ": line 1: preset is 'huge', valid is demo or full");
    BOOST_TEST(refused_file("preset = full") == ": line 1: preset is a text, which stands in quotes");
    BOOST_TEST(refused_file("seed = '7'") == ": line 1: seed is no text, and stands without quotes");
    BOOST_TEST(refused_file("seed = 010") ==
               ": line 1: seed is '010', valid is a whole number from 0 to 9223372036854775807");
    BOOST_TEST(refused_file("gain = nan") == ": line 1: gain is 'nan', valid is a number from 0 to 100");
    BOOST_TEST(refused_file("seed = 1__0").starts_with(": line 1: seed is '1__0'"));
    BOOST_TEST(refused_file("seed = 1979-05-27").starts_with(": line 1: seed is '1979-05-27'"));
    BOOST_TEST(refused_file("seed = true").starts_with(": line 1: seed is 'true'"));
    BOOST_TEST(refused_file("config = 'x'") == ": line 1: config: a file cannot name another");
    BOOST_TEST(refused_file("seed = 7 8") == ": line 1: what follows the value is not understood");
    BOOST_TEST(refused_file("seed = 7 gain = 2") == ": line 1: what follows the value is not understood");
    BOOST_TEST(refused_file("seed") == ": line 1: seed has no '=' after it");
    BOOST_TEST(refused_file("seed =") == ": line 1: seed has no value that is understood");
    BOOST_TEST(refused_file("= 7") == ": line 1: a setting's name is expected");
    BOOST_TEST(refused_file("[pretrain\nsteps = 7") == ": line 1: the table's name has no ']' after it");
    BOOST_TEST(refused_file("[[pretrain]]\nsteps = 7") == ": line 1: an array of tables is no setting");
    BOOST_TEST(refused_file("seed = [7]") == ": line 1: seed is an array, and every setting is a single value");
    BOOST_TEST(refused_file("pretrain = 7") == ": line 1: pretrain is no option");
    BOOST_TEST(refused_file("pretrain = { steps = 7") == ": line 1: the table of pretrain has no '}' after it");
    BOOST_TEST(refused_file("pretrain = { steps = 7, }") == ": line 1: a setting's name is expected");
    BOOST_TEST(refused_file("seed = { seed = 7 }") == ": line 1: seed.seed is no option");
    BOOST_TEST(refused_file("output = \"x") == ": line 1: a string does not end on its line");
    BOOST_TEST(refused_file("output = \"\"\"\nx\"\"\"") == ": line 1: a string over several lines is no setting");
    BOOST_TEST(refused_file("output = \"\\q\"") == ": line 1: a backslash is not followed by what TOML knows");
    BOOST_TEST(refused_file("output = \"\\ud800\"") == ": line 1: a character's number is none");
    BOOST_TEST(refused_file("output = \"\"") == ": line 1: output is empty");
    BOOST_TEST(refused_file("\n\n{") == ": line 3: a setting's name is expected");
    BOOST_TEST(refused_file(std::string("seed = 1\0", 9)) == ": line 1: what follows the value is not understood");
    std::string deep = "a = ";
    for (int i = 0; i < 100'000; ++i) deep += "{a=";
    BOOST_TEST(refused_file(deep) == ": line 1: tables lie too deep in each other");
}

BOOST_AUTO_TEST_CASE(printed_settings_can_be_given_back) {
    const std::string printed = understood({"--print-config", "--preset=full", "--seed", "9007199254740993",
                                            "--gain=0.1", "--output", "a \"b\\\n"})
                                    .text;
    BOOST_TEST(from_file(printed, {"--print-config"}).text == printed);
    const auto request = from_file(printed);
    BOOST_TEST(request.settings.seed == 9007199254740993u);
    BOOST_TEST(request.settings.gain == 0.1);
    BOOST_TEST(request.settings.output == "a \"b\\\n");
    BOOST_TEST(request.settings.pretrain.batch == 96);
}

BOOST_AUTO_TEST_CASE(help_names_stages_presets_and_every_option) {
    const std::string help = understood({"all", "--help"}).text;
    for (const char* word : {"internal-rl", "expert", "full: large", "--raw.entropy-weight 0", "--print-config"})
        BOOST_TEST(help.find(word) != std::string::npos, word);
    BOOST_TEST(understood({"-h", "--preset=full"}).text.find("--gain 3") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_be_carried_out_are_refused_before_work_begins) {
    const auto infeasible = [](auto&& change) {
        examples::Settings settings = program().presets[0].settings;
        settings.shards = 4;
        change(settings);
        try {
            examples::require_feasible(settings, 100);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("feasible");
    };
    BOOST_TEST(infeasible([](auto&) {}) == "feasible");
    BOOST_TEST(infeasible([](auto& s) { s.record.episodes = 100'000'000; }) ==
               "--record.episodes is 100000000, valid is up to 21474836, as there are 100 steps in an episode");
    BOOST_TEST(
        infeasible([](auto& s) { s.record.clean_episodes = 21'474'837; }).starts_with("--record.clean-episodes"));
    BOOST_TEST(infeasible([](auto& s) { s.record.clean_episodes = 21'474'836; }) == "feasible");
    BOOST_TEST(infeasible([](auto& s) { s.codes = {.count = 1'000'000, .episodes = 2148}; }) ==
               "--codes.episodes is 2148, valid is up to 2147, as there are 1000000 codes");
    BOOST_TEST(infeasible([](auto& s) { s.raw.batch = 3; }) ==
               "--raw.batch is 3, valid is at least the number of shards, 4");
    BOOST_TEST(infeasible([](auto& s) { s.probe.batch = 3; }).starts_with("--probe.batch is 3, valid is at least"));
    BOOST_TEST(infeasible([](auto& s) { s.inspect.step = 100; }) ==
               "--inspect.step is 100, valid is up to 99, the last step of an episode");
    BOOST_TEST(infeasible([](auto& s) { s.internal.minibatches = 300; }) ==
               "--internal.minibatches is 300, valid is up to the episodes of a batch in a shard, 256");
    BOOST_TEST(
        infeasible([](auto& s) { s.internal.group = 3; }) ==
        "--internal.group is 3 and --internal.batch 1024, which is to be a multiple, with a group for each of the "
        "4 shards");
    BOOST_TEST(infeasible([](auto& s) { s.internal.group = 512; }).starts_with("--internal.group is 512"));
    BOOST_TEST(infeasible([](auto& s) { s.internal.group = 256; }) == "feasible");
    BOOST_TEST(infeasible([](auto& s) { s.discover.alpha_from = 0.5; }) ==
               "--discover.alpha-from is 0.5 and --discover.alpha-until 0, which must not come before");
}
