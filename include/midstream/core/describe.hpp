/// \file
/// What something is, as text that a file carries, so that it meets nothing but its like again: `core::describe<T>()`
/// of a type, `core::describe(value)` of a type with its run-time settings. Both begin with the type's name, which the
/// compiler knows; what the name leaves out a type lists, in the manner of `visit`:
///
///     template <int Width, class Activation>
///     struct MyLayer {                                                       // its template arguments
///         static constexpr void describe(auto&& part) {
///             part("width", Width);
///             part("activation", std::type_identity<Activation>{});
///         }
///     };
///     struct MyOptions {                                                     // its fields
///         double temperature = 1;
///         static constexpr void describe(const auto& self, auto&& part) { part("temperature", self.temperature); }
///     };
///
/// A type may have both lists, or, if it has neither arguments nor contents, none. Nothing can be forgotten: a list
/// shorter than the arguments or fields that there are is an error at compile time, as are contents without a list and
/// what has no name (lambdas). Fields of an aggregate that shape nothing a file holds are handed to
/// `part.leaves_out(...)`. Two cases are left to care: a class with private members alone knows what of it matters, and
/// a list is inherited, so that a type with a base that has one lists anew what is its own.
///
/// The text reads `control::GumbelSwitch{temperature=1}`; `difference` finds the first place in which two of them
/// differ. Names are spelled alike by GCC and Clang, but for templates without a list, which are described by what the
/// compiler at hand calls them.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"

