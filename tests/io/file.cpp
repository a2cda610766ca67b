#include "midstream/io/file.hpp"

#include <sys/wait.h>

#include "io/files.hpp"

using namespace midstream;

namespace {
/// The names of all files in a folder, in a row.
std::string names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
}
}  // namespace

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
    BOOST_TEST(names_in(folder.path) == "a");
    BOOST_TEST(!io::exists(folder.path));
}

BOOST_AUTO_TEST_CASE(a_crash_while_writing_leaves_the_previous_file) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a";
    io::replace_file(path, "whole");
    std::ofstream(folder / "a.partial.17.3") << "half of something much longer";  // what a killed writer leaves
    std::ofstream(folder / "a.partial.txt") << "something else";
    std::ofstream(folder / "b.partial.17.3") << "half of another file";
    BOOST_TEST(io::read_file(path) == "whole");
    io::replace_file(path, "next");
    BOOST_TEST(io::read_file(path) == "next");
    BOOST_TEST(names_in(folder.path) == "a a.partial.txt b.partial.17.3");
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_the_previous_file) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a";
    io::replace_file(path, "whole");
    for (const std::size_t room : {0, 1, 7, 99'999}) {
        const test::FullDisk full(room);
        test::check_error((folder / "a").string() + ": cannot write",
                          [&] { io::replace_file(path, std::string(100'000, 'x')); });
        BOOST_TEST(names_in(folder.path) == "a");
    }
    BOOST_TEST(io::read_file(path) == "whole");
    io::OutputFile file(path, O_WRONLY | O_APPEND);
    {
        const test::FullDisk full(7);
        test::check_error("a: cannot write", [&] { file.append(" and more"); });
    }
    BOOST_TEST(io::read_file(path) == "whole");
    file.append(" now");
    BOOST_TEST(io::read_file(path) == "whole now");
}

// Four processes write the same file, one of them in three threads' stead: whoever reads meets one of their files,
// whole.
BOOST_AUTO_TEST_CASE(writers_do_not_meet) {
    const test::TemporaryFolder folder;
    const auto path = folder / "a";
    const auto contents = [](int writer) {
        return std::string(20'000u + 1'000u * static_cast<unsigned>(writer), static_cast<char>('a' + writer));
    };
    io::replace_file(path, contents(0));
    std::vector<::pid_t> children;
    for (int writer = 0; writer < 4; ++writer) {
        const ::pid_t child = ::fork();
        if (child == 0) {
            int failures = 0;
            for (int i = 0; i < 25; ++i)
                failures += test::error_of([&] { io::replace_file(path, contents(writer)); }) != "no error";
            ::_exit(failures);
        }
        children.push_back(child);
    }
    int unbroken = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string read = io::read_file(path);
        unbroken += read == contents(read.at(0) - 'a');
    }
    BOOST_TEST(unbroken == 200);
    for (const ::pid_t child : children) {
        int status = -1;
        BOOST_TEST(::waitpid(child, &status, 0) == child);
        BOOST_TEST(status == 0);
    }
    BOOST_TEST(names_in(folder.path) == "a");
}

BOOST_AUTO_TEST_CASE(only_files_are_read) {
    const test::TemporaryFolder folder;
    BOOST_REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    test::check_error("pipe: no such file", [&] { io::read_file(folder / "pipe"); });  // and does not wait for a writer
    std::ofstream(folder / "sparse") << "x";
    std::error_code failure;
    std::filesystem::resize_file(folder / "sparse", std::uintmax_t{1} << 43, failure);
    if (!failure)
        test::check_error("sparse: its 8796093022208 bytes are more than this machine's memory",
                          [&] { io::read_file(folder / "sparse"); });
}

BOOST_AUTO_TEST_CASE(errors_name_the_file) {
    const test::TemporaryFolder folder;
    test::check_error("nowhere", [&] { io::read_file(folder / "nowhere"); });
    test::check_error(folder.path.string(), [&] { io::read_file(folder.path); });
    test::check_error("missing/a", [&] { io::replace_file(folder / "missing/a", "text"); });
    std::filesystem::create_directories(folder / "taken" / "by a folder");
    test::check_error("taken", [&] { io::replace_file(folder / "taken", "text"); });
    BOOST_TEST(names_in(folder.path) == "taken");
}
