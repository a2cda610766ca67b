#include "midstream/io/csv.hpp"

#include <cmath>
#include <limits>

#include "io/files.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(round_trip) {
    const test::TemporaryFolder folder;
    const auto path = folder / "metrics.csv";
    io::CsvWriter writer(path, {"step", "loss"});
    BOOST_TEST(io::read_file(path) == "step,loss\n");
    writer.row({0, 0.1});
    BOOST_TEST(io::read_file(path) == "step,loss\n0,0.1\n");  // on disk at once
    writer.row({1, 5e-324});
    writer.row({2, std::numeric_limits<double>::quiet_NaN()});
    writer.row(std::vector<double>{3, -std::numeric_limits<double>::infinity()});
    const io::Table table = io::read_csv(path);
    BOOST_TEST(table.column("step") == (std::vector<double>{0, 1, 2, 3}), boost::test_tools::per_element());
    BOOST_TEST(table.column("loss")[0] == 0.1);
    BOOST_TEST(table.column("loss")[1] == 5e-324);
    BOOST_TEST(std::isnan(table.column("loss")[2]));
    BOOST_TEST(table.column("loss")[3] == -std::numeric_limits<double>::infinity());
    test::check_error("no column 'success'", [&] { table.column("success"); });
}

BOOST_AUTO_TEST_CASE(a_resumed_run_takes_up_its_table) {
    const test::TemporaryFolder folder;
    const auto path = folder / "metrics.csv";
    const std::vector<std::string> names{"step", "loss"};
    for (const double keep : {-1.0, 2.0, 2.0}) {  // nothing there yet; then two crashes after a checkpoint at step 2
        io::CsvWriter writer(path, names, keep);
        for (int step = static_cast<int>(keep) + 1; step < 5; ++step) writer.row({double(step), step * 0.1});
        std::ofstream(path, std::ios::app) << "5,0.";  // a line that never ended
    }
    const io::Table table = io::read_csv(path);
    BOOST_TEST(table.column("step") == (std::vector<double>{0, 1, 2, 3, 4}), boost::test_tools::per_element());
    BOOST_TEST(table.column("loss")[3] == 3 * 0.1);
    io::CsvWriter(path, names);  // not resumed
    BOOST_TEST(io::read_csv(path).column("step").empty());
}

BOOST_AUTO_TEST_CASE(a_row_that_does_not_fit_is_not_in_the_file) {
    const test::TemporaryFolder folder;
    const auto path = folder / "metrics.csv";
    io::CsvWriter writer(path, {"step", "loss"});
    writer.row({0, 0.5});
    {
        const test::FullDisk full(io::read_file(path).size() + 3);
        test::check_error("metrics.csv: cannot write", [&] { writer.row({1, 0.25}); });
    }
    BOOST_TEST(io::read_file(path) == "step,loss\n0,0.5\n");
    writer.row({2, 0.125});  // there is room again
    writer.sync();
    BOOST_TEST(io::read_file(path) == "step,loss\n0,0.5\n2,0.125\n");
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
    const test::TemporaryFolder folder;
    const auto path = folder / "metrics.csv";
    test::check_error("metrics.csv: no such file", [&] { io::read_csv(path); });
    test::check_error("'a,b' cannot name a column", [&] { io::CsvWriter(path, {"step", "a,b"}); });
    io::CsvWriter writer(path, {"step", "loss"});
    test::check_error("a row of 1 numbers for a table of 2 columns", [&] { writer.row({1.0}); });
    test::check_error("metrics.csv: has other columns", [&] { io::CsvWriter(path, {"step", "reward"}, 3); });
    const auto refused = [&](const std::string& why, std::string_view contents) {
        io::replace_file(path, contents);
        test::check_error("metrics.csv: " + why, [&] { io::read_csv(path); });
    };
    refused("has no header line", "");
    refused("line 3 has 1 fields, expected 2", "step,loss\n1,2\n3\n");
    refused("line 2 has 3 fields, expected 2", "step,loss\n1,2,3\n");
    refused("line 2 holds 'x', no number", "step,loss\n1,x\n");
    refused("line 2 holds '', no number", "step,loss\n\n");
    refused("line 2 holds '1\\x0d', no number", "step\r\n1\r\n");
    refused("line 2 holds '0x1', no number", "step\n0x1\n");
    refused("has two columns 'loss'", "step,loss,loss\n");
    test::check_error("'loss' cannot name two columns", [&] { io::CsvWriter(path, {"step", "loss", "loss"}); });
    io::replace_file(path, "step,loss\n1,2.5\n3,-4e-5\n");
    test::check_damage(
        path, [&] { io::read_csv(path); }, false);
}
