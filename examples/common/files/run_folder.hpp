/// \file
/// The folder of a run, which is its own as long as it works.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "common/show.hpp"
#include "midstream/io/file.hpp"

namespace midstream::examples {

/// The folder of a run, made if need be, and this program's alone until it ends, however it ends. A second one is
/// refused with an Error that names the folder and the process that works in it.
class RunFolder {
public:
    explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {
        std::error_code failure;
        std::filesystem::create_directories(path_, failure);
        io::require(path_, std::filesystem::is_directory(path_),
                    [&] { return "cannot make it: " + failure.message(); });
        const auto file = path_ / "lock";
        descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        io::require(file, descriptor_ >= 0, [&] { return std::string("cannot open: ") + std::strerror(errno); });
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK) {  // a file system without locks
                show(stderr, path_.string() + ": cannot be locked (" + std::strerror(errno) +
                                 "): see that no other run works in it\n");
                return;
            }
            char holder[32] = {};
            const bool known = ::pread(descriptor_, holder, sizeof(holder) - 1, 0) > 0;
            ::close(descriptor_);
            io::require(path_, false, [&] {
                return "another run works in this folder" +
                       (known ? std::string(", process ") + holder : std::string()) +
                       ": wait for its end, or name another --output";
            });
        }
        // For the message above alone, so that a full disk does not matter.
        const std::string process = std::to_string(::getpid());
        [[maybe_unused]] const bool told =
            ::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, process.data(), process.size(), 0) > 0;
    }
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    ~RunFolder() { ::close(descriptor_); }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

}  // namespace midstream::examples