namespace midstream::core {

/// A name or a value, and the named parts that it consists of; without a name a list.
struct Description {
    std::string name;
    std::vector<std::string> keys{};
    std::vector<Description> parts{};

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
    std::string path, found, expected;

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

/// Sixteen digits that stand for numbers too many to be listed, such as trained weights (FNV-1a of their bytes).
template <class T>
requires std::is_arithmetic_v<T> std::string fingerprint(std::span<const T> numbers) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::byte byte : std::as_bytes(numbers))
        hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
    std::string digits(16, '0');
    for (std::size_t i = 0; i < digits.size(); ++i) digits[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    return digits;
}

namespace detail {

template <class T>
constexpr auto signature() {
    return std::string_view(__PRETTY_FUNCTION__);
}
/// The type as the compiler spells it.
template <class T>
constexpr std::string_view spelling() {
    constexpr std::string_view known = "double";
    constexpr std::string_view pattern = signature<double>();
    constexpr std::size_t before = pattern.find(known), after = pattern.size() - before - known.size();
    constexpr std::string_view whole = signature<T>();
    return whole.substr(before, whole.size() - before - after);
}

/// Where the template arguments of the last name in a spelling begin, at their '<'; npos where it has none.
constexpr std::size_t arguments_begin(std::string_view spelled) {
    if (!spelled.ends_with('>')) return spelled.npos;
    int open = 0;
    for (std::size_t i = spelled.size(); i-- > 0;) {
        open += spelled[i] == '>';
        open -= spelled[i] == '<';
        if (open == 0) return i;
    }
    return spelled.npos;
}
/// How many template arguments are spelled out. GCC leaves out those that are as by default.
constexpr int spelled_arguments(std::string_view spelled) {
    std::size_t i = arguments_begin(spelled);
    if (i == spelled.npos || spelled[i + 1] == '>') return 0;
    int open = 0, count = 1;
    for (; i < spelled.size(); ++i) {
        const char c = spelled[i];
        open += c == '<' || c == '(' || c == '{' || c == '[';
        open -= c == '>' || c == ')' || c == '}' || c == ']';
        count += c == ',' && open == 1;
    }
    return count;
}

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}
/// A spelling without what GCC and Clang have different words for, and without the name of this library.
inline std::string normalised(std::string_view spelled) {
    std::string name(spelled);
    replace_all(name, "{anonymous}::", "anonymous::");
    replace_all(name, "(anonymous namespace)::", "anonymous::");
    replace_all(name, "> >", ">>");
    for (auto at = name.find("midstream::"); at != name.npos; at = name.find("midstream::", at))
        if (at == 0 || !(is_plain(name[at - 1])))
            name.erase(at, 11);
        else
            ++at;
    return name;
}
/// The name of a type without template arguments: "control::Metacontroller::Options".
inline std::string plain_name(std::string_view spelled) {
    std::string name;
    int open = 0;
    for (const char c : spelled) {
        open += c == '<';
        if (open == 0) name += c;
        open -= c == '>';
    }
    name = normalised(name);
    if (const auto function = name.rfind(")::"); function != name.npos) name.erase(0, function + 3);  // a local type
    return name;
}

template <class T>
constexpr bool is_lambda() {
    const auto spelled = spelling<T>();
    // GCC: "main()::<lambda()>", Clang: "(lambda at main.cpp:3:5)".
    return spelled.ends_with("<lambda") || spelled.find("<lambda(") != spelled.npos ||
           spelled.find("(lambda at") != spelled.npos || spelled.find("<unnamed ") != spelled.npos ||
           spelled.find("(unnamed ") != spelled.npos;
}

/// Does a spelling have a number with an exponent? Clang spells such with six digits, so that others would be alike.
constexpr bool is_rounded(std::string_view spelled) {
    for (std::size_t i = 1; i + 1 < spelled.size(); ++i)
        if (spelled[i] == 'e' && spelled[i - 1] >= '0' && spelled[i - 1] <= '9' &&
            (spelled[i + 1] == '-' || spelled[i + 1] == '+'))
            return true;
    return false;
}

/// Counts what a list has.
struct PartCount {
    int listed = 0, left_out = 0;
    constexpr void operator()(std::string_view, const auto&) { ++listed; }
    constexpr void leaves_out(const auto&... fields) { left_out += static_cast<int>(sizeof...(fields)); }
};

template <class T>
concept ListsArguments = requires(PartCount& count) {
    T::describe(count);
};
template <class T>
concept ListsFields = requires(const T& value, PartCount& count) {
    T::describe(value, count);
};

template <class T>
constexpr int listed_arguments() {
    PartCount count;
    T::describe(count);
    return count.listed;
}
template <class T>
constexpr int listed_fields() {
    const T value{};
    PartCount count;
    T::describe(value, count);
    return count.listed + count.left_out;
}
/// Whether listed_fields<T>() is a constant: of types that can be.
template <class T>
concept CountedByCompiler = requires {
    typename std::integral_constant<int, listed_fields<T>()>;
};

struct Anything {
    template <class T>
    operator T() const;
};
template <std::size_t>
using AnythingOf = Anything;
template <class T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
    return requires { T{AnythingOf<I>()...}; };
}
/// How many fields an aggregate has: the most initialisers that it takes.
template <class T, std::size_t Count = 0>
constexpr int field_count() {
    if constexpr (takes<T>(std::make_index_sequence<Count + 1>{}))
        return field_count<T, Count + 1>();
    else
        return static_cast<int>(Count);
}

template <auto Value>
constexpr auto value_signature() {
    return std::string_view(__PRETTY_FUNCTION__);
}
/// The enumerator's own name; of a value without one, its number.
template <class Enum, int Value = 0>
std::string enumerator(Enum value) {
    if constexpr (Value < 64) {
        if (static_cast<int>(value) != Value) return enumerator<Enum, Value + 1>(value);
        std::string_view spelled = value_signature<static_cast<Enum>(Value)>();
        spelled.remove_prefix(spelled.find('=') + 2);
        spelled.remove_suffix(1);
        if (const auto semicolon = spelled.find(';'); semicolon != spelled.npos)
            spelled.remove_suffix(spelled.size() - semicolon);
        if (!spelled.starts_with('(')) return std::string(spelled.substr(spelled.rfind(':') + 1));
    }
    return std::to_string(static_cast<int>(value));
}

