/// \file
/// Checks of what callers must guarantee, for use at the edges (files, arguments, configurations), never per step.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace midstream::core {

/// The one exception type of the library: a message that names the culprit and what was expected of it.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Throws Error with `message` unless `condition` holds.
inline void require(bool condition, std::string_view message) {
    if (!condition) throw Error(std::string(message));
}

/// As above, for messages that cost something to put together: `message()` is called only on failure.
template <class Message>
requires requires(Message message) { std::string(message()); }
void require(bool condition, Message&& message) {
    if (!condition) throw Error(std::string(message()));
}

/// Requires `low <= value <= high`; the message names the quantity and its valid range.
template <class T>
void require_range(T value, T low, T high, std::string_view name) {
    require(value >= low && value <= high, [&] {
        return std::string(name) + " is " + std::to_string(value) + ", valid is " + std::to_string(low) + " to " +
               std::to_string(high);
    });
}

}  // namespace midstream::core
