/// \file
/// Runs another program, for a limited time.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

namespace midstream::examples {

namespace detail {

/// How a program that was started ended.
enum class Ending { well, badly, too_late, not_started };

/// Runs a program of the PATH on one file, with nothing to read, for at most `seconds`; then it and what it started are
/// killed.
inline Ending run_on(const char* program, const std::filesystem::path& file, double seconds) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    std::string name = program, argument = file.string();
    char* arguments[] = {name.data(), argument.data(), nullptr};
    ::pid_t process = -1;
    const int failure = ::posix_spawnp(&process, program, &actions, &attributes, arguments, environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) return Ending::not_started;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    int status = 0;
    for (::pid_t found = 0; found == 0;) {
        found = ::waitpid(process, &status, WNOHANG);
        if (found < 0 && errno != EINTR) return Ending::badly;
        if (found > 0) break;
        if (std::chrono::steady_clock::now() >= end) {
            ::kill(-process, SIGKILL);
            while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
            }
            return Ending::too_late;
        }
        found = 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return Ending::not_started;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Ending::well : Ending::badly;
}

}  // namespace detail

}  // namespace midstream::examples
