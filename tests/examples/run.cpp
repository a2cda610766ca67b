// What the stages of a run share: the folder that is theirs alone, tables and checkpoints that speak of the same
// updates.
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "common/announce.hpp"
#include "common/files/run_folder.hpp"
#include "common/files/stage.hpp"
#include "common/files/tables.hpp"

namespace examples = midstream::examples;
using midstream::core::Error;

namespace {

/// A folder of its own that goes away with the test.
struct Folder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("midstream_run_" + std::to_string(getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
};

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Counts updates, as much of a learner as a Stage needs.
struct Counter {
    std::uint64_t done = 0;
    static void visit(auto& self, auto&& member) { member("done", self.done); }
    std::int64_t steps() const { return static_cast<std::int64_t>(done); }
};

/// Goes on with a stage of 20 updates, a row every five, up to update `until`; as if killed there, without a checkpoint
/// of the latest updates, unless they are all done. Saves at update `save`.
void go_on(const std::filesystem::path& folder, std::uint64_t save, std::uint64_t until) {
    Counter counter;
    const auto stage_with = [&](double seconds) {
        return examples::Stage<Counter>(folder, "stage", "a stage", counter, 20, {"mean"}, seconds);
    };
    const auto advance = [&](auto& stage, std::uint64_t last) {
        while (counter.done < last) {
            ++counter.done;
            stage.window() += {.action = static_cast<double>(counter.done * counter.done), .steps = 1};
            if (counter.done % 5 == 0) stage.record({stage.window().action / stage.window().steps});
            stage.tick([] { return std::string(); });
        }
    };
    {
        auto stage = stage_with(0);  // saves after every update
        advance(stage, save);
    }
    auto stage = stage_with(1e6);
    advance(stage, until);
}

/// The table without its seconds.
std::vector<std::vector<double>> table(const std::filesystem::path& folder) {
    auto columns = midstream::io::read_csv(folder / "stage.csv").columns;
    columns.erase(columns.begin() + 1);
    return columns;
}

}  // namespace

BOOST_AUTO_TEST_CASE(tables_do_not_depend_on_where_a_run_was_killed) {
    const Folder folder;
    for (const char* name : {"whole", "killed"}) std::filesystem::create_directories(folder.path / name);
    go_on(folder.path / "whole", 0, 20);
    const auto whole = table(folder.path / "whole");
    BOOST_TEST(whole[0].size() == 4u);
    BOOST_TEST(whole[1][0] == 11);  // (1 + 4 + 9 + 16 + 25) / 5
    for (std::uint64_t save = 0; save <= 20; ++save)
        for (const std::uint64_t until : {save, save + 3, save + 7}) {
            if (until >= 20) continue;
            std::filesystem::remove_all(folder.path / "killed");
            std::filesystem::create_directories(folder.path / "killed");
            go_on(folder.path / "killed", save, until);
            go_on(folder.path / "killed", 0, 20);
            BOOST_TEST((table(folder.path / "killed") == whole), "saved at " << save << ", killed at " << until);
            BOOST_TEST(contents(folder.path / "killed" / "stage.safetensors") ==
                       contents(folder.path / "whole" / "stage.safetensors"));
        }
}

BOOST_AUTO_TEST_CASE(a_finished_stage_whose_table_is_gone_goes_on_with_an_empty_one) {
    const Folder folder;
    go_on(folder.path, 0, 20);
    std::filesystem::remove(folder.path / "stage.csv");
    go_on(folder.path, 0, 20);
    BOOST_TEST(contents(folder.path / "stage.csv") == "step,seconds,mean\n");
}

BOOST_AUTO_TEST_CASE(a_folder_is_one_runs_alone_until_its_process_ends_however_it_does) {
    const Folder folder;
    const auto path = folder.path / "deep" / "run";
    int ready[2];
    BOOST_REQUIRE(::pipe(ready) == 0);
    const ::pid_t other = ::fork();
    if (other == 0) {
        const examples::RunFolder own(path);
        if (::write(ready[1], "x", 1) == 1) ::pause();
        ::_exit(0);
    }
    char byte;
    BOOST_REQUIRE(::read(ready[0], &byte, 1) == 1);
    BOOST_CHECK_EXCEPTION(examples::RunFolder{path}, Error, [&](const Error& error) {
        return std::string(error.what()) == path.string() + ": another run works in this folder, process " +
                                                std::to_string(other) + ": wait for its end, or name another --output";
    });
    ::kill(other, SIGKILL);
    ::waitpid(other, nullptr, 0);
    { const examples::RunFolder mine(path); }
    { const examples::RunFolder again(path); }
    std::ofstream(folder.path / "file") << "x";
    BOOST_CHECK_THROW(examples::RunFolder{folder.path / "file"}, Error);
}

BOOST_AUTO_TEST_CASE(what_is_done_once_is_done_again_for_another_description_or_without_its_tables) {
    const Folder folder;
    int done = 0;
    const auto work = [&](const std::string& description) {
        examples::once(folder.path, "part", description, {"one", "two"}, [&] {
            ++done;
            for (const char* name : {"one.csv", "two.csv"})
                examples::write_table(folder.path / name, {"step", "value"}, {{0, 0.5}, {1, 2}});
        });
        return done;
    };
    BOOST_TEST(work("a") == 1);
    BOOST_TEST(work("a") == 1);
    BOOST_TEST(contents(folder.path / "two.csv") == "step,value\n0,0.5\n1,2\n");
    BOOST_TEST(work("b") == 2);
    BOOST_TEST(work("b") == 2);
    std::filesystem::remove(folder.path / "two.csv");
    BOOST_TEST(work("b") == 3);
    BOOST_CHECK_THROW(examples::once(folder.path, "part", "c", {"one"}, [] { throw Error("interrupted"); }), Error);
    BOOST_TEST(work("b") == 4);  // nothing says any more that these tables are whole
}

BOOST_AUTO_TEST_CASE(what_is_done_once_is_done_again_without_another_file_that_it_leaves) {
    const Folder folder;
    const auto path = folder.path / "part.safetensors";
    int done = 0;
    const auto work = [&] {
        examples::once(folder.path, "part", "a", {"one", "part.safetensors"}, [&] {
            ++done;
            std::ofstream(path) << "x";
            examples::write_table(folder.path / "one.csv", {"step"}, {{0}});
        });
        return done;
    };
    BOOST_TEST(work() == 1);
    BOOST_TEST(work() == 1);
    std::filesystem::remove(path);
    BOOST_TEST(work() == 2);
}

BOOST_AUTO_TEST_CASE(what_only_shows_never_ends_the_work) {
    std::FILE* full = std::fopen("/dev/full", "w");
    BOOST_REQUIRE(full != nullptr);
    {
        examples::Progress progress("training", 10, "steps", 0, full);
        for (long step = 0; step < 10; ++step) progress.update(step + 1, [] { return std::string("loss"); });
    }
    {
        examples::Progress progress("training", 10, "steps", 0, full);
        progress.update(10, []() -> std::string { throw Error("a metric that cannot be made"); });
    }
    BOOST_TEST(!examples::show(full, "text"));
    std::fclose(full);
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    std::FILE* pipe = ::fdopen(ends[1], "w");
    ::close(ends[0]);
    BOOST_TEST(!examples::show(pipe, "text"));
    std::fclose(pipe);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_for_long_is_said_once) {
    using midstream::analysis::Degenerations;
    std::FILE* file = std::tmpfile();
    BOOST_REQUIRE(file != nullptr);
    const auto said = [&] {
        std::string text(4096, '\0');
        std::rewind(file);
        text.resize(std::fread(text.data(), 1, text.size(), file));
        return text;
    };
    examples::Announcer announcer("discover", 3, file);
    const Degenerations open{{"Gates stuck open", "20 of 20 steps"}};
    announcer.look(open);
    announcer.look(open);
    announcer.look({});  // a moment's figures
    announcer.look(open);
    announcer.look(open);
    BOOST_TEST(said() == "");
    announcer.look(open);
    const std::string expected =
        "discover: looks degenerate. Gates stuck open: 20 of 20 steps. docs/how-to/degenerate-runs.md has what "
        "helps.\n";
    BOOST_TEST(said() == expected);
    for (int i = 0; i < 5; ++i) announcer.look(open);
    announcer.look({});
    for (int i = 0; i < 5; ++i) announcer.look(open);
    BOOST_TEST(said() == expected);
    for (int i = 0; i < 3; ++i) announcer.look({{"Collapsed codes", "0 nats"}});
    BOOST_TEST(said().find("\ndiscover: looks degenerate. Collapsed codes: 0 nats.") != std::string::npos);
    std::fclose(file);
}
