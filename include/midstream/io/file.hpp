/// \file
/// Whole files: read at once, and replaced so that a crash at any moment leaves the previous or the new file, never a
/// mixture (POSIX).
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "midstream/core/contract.hpp"

namespace midstream::io {

/// As core::require, with the name of the file before the message, which is a text or a callable that makes one.
template <class Message>
void require(const std::filesystem::path& path, bool condition, const Message& message) {
    core::require(condition, [&] {
        if constexpr (std::is_invocable_v<const Message&>)
            return path.string() + ": " + message();
        else
            return path.string() + ": " + message;
    });
}

/// Whether `path` is a regular file (or a link to one).
inline bool exists(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored);
}

namespace detail {

/// Requires what the system was asked for; `verb` says what that was.
inline void require_done(const std::filesystem::path& path, bool done, const char* verb) {
    const int reason = errno;
    require(path, done, [&] { return std::string("cannot ") + verb + ": " + std::strerror(reason); });
}

/// An open file of the system, closed at the end of its life; -1 for none.
class Descriptor {
public:
    Descriptor() = default;
    /// As open(2); nothing is required of it.
    Descriptor(const std::filesystem::path& path, int flags) {
        do number_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
        while (number_ < 0 && errno == EINTR);
    }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    explicit operator bool() const { return number_ >= 0; }
    int operator*() const { return number_; }

private:
    int number_ = -1;
};

}  // namespace detail

/// An open POSIX file for writing, closed at the end of its life. Every failure is an Error that names the file.
class OutputFile {
public:
    /// `flags` as of open(2).
    OutputFile(std::filesystem::path path, int flags) : path_(std::move(path)), descriptor_(path_, flags) {
        detail::require_done(path_, static_cast<bool>(descriptor_), "open");
    }
    /// A file that is open, which errors shall call `path`.
    OutputFile(std::filesystem::path path, detail::Descriptor descriptor)
        : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

    /// Writes all of `bytes`; where the system takes them in one call (short lines), they arrive whole or not at all.
    void write(std::span<const std::byte> bytes) { detail::require_done(path_, try_write(bytes), "write"); }
    /// The same of text.
    void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

    /// Writes all of `text` at the end of the file or, with an Error, nothing of it: what a full disk still took is
    /// taken back.
    void append(std::string_view text) {
        const ::off_t end = ::lseek(*descriptor_, 0, SEEK_END);
        const bool done = try_write(std::as_bytes(std::span(text.data(), text.size())));
        const int reason = errno;
        const bool taken_back = done || end < 0 || ::ftruncate(*descriptor_, end) == 0;
        errno = reason;
        detail::require_done(path_, done, taken_back ? "write" : "write, and part of a line was left in the file");
    }

    /// Returns once the contents are on the storage device. Some file systems cannot do that for folders (EINVAL).
    void synchronise() {
        int result = 0;
        do result = ::fsync(*descriptor_);
        while (result != 0 && errno == EINTR);
        detail::require_done(path_, result == 0 || errno == EINVAL, "synchronise");
    }

private:
    bool try_write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ::ssize_t written = ::write(*descriptor_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return false;
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
        return true;
    }

    std::filesystem::path path_;
    detail::Descriptor descriptor_;
};

namespace detail {

/// A new file that takes the place of `path` when it is whole, and is gone if it never is. Beside `path`, it has a name
/// of its own, so that no two writers meet, of one process or several; and it is locked as long as it is written, so
/// that what a killed writer left can be told from what another one is at, and be removed.
class Replacement {
public:
    explicit Replacement(const std::filesystem::path& path)
        : path_(path), folder_(path.has_parent_path() ? path.parent_path() : ".") {
        remove_abandoned();
        static std::atomic<unsigned> calls = 0;
        Descriptor descriptor;
        do {
            name_ = path;
            name_ += infix + std::to_string(::getpid()) + "." + std::to_string(calls++);
            descriptor = Descriptor(name_, O_WRONLY | O_CREAT | O_EXCL);
            require_done(path, descriptor || errno == EEXIST, "open");
        } while (!descriptor || !lock(*descriptor));
        file_ = OutputFile(path, std::move(descriptor));
    }
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement() {
        if (!name_.empty()) ::unlink(name_.c_str());
    }

