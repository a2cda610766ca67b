/// \file
/// Numbers as options write them.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <system_error>

#include "midstream/core/contract.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/text.hpp"

namespace midstream::examples {

/// The number that `text` writes in decimal digits: all of it, without leading zeros (which elsewhere mean octal), and
/// within [low, high], which NaN is not.
template <class T>
T parse_number(std::string_view text, T low, T high, const std::string& where) {
    std::string_view digits = text;
    if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
    const std::string_view unsigned_digits = digits.substr(digits.starts_with('-') ? 1 : 0);
    const bool leading_zero = unsigned_digits.size() > 1 && unsigned_digits[0] == '0' && unsigned_digits[1] >= '0' &&
                              unsigned_digits[1] <= '9';
    T value{};
    bool read = false;
    if constexpr (std::integral<T>) {
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        read = failure == std::errc() && end == digits.data() + digits.size();
    } else if (const auto number = core::parse_number(digits)) {
        value = static_cast<T>(*number);
        read = core::is_finite(value);
    }
    core::require(read && !leading_zero && value >= low && value <= high, [&] {
        return fmt::format("{} is '{}', valid is a {} from {} to {}", where, text,
                           std::integral<T> ? "whole number" : "number", low, high);
    });
    return value;
}

}  // namespace midstream::examples
