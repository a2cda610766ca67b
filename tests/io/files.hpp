/// \file
/// Temporary folders and damaged files, for the tests of everything that reads files.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <string>

#include "midstream/core/random.hpp"
#include "midstream/io/file.hpp"

namespace midstream::test {

/// A folder of its own for a test, gone afterwards.
struct TemporaryFolder {
    std::filesystem::path path;

    TemporaryFolder() {
        std::string form = (std::filesystem::temp_directory_path() / "midstream-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(form.data()) != nullptr);
        path = form;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path); }

    std::filesystem::path operator/(const char* name) const { return path / name; }
};

/// As long as it lives no file of this process grows beyond `size` bytes: the write that would do so goes as far as it
/// can, and the next one fails, as on a full disk.
class FullDisk {
public:
    explicit FullDisk(std::size_t size) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        ::rlimit limit = before_;
        limit.rlim_cur = size;
        BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    ::rlimit before_{};
    void (*handler_)(int);
};

/// The message of the Error that `function` must throw.
template <class Function>
std::string error_of(Function&& function) {
    try {
        function();
    } catch (const core::Error& error) {
        return error.what();
    }
    return "no error";
}

/// Checks that `function` throws an Error whose message contains `part`.
template <class Function>
void check_error(const std::string& part, Function&& function) {
    const std::string message = error_of(function);
    BOOST_TEST(message.find(part) != std::string::npos,
               "the message is \"" << message << "\", without \"" << part << "\"");
}

/// Calls read() after cutting the file at every length, and after each of `flips` random changes of a byte: it may
/// succeed or throw an Error that names the file, nothing else. Cutting must never go unnoticed if `cut_is_error`.
template <class Read>
void check_damage(const std::filesystem::path& path, Read&& read, bool cut_is_error = true, int flips = 2000) {
    const std::string whole = io::read_file(path);
    const auto attempt = [&](const std::string& contents) {
        std::ofstream(path, std::ios::binary) << contents;
        try {
            read();
            return true;
        } catch (const core::Error& error) {
            BOOST_TEST(std::string(error.what()).find(path.string()) == 0u, error.what());
            return false;
        }
    };
    BOOST_TEST(attempt(whole));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const bool read_well = attempt(whole.substr(0, length));
        if (cut_is_error) BOOST_TEST(!read_well, "a file cut to " << length << " bytes was read");
    }
    core::Random random(3);
    int noticed = 0;
    for (int flip = 0; flip < flips; ++flip) {
        std::string damaged = whole;
        damaged[static_cast<std::size_t>(random.below(static_cast<int>(whole.size())))] ^=
            static_cast<char>(1 + random.below(255));
        noticed += attempt(damaged) ? 0 : 1;
    }
    BOOST_TEST(noticed > 0);
    BOOST_TEST(attempt(whole));
}

}  // namespace midstream::test
