#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/figures/command.hpp"

namespace examples = midstream::examples;
using midstream::core::Error;

namespace {

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
bool has(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }

/// A folder of its own that goes away with the test, with the tables of a sweep as tools/sweep writes them: two
/// variants, of which the first was swept over two weights, by two seeds.
struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("midstream_figures_" + std::to_string(getpid()));
    Folder() {
        write("runs",
              "run,name,variant,seed,discover.alpha\n"
              "0,\"learned,seed=1,discover.alpha=0.1\",learned,1,0.1\n"
              "1,\"learned,seed=2,discover.alpha=0.1\",learned,2,0.1\n"
              "2,\"learned,seed=1,discover.alpha=3\",learned,1,3\n"
              "3,\"learned,seed=2,discover.alpha=3\",learned,2,3\n"
              "4,\"raw,seed=1\",raw,1,\n"
              "5,\"raw,seed=2\",raw,2,\n");
        write("results",
              "run,variant,seed,discover.alpha,finished,score,cpu_seconds,shared_cpu_seconds\n"
              "0,0,1,0.1,1,0.5,1800,600\n"
              "1,0,2,0.1,1,0.7,1800,600\n"
              "2,0,1,3,1,0.2,1800,600\n"
              "3,0,2,3,1,0.3,1800,600\n"
              "4,1,1,nan,1,0,600,600\n"
              "5,1,2,nan,0,nan,nan,nan\n");
        write("medians",
              "variant,discover.alpha,seeds,lower_quartile,median,upper_quartile,best\n"
              "0,0.1,2,0.55,0.6,0.65,1\n"
              "0,3,2,0.225,0.25,0.275,0\n"
              "1,nan,1,0,0,0,1\n");
    }
    ~Folder() { std::filesystem::remove_all(path); }
    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories(path / "sweep");
        std::ofstream(path / "sweep" / (name + ".csv")) << text;
    }
    void write_curves() const {
        write("internal-rl",
              "run,variant,seed,discover.alpha,step,episodes,success\n"
              "0,0,1,0.1,1,0,0\n0,0,1,0.1,2,1000,0.4\n0,0,1,0.1,3,2000,0.5\n"
              "1,0,2,0.1,1,0,0.2\n1,0,2,0.1,2,1000,0.8\n1,0,2,0.1,3,2000,0.7\n"
              "2,0,1,3,1,0,0.9\n2,0,1,3,2,1000,0.9\n");
        write("raw-rl",
              "run,variant,seed,discover.alpha,step,episodes,success\n"
              "4,1,1,nan,1,0,0\n4,1,1,nan,2,1000,0.01\n");
    }
    void write_discovery() const {
        const std::string tail =
            "discover-figures.rate,discover-figures.action_nll,discover-figures.switches,"
            "discover-figures.steps,discover-figures.early_switches,"
            "discover-figures.early_changes,discover.precision,discover.recall,"
            "discover.chance_precision,discover.chance_recall\n";
        write("results", "run,variant,seed,discover.alpha,finished,score,cpu_seconds,shared_cpu_seconds," + tail +
                             "0,0,1,0.1,1,0.5,10,0,12,0.4,3,18,0.2,0.2,0.9,0.8,0.4,0.3\n"
                             "1,0,2,0.1,1,0.7,10,0,14,0.4,3,18,0.2,0.2,0.9,0.7,0.4,0.3\n"
                             "2,0,1,3,1,0.2,10,0,0.001,0.6,0.01,18,0.2,0.2,0,0,0.4,0.3\n"
                             "3,0,2,3,1,0.3,10,0,0.002,0.7,0.01,18,0.2,0.2,0,0,0.4,0.3\n"
                             "4,1,1,nan,1,0,10,0,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan\n"
                             "5,1,2,nan,0,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan\n");
    }
    std::string sweep() const { return (path / "sweep").string(); }
    std::string draw() const {
        const std::vector<std::string> folders{sweep()};
        return contents(examples::draw_figures(folders, path / "figures"));
    }
    /// What is said where nothing can be drawn.
    std::string refused() const {
        try {
            draw();
        } catch (const Error& error) {
            return error.what();
        }
        return "not refused";
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(configurations_are_the_runs_that_differ_in_their_seeds) {
    const Folder folder;
    const examples::Sweep sweep(folder.sweep());
    BOOST_TEST(sweep.seeds == "seed");
    BOOST_TEST(sweep.variants == (std::vector<std::string>{"learned", "raw"}), boost::test_tools::per_element());
    BOOST_TEST_REQUIRE(sweep.configurations.size() == 3u);
    const auto& best = sweep.configurations[0];
    BOOST_TEST(best.runs == (std::vector<std::size_t>{0, 1}), boost::test_tools::per_element());
    BOOST_TEST(best.best);
    BOOST_TEST(best.label("") == "learned (alpha 0.1)");
    BOOST_TEST(best.options_text() == "discover.alpha 0.1");
    BOOST_TEST(best.middle == 0.6);
    BOOST_TEST(sweep.hours(best) == 4800 / 3600.0, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(!sweep.configurations[1].best);
    BOOST_TEST(sweep.configurations[2].label("") == "raw");
    BOOST_TEST(sweep.made_of() == "Of " + folder.sweep() +
                                      ": 6 runs, 5 of them finished, 2 seeds; to make them anew takes 3.0 hours of one "
                                      "processor (not known of 1 of them).");
}

BOOST_AUTO_TEST_CASE(quantiles_are_between_neighbours) {
    BOOST_TEST(examples::quantile({4, 1, 3, 2}, 0.25) == 1.75);
    BOOST_TEST(examples::median({5, midstream::analysis::unmeasured, 1}) == 3);
    BOOST_TEST(std::isnan(examples::median({})));
}

BOOST_AUTO_TEST_CASE(curves_are_medians_of_the_best_configuration) {
    const Folder folder;
    folder.write_curves();
    const std::string page = folder.draw();
    BOOST_TEST(has(page, "Figures 8 and A5"));
    BOOST_TEST(has(page, "<td>learned</td><td>discover.alpha 0.1</td>"));
    BOOST_TEST(!has(page, "discover.alpha 3"));
    const std::string numbers = contents(folder.path / "figures" / "figure-8-1.csv");
    BOOST_TEST(has(numbers, "learned (alpha 0.1),0,0.1,0.05,0.15"));
    BOOST_TEST(has(numbers, "learned (alpha 0.1),1000,0.6"));
    BOOST_TEST(has(numbers, "raw,1000,0.01"));
    // Without what a logarithm has no place for.
    BOOST_TEST(!has(contents(folder.path / "figures" / "figure-8-1-log.csv"), "(alpha 0.1),0,"));
    // What is not there, and why.
    BOOST_TEST(has(page, "Not drawn"));
    BOOST_TEST(has(page, "sweep/results.csv: the table has no column &#39;discover-figures.switches&#39;"));
    BOOST_TEST(has(page, "is not swept over an option of pretraining"));
    BOOST_TEST(has(page, "is not swept over pretrain.steps"));
}

BOOST_AUTO_TEST_CASE(rate_and_distortion_say_what_is_aligned_and_what_is_stuck) {
    const Folder folder;
    folder.write_discovery();
    const std::string page = folder.draw();
    BOOST_TEST(has(page, "Figure 7"));
    BOOST_TEST(has(page, "<td>learned (alpha 0.1)</td>"));
    BOOST_TEST(has(page, "0.40 / 0.30"));  // by chance
    const std::string numbers = contents(folder.path / "figures" / "figure-7-1.csv");
    BOOST_TEST(has(numbers, "learned,12,0.4,1,0\nlearned,14,0.4,0,0\n"));  // the second's recall is too low
    BOOST_TEST(has(numbers, "learned,0.001,0.6,0,1\n"));
    BOOST_TEST(has(numbers, "\"learned, path\",13,0.4,,\n"));
    BOOST_TEST(has(contents(folder.path / "figures" / "figure-7-1-log.csv"), "learned,0.01,0.6,0,1\n"));
}

BOOST_AUTO_TEST_CASE(controllers_are_drawn_by_layer) {
    const Folder folder;
    folder.write("runs", "run,name,variant,seed,pretrain.steps\n0,a,,1,30\n1,b,,2,30\n2,c,,1,60\n");
    folder.write("results",
                 "run,variant,seed,pretrain.steps,finished,score,cpu_seconds,shared_cpu_seconds\n"
                 "0,0,1,30,1,0,36,0\n1,0,2,30,1,0,36,0\n2,0,1,60,1,0,36,0\n");
    folder.write("medians",
                 "variant,pretrain.steps,seeds,lower_quartile,median,upper_quartile,best\n0,30,2,0,0,0,1\n0,60,1,0,0,0,"
                 "0\n");
    folder.write("steer",
                 "run,variant,seed,pretrain.steps,layer,success\n0,0,1,30,0,0.5\n0,0,1,30,1,0.1\n1,0,2,30,0,0.7\n"
                 "1,0,2,30,1,0.3\n2,0,1,60,0,0.25\n2,0,1,60,1,0.75\n");
    const std::string page = folder.draw();
    BOOST_TEST(has(page, "Figure A2"));
    const std::string numbers = contents(folder.path / "figures" / "figure-a2-1-1.csv");
    BOOST_TEST(has(numbers, "30,0,0.6,0.55,0.6"));
    BOOST_TEST(has(numbers, "60,1,0.75,0.75,0.75\n"));
    BOOST_TEST(has(page, "pretrain.steps 60"));
}

BOOST_AUTO_TEST_CASE(probes_are_drawn_by_layer_for_each_number_of_steps) {
    const Folder folder;
    folder.write("runs", "run,name,variant,seed,pretrain.steps\n0,a,,1,30\n1,b,,2,30\n2,c,,1,60\n");
    folder.write("results",
                 "run,variant,seed,pretrain.steps,finished,score,cpu_seconds,shared_cpu_seconds\n"
                 "0,0,1,30,1,0,36,0\n1,0,2,30,1,0,36,0\n2,0,1,60,1,0,36,0\n");
    folder.write("medians",
                 "variant,pretrain.steps,seeds,lower_quartile,median,upper_quartile,best\n0,30,2,0,0,0,1\n0,60,1,0,0,0,"
                 "0\n");
    BOOST_TEST(has(folder.refused(), "figure A1: there is no " + folder.sweep() + "/probe.csv"));
    folder.write("probe", "run,variant,seed,pretrain.steps,layer,accuracy,nll\n");
    BOOST_TEST(has(folder.refused(), "probe.csv has no rows: no run has come to 'probe'"));
    folder.write("probe",
                 "run,variant,seed,pretrain.steps,layer,accuracy,nll\n0,0,1,30,0,0.25,1\n0,0,1,30,1,0.5,1\n"
                 "1,0,2,30,0,0.75,1\n1,0,2,30,1,0.75,1\n2,0,1,60,0,0.5,1\n2,0,1,60,1,0.25,1\n");
    const std::string page = folder.draw();
    BOOST_TEST(has(page, "Figure A1"));
    BOOST_TEST(!has(page, "Figure A2"));
    BOOST_TEST(has(page, "steer.csv"));  // why not
    const std::string numbers = contents(folder.path / "figures" / "figure-a1-1-1.csv");
    BOOST_TEST(numbers ==
               "series,x,y,low,high\n30,0,0.5,0.375,0.625\n30,1,0.625,0.5625,0.6875\n60,0,0.5,0.5,0.5\n"
               "60,1,0.25,0.25,0.25\n");
    BOOST_TEST(has(page, "<td>pretrain.steps 30</td><td class=\"number\">2</td><td class=\"number\">1</td>"));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
    const Folder folder;
    BOOST_TEST(has(folder.refused(), "no figure can be drawn. figure 7: "));
    BOOST_TEST(
        has(folder.refused(), "sweep has no rows of internal-rl.csv or raw-rl.csv: name them in the file's 'curves'"));
    folder.write_curves();
    std::filesystem::remove(folder.path / "sweep" / "medians.csv");
    BOOST_TEST(has(folder.refused(), "there is no " + folder.sweep() + "/medians.csv"));
    folder.write("medians", "variant,discover.alpha,seeds,lower_quartile,upper_quartile,best\n0,0.1,2,0.55,0.65,1\n");
    BOOST_TEST(has(folder.refused(), "sweep/medians.csv: the table has no column 'median'"));
    folder.write("medians", "variant,discover.alpha,seeds,lower_quartile,median,upper_quartile,best\n0,7,2,0,0,0,1\n");
    BOOST_TEST(has(folder.refused(), "are not of the same sweep"));
    folder.write("runs", "run,name,variant\n");
    folder.write("medians", "variant,discover.alpha,seeds,lower_quartile,median,upper_quartile,best\n0,3,2,0,0,0,1\n");
    BOOST_TEST(has(folder.refused(), "they have 0 and 6 runs"));
    std::filesystem::remove(folder.path / "sweep" / "runs.csv");
    BOOST_TEST(has(folder.refused(), "there is no " + folder.sweep() + "/runs.csv"));
    folder.write("results", "run,variant,seed,finished\n");
    BOOST_TEST(has(folder.refused(), "sweep/results.csv: the table has no column 'score'"));
    std::filesystem::remove_all(folder.path / "sweep");
    BOOST_TEST(folder.refused() == "there is no " + folder.sweep() +
                                       "/results.csv: 'tools/sweep FILE.toml --tables' writes the tables of a sweep");
}
