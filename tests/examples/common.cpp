#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "common/page/bar_chart.hpp"
#include "common/page/belief_map.hpp"
#include "common/page/gate_plot.hpp"
#include "common/page/grid_picture.hpp"
#include "common/page/line_plot.hpp"
#include "common/page/page.hpp"
#include "common/page/scatter_plot.hpp"
#include "common/page/table.hpp"
#include "common/progress.hpp"

namespace examples = midstream::examples;
using midstream::core::Error;

namespace {

/// A folder of its own that goes away with the test.
struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("midstream_examples_" + std::to_string(getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
};

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int count(const std::string& text, const std::string& what) {
    int found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(durations_and_counts_are_short) {
    BOOST_TEST(examples::duration_text(0) == "0 s");
    BOOST_TEST(examples::duration_text(59.4) == "59 s");
    BOOST_TEST(examples::duration_text(59.6) == "1:00 min");
    BOOST_TEST(examples::duration_text(187) == "3:07 min");
    BOOST_TEST(examples::duration_text(7500) == "2:05 h");
    BOOST_TEST(examples::count_text(950) == "950");
    BOOST_TEST(examples::count_text(9996) == "10.0k");
    BOOST_TEST(examples::count_text(12345) == "12.3k");
    BOOST_TEST(examples::count_text(999'600) == "1.00M");
    BOOST_TEST(examples::count_text(4'560'000) == "4.56M");
}

BOOST_AUTO_TEST_CASE(progress_into_a_file_prints_few_lines_and_formats_the_metric_only_then) {
    Folder folder;
    const auto path = folder.path / "log";
    std::FILE* log = std::fopen(path.c_str(), "w");
    int formatted = 0;
    {
        examples::Progress progress("training", 1000, "steps", 0, log);
        for (long step = 0; step < 1000; ++step)
            progress.update(step + 1, [&] { return ++formatted, std::string("loss 0.5"); });
    }
    std::fclose(log);
    const std::string text = contents(path);
    BOOST_TEST(formatted == 1);
    BOOST_TEST(count(text, "\n") == 1);
    BOOST_TEST(text.starts_with("training: 100%  1.00k/1.00k steps"));
    BOOST_TEST(text.find("loss 0.5") != std::string::npos);
    BOOST_TEST(text.find('\r') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(progress_of_a_loop_that_ends_early_is_drawn_once_more) {
    Folder folder;
    const auto path = folder.path / "log";
    std::FILE* log = std::fopen(path.c_str(), "w");
    { examples::Progress("training", 100, "steps", 20, log).update(50); }
    std::fclose(log);
    BOOST_TEST(contents(path).starts_with("training:  50%  50/100 steps"));
}

BOOST_AUTO_TEST_CASE(table_sets_numbers_right_and_text_left) {
    const examples::Table table{{"method", "rate"}, {{"internal", "0.9"}, {"β = 1", "0.012"}, {"raw"}}};
    BOOST_TEST(examples::text(table) ==
               "method     rate\n"
               "--------  -----\n"
               "internal    0.9\n"
               "β = 1     0.012\n"
               "raw\n");
}

BOOST_AUTO_TEST_CASE(page_escapes_text_and_counts_gates) {
    examples::Page page("a < b", "R&D");
    page.heading("\"x\"").paragraph("one\n\ntwo").table({{"<i>", "n"}, {{"a", "1"}}}, "caption");
    page.gates({{"steers", "0.7", ">= 0.6", true},
                {"learns", "0.1", ">= 0.9", false},
                {"aligns", "0.95", ">= 0.9", true, "0.51"}})
        .figure("<svg></svg>", "a figure")
        .figure("", "none");
    const std::string html = page.html();
    BOOST_TEST(html.find("a < b") == std::string::npos);
    BOOST_TEST(count(html, "a &lt; b") == 2);
    BOOST_TEST(count(html, "R&amp;D") == 1);
    BOOST_TEST(count(html, "&lt;i&gt;") == 1);
    BOOST_TEST(count(html, "<p>one</p>") == 1);
    BOOST_TEST(count(html, "<p>two</p>") == 1);
    BOOST_TEST(count(html, "2 of 3 checks passed") == 1);
    BOOST_TEST(count(html, ">0.95</td><td class=\"number\">0.51</td>") == 1);  // beside what chance comes to
    BOOST_TEST(count(html, "<td class=\"number\">-</td>") == 2);
    BOOST_TEST(count(html, "<svg></svg>") == 1);
    BOOST_TEST(count(html, "gnuplot is not installed") == 1);
    BOOST_TEST(count(html, "<script") == 0);
    BOOST_TEST(count(html, "http") == 0);
}

BOOST_AUTO_TEST_CASE(grid_picture_draws_one_line_per_stretch) {
    examples::GridPicture picture{2, 3, {{5, 1, "B&"}}, {1}, {0, 3, 4, 5, 4, 3}, {0, 0, 0, 1, 1, 1}};
    const std::string svg = examples::grid_picture(picture);
    BOOST_TEST(count(svg, "<polyline") == 4);  // two stretches, each over its white casing
    BOOST_TEST(count(svg, "<circle") == 2);
    BOOST_TEST(count(svg, "B&amp;") == 1);
    picture.categories.pop_back();
    BOOST_CHECK_THROW(examples::grid_picture(picture), Error);
    picture.categories.clear();
    picture.path[2] = 6;
    BOOST_CHECK_EXCEPTION(examples::grid_picture(picture), Error, [](const Error& error) {
        return std::string(error.what()) == "a cell of the path is 6, valid is 0 to 5";
    });
    picture.path.clear();  // off the cells' centres
    picture.places = {{0.5, 0.5}, {1.25, 0.5}, {3, 1}};
    picture.categories = {0, 1};
    BOOST_CHECK_THROW(examples::grid_picture(picture), Error);
    picture.categories = {0, 1, 1};
    const std::string free = examples::grid_picture(picture);
    BOOST_TEST(count(free, "points=\"22.0,22.0 52.0,22.0 \"") == 2);  // the line and its casing
    BOOST_TEST(count(free, "points=\"52.0,22.0 122.0,42.0 \"") == 2);
}

BOOST_AUTO_TEST_CASE(value_colours_run_from_dark_to_light) {
    BOOST_TEST(examples::value_colour(0) == "#440154");
    BOOST_TEST(examples::value_colour(1) == "#fde725");
    BOOST_TEST(examples::value_colour(0.5) == "#21918c");
    BOOST_TEST(examples::value_colour(7) == examples::value_colour(1));
}

BOOST_AUTO_TEST_CASE(figures_leave_their_numbers_and_a_drawing_if_gnuplot_is_there) {
    Folder folder;
    const bool available = std::system("command -v gnuplot >/dev/null 2>&1") == 0;
    const auto drawn = [&](const std::string& svg) {
        return available ? svg.starts_with("<svg") && count(svg, "<path") > 2 : svg.empty();
    };

    const auto has_ticks = [](const std::filesystem::path& stem) {
        return count(contents(stem.string() + ".gnuplot"), "set xtics (") > 0;
    };
    const auto line = folder.path / "it's a line";
    BOOST_TEST(drawn(examples::line_plot(
        line, {"episodes",
               "success",
               {{"a, b", {1, 2, 3}, {0, 0.5, 1}, {0, 0.25, 1}, {0, 0.75, 1}}, {"it's", {1, 3}, {0.5, 0.5}}}})));
    BOOST_TEST(contents(line.string() + ".csv") ==
               "series,x,y,low,high\n\"a, b\",1,0,0,0\n\"a, b\",2,0.5,0.25,0.75\n\"a, "
               "b\",3,1,1,1\nit's,1,0.5,,\nit's,3,0.5,,\n");
    const auto logarithmic = folder.path / "deep" / "log";
    BOOST_TEST(drawn(examples::line_plot(logarithmic, {"x", "y", {{"a", {1e3, 1e6}, {0, 1}}}, true})));
    BOOST_TEST(!has_ticks(logarithmic));  // gnuplot's own, at powers of ten
    BOOST_TEST(drawn(examples::line_plot(logarithmic, {"x", "y", {{"a", {900, 4e3}, {0, 1}}}, true})));
    BOOST_TEST(count(contents(logarithmic.string() + ".gnuplot"),
                     "set xtics ('1k' 1000, '1.5k' 1500, '2k' 2000, '3k' 3000)") == 1);
    BOOST_CHECK_THROW(examples::line_plot(logarithmic, {"x", "y", {{"a", {0, 1}, {0, 1}}}, true}), Error);
    BOOST_CHECK_THROW(examples::line_plot(logarithmic, {"x", "y", {{"a", {0, 1}, {0}}}}), Error);
    BOOST_CHECK_THROW(examples::line_plot(logarithmic, {"x", "y", {}}), Error);

    examples::LinePlot narrow{"layer", "success", {{"3", {0, 1}, {0.5, 0.6}}, {"it's", {0, 1}, {0.5, 0.4}}}};
    narrow.series[1].dashes = 6;  // of five patterns
    narrow.series[1].points = true;
    narrow.series[1].mark = examples::category_mark(7);
    narrow.key_title = "what's swept over";
    narrow.width = 420;
    BOOST_TEST(drawn(examples::line_plot(folder.path / "narrow", narrow)));
    const std::string script = contents(folder.path / "narrow.gnuplot");
    BOOST_TEST(count(script, "size 420,360") == 1);
    BOOST_TEST(count(script, "set key title 'what''s swept over'") == 1);
    BOOST_TEST(count(script, "dashtype (9,4)") == 1);
    BOOST_TEST(count(script, "pointtype 5 ") == 1);

    const auto points = folder.path / "points";
    examples::ScatterPlot scatter{
        .x_label = "rate",
        .y_label = "loss",
        .clouds = {{"it's", {1, 2}, {0.5, 0.4}, {true, false}, {false, true}, {1, 2}, {0.5, 0.4}},
                   {"none", {}, {}, {}, {}}},
        .filled = "aligned",
        .hollow = "not",
        .crossed = "stuck"};
    BOOST_TEST(drawn(examples::scatter_plot(points, scatter)));
    BOOST_TEST(contents(points.string() + ".csv") ==
               "cloud,x,y,filled,crossed\nit's,1,0.5,1,0\nit's,2,0.4,0,1\n\"it's, path\",1,0.5,,\n"
               "\"it's, path\",2,0.4,,\n");
    scatter.log_x = true;
    BOOST_TEST(drawn(examples::scatter_plot(points, scatter)));
    scatter.clouds[0].filled.pop_back();
    BOOST_CHECK_THROW(examples::scatter_plot(points, scatter), Error);
    scatter.clouds.erase(scatter.clouds.begin());
    BOOST_CHECK_THROW(examples::scatter_plot(points, scatter), Error);

    const auto bars = folder.path / "bars";
    BOOST_TEST(drawn(examples::bar_chart(
        bars,
        {"", "rate", {"0>1", "1>2"}, {{"layer 1", {0.5, 0.6}}, {"layer 2", {0.7, 0.8}, {0.6, 0.7}, {0.8, 0.9}}}})));
    BOOST_TEST(contents(bars.string() + ".csv") ==
               "category,bars,value,low,high\n0>1,layer 1,0.5,,\n1>2,layer 1,0.6,,\n0>1,layer 2,0.7,0.6,0.8\n1>2,layer "
               "2,0.8,0.7,0.9\n");
    BOOST_CHECK_THROW(examples::bar_chart(bars, {"", "rate", {"0>1"}, {{"layer 1", {0.5, 0.6}}}}), Error);

    const auto gates = folder.path / "gates";
    BOOST_TEST(drawn(examples::gate_plot(gates, {{{"episode 1", {1, 0, 0.5}, {2}}}})));
    BOOST_TEST(contents(gates.string() + ".csv") ==
               "episode,step,gate,change\nepisode 1,0,1,0\nepisode 1,1,0,0\nepisode 1,2,0.5,1\n");
    BOOST_CHECK_THROW(examples::gate_plot(gates, {{{"episode 1", {1, 0}, {2}}}}), Error);

    const auto beliefs = folder.path / "beliefs";
    examples::BeliefMap map{{{"episode 1", {1, 0, 0}, {{"it's", {{0.25, 0.75}, {0.5, 0.5}, {1, 0}}}}},
                             {"episode 2", {1}, {{"a, b", {{0.004, 0.996}}}, {"c", {{0.1, 0.2, 0.7}}}}}}};
    BOOST_TEST(drawn(examples::belief_map(beliefs, map)));
    BOOST_TEST(contents(beliefs.string() + ".csv") ==
               "episode,belief,step,alternative,probability,true\n"
               "episode 1,it's,0,0,0.25,0\nepisode 1,it's,0,1,0.75,1\n"
               "episode 1,it's,1,0,0.5,1\nepisode 1,it's,1,1,0.5,0\n"
               "episode 1,it's,2,0,1,1\nepisode 1,it's,2,1,0,0\n"
               "episode 2,\"a, b\",0,0,0.004,0\nepisode 2,\"a, b\",0,1,0.996,1\n"
               "episode 2,c,0,0,0.1,0\nepisode 2,c,0,1,0.2,1\nepisode 2,c,0,2,0.7,0\n");
    const std::string rows = contents(beliefs.string() + ".gnuplot");
    BOOST_TEST(count(rows, "boxxyerror") == 3);                  // a strip for each belief
    BOOST_TEST(count(rows, "border linecolor '#d55e00'") == 4);  // a frame for each stretch of one truth
    BOOST_TEST(count(rows, "every ::6::7 ") == 1);
    const auto refused = [&](const auto& change) {
        auto wrong = map;
        change(wrong);
        BOOST_CHECK_THROW(examples::belief_map(beliefs, wrong), Error);
    };
    refused([](auto& wrong) { wrong.traces.clear(); });
    refused([](auto& wrong) { wrong.traces[0].beliefs.clear(); });
    refused([](auto& wrong) { wrong.traces[0].truth.pop_back(); });
    refused([](auto& wrong) { wrong.traces[0].truth[1] = 2; });
    refused([](auto& wrong) { wrong.traces[0].beliefs[0].steps[1].pop_back(); });
}