template <class T>
inline constexpr bool is_type_identity = false;
template <class T>
inline constexpr bool is_type_identity<std::type_identity<T>> = true;

template <class T>
concept ListOfValues = requires(const T& list) {
    list.begin() != list.end();
    list.size();
};

}  // namespace detail

template <class Value>
Description describe(const Value& value);

namespace detail {
/// Adds what a list has to a description.
struct PartAppender {
    Description* description;
    PartCount count{};
    void operator()(std::string_view key, const auto& value) {
        count(key, value);
        description->set(key, core::describe(value));
    }
    void leaves_out(const auto&... fields) { count.leaves_out(fields...); }
};
}  // namespace detail

/// What a type is: its name and, as far as it lists them, its template arguments.
template <class T>
Description describe() {
    constexpr auto spelled = detail::spelling<T>();
    static_assert(!detail::is_lambda<T>(),
                  "a lambda cannot be described: it has no name; give what it does a type with a name");
    Description result;
    if constexpr (detail::ListsArguments<T>) {
        static_assert(detail::spelled_arguments(spelled) <= detail::listed_arguments<T>(),
                      "the type's describe(part) forgets a template argument");
        result.name = detail::plain_name(spelled);
        T::describe(detail::PartAppender{&result});
    } else if constexpr (detail::arguments_begin(spelled) != spelled.npos) {
        static_assert(!detail::is_rounded(spelled),
                      "a template with real numbers among its arguments cannot be described by the compiler's name for "
                      "it: give it a static constexpr describe(auto&& part) (core/describe.hpp)");
        result.name = detail::normalised(spelled);
    } else {
        result.name = detail::plain_name(spelled);
    }
    return result;
}

/// What a value is: a number, an enumerator or a string as itself, several of them as a list, and of all else its type
/// and, as far as there are any, its fields. std::type_identity<T>{} stands for the type T.
template <class Value>
Description describe(const Value& value) {
    if constexpr (std::same_as<Value, Description>) {
        return value;
    } else if constexpr (std::same_as<Value, bool>) {
        return {value ? "true" : "false"};
    } else if constexpr (std::is_arithmetic_v<Value>) {
        return {to_text(value)};
    } else if constexpr (std::is_enum_v<Value>) {
        return {detail::enumerator(value)};
    } else if constexpr (std::convertible_to<Value, std::string_view>) {
        const std::string_view words(value);
        return {words.empty() ? std::string("none") : std::string(words)};
    } else if constexpr (detail::is_type_identity<Value>) {
        return describe<typename Value::type>();
    } else if constexpr (detail::ListOfValues<Value>) {
        Description result;
        for (const auto& each : value) result.set(std::to_string(result.parts.size()), describe(each));
        return result;
    } else {
        static_assert(!std::is_pointer_v<Value>, "a pointer cannot be described: describe what it points to");
        static_assert(detail::ListsFields<Value> || std::is_empty_v<Value>,
                      "a value cannot be described that does not list its fields: give its type a static "
                      "describe(const auto& self, auto&& part) (core/describe.hpp)");
        Description result = describe<Value>();
        if constexpr (detail::ListsFields<Value>) {
            detail::PartAppender append{&result};
            Value::describe(value, append);
            if constexpr (std::is_aggregate_v<Value>) {
                constexpr int fields = detail::field_count<Value>();
                if constexpr (detail::CountedByCompiler<Value>)
                    static_assert(detail::listed_fields<Value>() == fields,
                                  "the type's describe(self, part) forgets a field, or lists one twice");
                core::require(append.count.listed + append.count.left_out == fields,
                              [&] { return "describe(self, part) of " + result.name + " forgets a field"; });
            }
        }
        return result;
    }
}

template <class Value>
requires(!std::same_as<Value, Description>) Description& Description::set(std::string_view key, const Value& value) {
    return set(key, core::describe(value));
}

}  // namespace midstream::core
