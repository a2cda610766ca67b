/// \file
/// Output that only shows. A terminal that is gone, a full disk or a closed pipe never end a run.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

namespace midstream::examples {

/// Writes `text` if that can be done, and says whether it was.
inline bool show(std::FILE* stream, std::string_view text) noexcept {
    const bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
    const bool flushed = std::fflush(stream) == 0;
    std::clearerr(stream);  // there may be room, or a reader, next time
    return written && flushed;
}

/// To be called before anything is opened: writing to a pipe whose reader has gone, or beyond a limit on files, is a
/// failure like others and no signal, and no file gets the number of a standard stream that was closed.
inline void prepare_streams() noexcept {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    for (int descriptor = 0; descriptor <= 2; ++descriptor)
        if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return;
}

}  // namespace midstream::examples
