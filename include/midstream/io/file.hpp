/// \file
/// Whole files: read at once, and replaced so that a crash at any moment leaves the previous or the new file, never a
/// mixture (POSIX).
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
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

/// An open POSIX file for writing, closed at the end of its life. Every failure is an Error that names the file.
class OutputFile {
public:
    /// `flags` as of open(2).
    OutputFile(std::filesystem::path path, int flags)
        : path_(std::move(path)), descriptor_(::open(path_.c_str(), flags | O_CLOEXEC, 0666)) {
        check(descriptor_ >= 0, "open");
    }
    OutputFile(OutputFile&& other) noexcept
        : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
    OutputFile& operator=(OutputFile&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~OutputFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    /// Writes all of `bytes`; where the system takes them in one call (short lines), they arrive whole or not at all.
    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ::ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            check(written >= 0, "write");
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

    /// Returns once the contents are on the storage device. Some file systems cannot do that for folders (EINVAL).
    void synchronise() { check(::fsync(descriptor_) == 0 || errno == EINVAL, "synchronise"); }

private:
    void check(bool condition, const char* verb) const {
        require(path_, condition, [&] { return std::string("cannot ") + verb + ": " + std::strerror(errno); });
    }

    std::filesystem::path path_;
    int descriptor_;
};

/// Makes `path` a file of these pieces end to end: they are written to `path` + ".partial" (a leftover of a crash is
/// overwritten), brought to the storage device and renamed. One writer of a path at a time.
inline void replace_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> pieces) {
    std::filesystem::path partial = path;
    partial += ".partial";
    try {
        OutputFile file(partial, O_WRONLY | O_CREAT | O_TRUNC);
        for (const auto piece : pieces) file.write(piece);
        file.synchronise();
    } catch (...) {
        ::unlink(partial.c_str());
        throw;
    }
    std::error_code failure;
    std::filesystem::rename(partial, path, failure);
    if (failure) ::unlink(partial.c_str());
    require(path, !failure, [&] { return "cannot replace: " + failure.message(); });
    OutputFile(path.has_parent_path() ? path.parent_path() : ".", O_RDONLY | O_DIRECTORY).synchronise();
}

/// As above, for contents in one piece.
inline void replace_file(const std::filesystem::path& path, std::string_view contents) {
    const auto bytes = std::as_bytes(std::span(contents));
    replace_file(path, std::span(&bytes, 1));
}

/// A file read from its beginning. Every failure is an Error that names the file.
class InputFile {
public:
    explicit InputFile(std::filesystem::path path) : path_(std::move(path)), stream_(path_, std::ios::binary) {
        require(path_, io::exists(path_), "no such file");
        std::error_code failure;
        size_ = std::filesystem::file_size(path_, failure);
        require(path_, stream_.good() && !failure, "cannot open");
    }

    /// Its size in bytes.
    std::size_t size() const { return size_; }

    /// Fills `target` with the next bytes.
    void read(std::span<std::byte> target) {
        stream_.read(reinterpret_cast<char*>(target.data()), static_cast<std::streamsize>(target.size()));
        require(path_, stream_.good(), "the file ends early");
    }

private:
    std::filesystem::path path_;
    std::ifstream stream_;
    std::size_t size_ = 0;
};

/// The contents of a file.
inline std::string read_file(const std::filesystem::path& path) {
    InputFile file(path);
    std::string contents(file.size(), '\0');
    file.read(std::as_writable_bytes(std::span(contents)));
    return contents;
}

}  // namespace midstream::io