    OutputFile& file() { return file_; }

    void take_place() {
        file_.synchronise();
        require_done(path_, ::rename(name_.c_str(), path_.c_str()) == 0, "replace");
        name_.clear();
        OutputFile(folder_, O_RDONLY | O_DIRECTORY).synchronise();
    }

private:
    static constexpr const char* infix = ".partial.";

    /// False if another writer took the new file for an abandoned one before it was locked. Where the file system has
    /// no locks, nobody can.
    static bool lock(int descriptor) {
        if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
        struct ::stat status {};
        return ::fstat(descriptor, &status) != 0 || status.st_nlink > 0;
    }

    void remove_abandoned() const {
        const std::string start = path_.filename().string() + infix;
        std::error_code failure;
        for (std::filesystem::directory_iterator entry(folder_, failure), end; !failure && entry != end;
             entry.increment(failure)) {
            const std::string name = entry->path().filename().string();
            if (!name.starts_with(start) || name.find_first_not_of("0123456789.", start.size()) != std::string::npos)
                continue;
            const Descriptor descriptor(entry->path(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
            if (descriptor && ::flock(*descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
        }
    }

    std::filesystem::path path_, folder_, name_;
    OutputFile file_{{}, Descriptor()};
};

}  // namespace detail

/// Makes `path` a file of these pieces end to end: they are written to a new file beside it, brought to the storage
/// device, and put in its place. A failure, such as a full disk, leaves the previous file and nothing else. Of several
/// writers at once the last one's file stays, whole.
inline void replace_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> pieces) {
    detail::Replacement replacement(path);
    for (const auto piece : pieces) replacement.file().write(piece);
    replacement.take_place();
}

/// As above, for contents in one piece.
inline void replace_file(const std::filesystem::path& path, std::string_view contents) {
    const auto bytes = std::as_bytes(std::span(contents.data(), contents.size()));
    replace_file(path, std::span(&bytes, 1));
}

/// A file read from its beginning, as it was when it was opened: who replaces it meanwhile changes nothing. Every
/// failure is an Error that names the file.
class InputFile {
public:
    /// Opens a regular file no larger than the machine's memory: else there is an Error.
    explicit InputFile(std::filesystem::path path) : path_(std::move(path)) {
        require(path_, io::exists(path_), "no such file");
        descriptor_ = detail::Descriptor(path_, O_RDONLY | O_NONBLOCK);  // a pipe would wait for a writer
        detail::require_done(path_, static_cast<bool>(descriptor_), "open");
        struct ::stat status {};
        require(path_, ::fstat(*descriptor_, &status) == 0 && S_ISREG(status.st_mode), "no regular file");
        size_ = static_cast<std::uint64_t>(status.st_size);
        require(path_, size_ <= memory(), [&] {
            return "its " + std::to_string(size_) + " bytes are more than this machine's memory of " +
                   std::to_string(memory());
        });
    }

    /// Its size in bytes.
    std::size_t size() const { return static_cast<std::size_t>(size_); }

    /// Fills `target` with the next bytes.
    void read(std::span<std::byte> target) {
        while (!target.empty()) {
            const ::ssize_t count = ::read(*descriptor_, target.data(), target.size());
            if (count < 0 && errno == EINTR) continue;
            detail::require_done(path_, count >= 0, "read");
            require(path_, count > 0, "the file ends early");
            target = target.subspan(static_cast<std::size_t>(count));
        }
    }

private:
    /// Bytes of memory, as far as that is known: files are read whole.
    static std::uint64_t memory() {
        constexpr std::uint64_t most = std::numeric_limits<std::size_t>::max() / 2;
        const auto pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
        if (pages <= 0 || size <= 0) return most;
        return std::min(most, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size));
    }

    std::filesystem::path path_;
    detail::Descriptor descriptor_;
    std::uint64_t size_ = 0;
};

/// The contents of a file.
inline std::string read_file(const std::filesystem::path& path) {
    InputFile file(path);
    std::string contents(file.size(), '\0');
    file.read(std::as_writable_bytes(std::span(contents.data(), contents.size())));
    return contents;
}

}  // namespace midstream::io
