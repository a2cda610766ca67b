/// \file
/// Numbers as text and back, and text of others in messages: always the same, whatever the locales of the program.
#pragma once

#include <locale.h>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#if __has_include(<xlocale.h>)
#include <xlocale.h>
#endif

#include "midstream/core/finite.hpp"

namespace midstream::core {

namespace detail {

/// Whether all of text is a decimal number as std::from_chars reads them, "-1.5e+07" or ".5" or "nan" or "-inf".
constexpr bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text == "inf" || text == "nan") return true;
    const auto digits = [&] {
        std::size_t count = 0;
        while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
        text.remove_prefix(count);
        return count;
    };
    std::size_t mantissa = digits();
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        mantissa += digits();
    }
    if (mantissa == 0) return false;
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return text.empty();
}

/// By the C library, for C++ libraries that lack from_chars and to_chars of real numbers (libc++ up to 19): the same
/// numbers, and the same texts but for the last digit of some powers of two (below 2^-20, for one).
namespace c_library {
/// The C locale as long as one of these lives.
struct ClassicLocale {
    ClassicLocale() {
        static const ::locale_t classic = ::newlocale(LC_ALL_MASK, "C", ::locale_t(0));
        previous = ::uselocale(classic);
    }
    ClassicLocale(const ClassicLocale&) = delete;
    ClassicLocale& operator=(const ClassicLocale&) = delete;
    ~ClassicLocale() { ::uselocale(previous); }
    ::locale_t previous;
};
inline std::optional<double> read_number(std::string_view text) {
    const ClassicLocale classic;
    const double value = std::strtod(std::string(text).c_str(), nullptr);
    const std::string_view digits = text.substr(0, text.find_first_of("eE"));
    const bool zero = digits.find_first_of("123456789") == std::string_view::npos;
    const bool special = digits.find_first_of("in") != std::string_view::npos;              // "inf", "nan"
    if (!special && (!is_finite(value) || (!zero && value >= 0 && value <= 0))) return {};  // beyond a double's range
    return value;
}
template <std::floating_point T>
void append_shortest(std::string& text, T value) {
    const ClassicLocale classic;
    if (!is_finite(value)) {
        text += is_nan(value) ? "nan" : value > 0 ? "inf" : "-inf";
        return;
    }
    // With as few digits as will do; then the shorter of both ways to write them, "-10" rather than "-1e+01".
    char scientific[48];
    int precision = 0;
    for (; precision < std::numeric_limits<T>::max_digits10; ++precision) {
        std::snprintf(scientific, sizeof(scientific), "%.*e", precision, static_cast<double>(value));
        if (static_cast<T>(std::strtod(scientific, nullptr)) == value) break;
    }
    const std::string_view written = scientific;
    const int exponent = std::atoi(scientific + written.find('e') + 1);
    char plain[400];
    std::snprintf(plain, sizeof(plain), "%.*f", std::max(0, precision - exponent), static_cast<double>(value));
    text += std::string_view(plain).size() <= written.size() ? std::string_view(plain) : written;
}
}  // namespace c_library

/// For microcontrollers, where a number is seen in a message at most: to_chars has tables of 100 KB, and the printf of
/// small C libraries no real numbers.
namespace six_digits {
template <std::floating_point T>
void append_shortest(std::string& text, T number) {
    if (!is_finite(number)) {
        text += is_nan(number) ? "nan" : number > 0 ? "inf" : "-inf";
        return;
    }
    double value = static_cast<double>(number);
    if (value < 0) {
        text += '-';
        value = -value;
    }
    int exponent = 0;
    for (; value >= 10; value /= 10) ++exponent;
    for (; value > 0 && value < 1; value *= 10) --exponent;
    auto digits = static_cast<long>(value * 1e5 + 0.5);
    if (digits >= 1'000'000) {
        digits /= 10;
        ++exponent;
    }
    std::string written = std::to_string(digits);
    written.erase(written.find_last_not_of('0') + 1);
    if (written.empty()) written = "0";
    const auto count = static_cast<int>(written.size());
    if (exponent < -4 || exponent > 5) {
        if (count > 1) written.insert(1, ".");
        written += "e" + std::to_string(exponent);
    } else if (exponent < 0) {
        written.insert(0, "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0'));
    } else if (count <= exponent) {
        written.append(static_cast<std::size_t>(exponent + 1 - count), '0');
    } else if (count > exponent + 1) {
        written.insert(static_cast<std::size_t>(exponent) + 1, ".");
    }
    text += written;
}
}  // namespace six_digits

#ifdef __cpp_lib_to_chars
template <std::floating_point T>
void append_shortest(std::string& text, T value) {
#ifdef __NEWLIB__
    six_digits::append_shortest(text, value);
#else
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
#endif
}
inline std::optional<double> read_number(std::string_view text) {
    double value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) return {};
    return value;
}
#else
using c_library::append_shortest;
using c_library::read_number;
#endif

}  // namespace detail

/// Appends the shortest text that reads back as the same number, a float or a double: "0.1", "1e-09", "nan".
template <std::floating_point T>
void append_number(std::string& text, const T& value) {
    detail::append_shortest(text, value);
}

/// A number of any type as text.
template <class T>
requires std::integral<T> || std::floating_point<T> std::string to_text(const T& value) {
    if constexpr (std::integral<T>) {
        return std::to_string(value);
    } else {
        std::string text;
        append_number(text, value);
        return text;
    }
}

/// The number that `text` is from its first to its last character, or nothing: "-1.5e+07", "nan", "-inf". What no
/// double comes near ("1e999") is none.
inline std::optional<double> parse_number(std::string_view text) {
    if (!detail::is_number(text)) return {};
    return detail::read_number(text);
}

/// Text from a file or a user for a message: within quotes, control characters written out, and not without end.
inline std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 100;
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    std::string result = "'";
    for (const char character : text.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x20 || byte == 0x7f)
            result += {'\\', 'x', hexadecimal[byte / 16], hexadecimal[byte % 16]};
        else
            result += character;
    }
    return result + (text.size() > longest ? "...'" : "'");
}

}  // namespace midstream::core
