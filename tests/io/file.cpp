#include "midstream/io/file.hpp"

#include "io/files.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(replaces_and_reads) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a";
    BOOST_TEST(!io::exists(path));
    io::replace_file(path, "first, and longer");
    io::replace_file(path, "second");
    BOOST_TEST(io::exists(path));
    BOOST_TEST(io::read_file(path) == "second");
    io::replace_file(path, "");
    BOOST_TEST(io::read_file(path) == "");
    BOOST_TEST(!io::exists(folder / "a.partial"));
    BOOST_TEST(!io::exists(folder.path));
}

BOOST_AUTO_TEST_CASE(a_crash_while_writing_leaves_the_previous_file) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a";
    io::replace_file(path, "whole");
    std::ofstream(folder / "a.partial") << "half of something much longer";  // what a killed writer leaves
    BOOST_TEST(io::read_file(path) == "whole");
    io::replace_file(path, "next");
    BOOST_TEST(io::read_file(path) == "next");
    BOOST_TEST(!io::exists(folder / "a.partial"));
}

BOOST_AUTO_TEST_CASE(errors_name_the_file) {
    const test::TemporaryFolder folder;
    test::check_error("nowhere", [&] { io::read_file(folder / "nowhere"); });
    test::check_error(folder.path.string(), [&] { io::read_file(folder.path); });
    test::check_error("missing/a", [&] { io::replace_file(folder / "missing/a", "text"); });
    std::filesystem::create_directories(folder / "taken" / "by a folder");
    test::check_error("taken", [&] { io::replace_file(folder / "taken", "text"); });
    BOOST_TEST(!io::exists(folder / "taken.partial"));
}
