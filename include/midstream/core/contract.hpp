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

}  // namespace midstream::core
