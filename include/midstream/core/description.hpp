/// \file
/// Descriptions as data: what a name or a value consists of, its text and the way back, and the first difference of
/// two.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/hash.hpp"

namespace midstream::core {

/// A name or a value, and the named parts that it consists of; without a name a list.
struct Description {
    std::string name;                  ///< of the type or enumerator, or a number as text; empty for a list
    std::vector<std::string> keys{};   ///< names of the parts, one for each
    std::vector<Description> parts{};  ///< what is described under each of the keys

    /// Puts a part in its place: that of an earlier one of this name, or the end.
    Description& set(std::string_view key, Description part) {
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (keys[i] == key) return parts[i] = std::move(part), *this;
        keys.emplace_back(key);
        parts.push_back(std::move(part));
        return *this;
    }
    /// As above, of anything that can be described; for descriptions that a program puts together.
    template <class Value>
    requires(!std::same_as<Value, Description>) Description& set(std::string_view key, const Value& value);

    /// The part of that name; null if there is none.
    const Description* find(std::string_view key) const {
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (keys[i] == key) return &parts[i];
        return nullptr;
    }
    friend bool operator==(const Description&, const Description&) = default;
};

namespace detail {

constexpr bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':' ||
           c == '.' || c == '+' || c == '-';
}

/// Of names and values that stand without quotes.
constexpr bool is_unquoted(char c) { return is_plain(c) || c == ' ' || c == ';'; }

inline void append_text(const Description& description, std::string& text) {
    const bool list = description.name.empty();
    bool plain = true;
    for (const char c : description.name) plain = plain && is_unquoted(c);
    if (!plain) text += '"';
    for (const char c : description.name) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    if (!plain) text += '"';
    if (description.parts.empty() && !list) return;
    text += list ? '[' : '{';
    for (std::size_t i = 0; i < description.parts.size(); ++i) {
        if (i > 0) text += ", ";
        if (!list) text.append(description.keys[i]).append(1, '=');
        append_text(description.parts[i], text);
    }
    text += list ? ']' : '}';
}

/// Reads what append_text wrote; `read` takes its part off the front of `left`, or returns false.
struct DescriptionReader {
    std::string_view left;

    bool take(std::string_view token) {
        if (!left.starts_with(token)) return false;
        left.remove_prefix(token.size());
        return true;
    }
    bool read_word(std::string& word) {
        if (take("\"")) {
            while (!left.empty() && left[0] != '"') {
                if (take("\\") && left.empty()) return false;
                word += left[0];
                left.remove_prefix(1);
            }
            return take("\"");
        }
        while (!left.empty() && is_unquoted(left[0])) {
            word += left[0];
            left.remove_prefix(1);
        }
        return !word.empty();
    }
    bool read(Description& description, int depth = 0) {
        if (depth > 100) return false;  // nobody's description, and no reason to overflow the stack
        const bool list = left.starts_with('[');
        if (!list && !read_word(description.name)) return false;
        const std::string_view end = list ? "]" : "}";
        if (!take(list ? "[" : "{")) return true;
        if (take(end)) return true;
        do {
            std::string key = std::to_string(description.parts.size());
            if (!list && (key.clear(), !read_word(key) || !take("="))) return false;
            description.keys.push_back(std::move(key));
            if (!read(description.parts.emplace_back(), depth + 1)) return false;
        } while (take(", "));
        return take(end);
    }
};

}  // namespace detail

/// The text of a description: `name{key=part, key=part}`, a list `[part, part]`. Names of other characters than
/// letters, digits and _:.+- are quoted.
inline std::string text(const Description& description) {
    std::string result;
    detail::append_text(description, result);
    return result;
}

/// The description that a text is of; nothing where it is some other text.
inline std::optional<Description> parse_description(std::string_view text) {
    detail::DescriptionReader reader{text};
    Description result;
    if (!reader.read(result) || !reader.left.empty()) return std::nullopt;
    return result;
}

/// Where two descriptions part ways: the names on the way there joined by dots (none where they differ from the start),
/// and what each has there, or "nothing".
struct Difference {
    std::string path,  ///< names on the way there, joined by dots
        found,         ///< what is there
        expected;      ///< what should be there

    /// The same of a part called `key` of something larger.
    Difference within(std::string_view key) const {
        return {path.empty() ? std::string(key) : std::string(key) + "." + path, found, expected};
    }
    /// "switch is control::SoftSwitch, expected control::GumbelSwitch{temperature=1}"
    std::string to_string() const {
        const auto shorter = [](const std::string& what) {
            constexpr std::size_t most = 200;
            return what.size() <= most ? what : what.substr(0, most) + " ...";
        };
        return (path.empty() ? std::string("it") : path) + " is " + shorter(found) + ", expected " + shorter(expected);
    }
};

/// The first difference in the order of `expected`; what it does not have comes last.
inline std::optional<Difference> difference(const Description& found, const Description& expected) {
    if (found.name != expected.name) return Difference{"", text(found), text(expected)};
    for (std::size_t i = 0; i < expected.parts.size(); ++i) {
        const Description* part = found.find(expected.keys[i]);
        if (!part) return Difference{expected.keys[i], "nothing", text(expected.parts[i])};
        if (auto inner = difference(*part, expected.parts[i])) return inner->within(expected.keys[i]);
    }
    for (std::size_t i = 0; i < found.parts.size(); ++i)
        if (!expected.find(found.keys[i])) return Difference{found.keys[i], text(found.parts[i]), "nothing"};
    return std::nullopt;
}
/// The same of texts, which may be any: those of no description differ as a whole.
inline std::optional<Difference> difference(std::string_view found, std::string_view expected) {
    if (found == expected) return std::nullopt;
    const auto one = parse_description(found), other = parse_description(expected);
    if (one && other)
        if (auto result = difference(*one, *other)) return result;
    return Difference{"", "'" + std::string(found) + "'", "'" + std::string(expected) + "'"};
}

/// Sixteen digits that stand for numbers too many to be listed, such as trained weights (core::hash).
template <class T>
requires std::is_arithmetic_v<T> std::string fingerprint(std::span<const T> numbers) {
    const std::uint64_t number = hash(numbers);
    std::string digits(16, '0');
    for (std::size_t i = 0; i < digits.size(); ++i) digits[i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    return digits;
}

}  // namespace midstream::core
