/// \file
/// Checks of what callers must guarantee, for use at the edges (files, arguments, configurations), never per step.
#pragma once

#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>

#include "midstream/core/text.hpp"

#ifndef __cpp_exceptions
#include <cstdio>
#include <cstdlib>
#endif

namespace midstream::core {

/// The one exception type of the library: a message that names the culprit and what was expected of it.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// How every error of the library leaves it: as an Error. In programs compiled without exceptions (-fno-exceptions) the
/// message goes to the standard error stream instead, and the program is aborted.
[[noreturn]] inline void fail(const std::string& message) {
#ifdef __cpp_exceptions
    throw Error(message);
#else
    std::fprintf(stderr, "%s\n", message.c_str());
    std::abort();
#endif
}

/// Fails with `message` unless `condition` holds.
inline void require(bool condition, std::string_view message) {
    if (!condition) fail(std::string(message));
}

/// As above, for messages that cost something to put together: `message()` is called only on failure.
template <class Message>
requires requires(Message message) { std::string(message()); }
void require(bool condition, Message&& message) {
    if (!condition) fail(std::string(message()));
}

/// Requires `low <= value <= high`, which no NaN is; the message names the quantity and its valid range.
template <class T>
void require_range(T value, T low, T high, std::string_view name) {
    bool number = true;
    if constexpr (std::floating_point<T>) number = !is_nan(value);
    require(number && value >= low && value <= high, [&] {
        return std::string(name) + " is " + to_text(value) + ", valid is " + to_text(low) + " to " + to_text(high);
    });
}

/// `index`, of which is required that 0 <= index < count: for what users' types say, wherever else memory would be
/// read or written out of bounds. One comparison; the message names what `name` says.
constexpr int require_index(int index, int count, const char* name) {
    if (static_cast<unsigned>(index) >= static_cast<unsigned>(count)) [[unlikely]]
        require_range(index, 0, count - 1, name);
    return index;
}

/// Are bounds checked in inner loops, where no batch passes unless it was checked before? As of assert(): unless NDEBUG
/// is defined. Inline functions depend on it, so all sources of one program need to be of one mind about NDEBUG.
#ifdef NDEBUG
inline constexpr bool checked = false;
#else
inline constexpr bool checked = true;
#endif

/// As require, in builds that are `checked`; nothing in others.
template <class Message>
constexpr void check([[maybe_unused]] bool condition, [[maybe_unused]] Message&& message) {
    if constexpr (checked) {
        if (!condition) [[unlikely]]
            require(false, message);
    }
}

}  // namespace midstream::core
