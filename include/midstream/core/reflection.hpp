/// \file
/// What the compiler knows of a type: its name, how many template arguments and fields it has, and the names of
/// enumerators. For core/describe.hpp, which holds lists of parts against this.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "midstream/core/description.hpp"

namespace midstream::core {

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
/// The name of the enumerator of that value; empty where there is none.
template <class Enum, int Value>
constexpr std::string_view enumerator_name() {
    std::string_view spelled = value_signature<static_cast<Enum>(Value)>();
    spelled.remove_prefix(spelled.find('=') + 2);
    spelled.remove_suffix(1);
    if (const auto semicolon = spelled.find(';'); semicolon != spelled.npos)
        spelled.remove_suffix(spelled.size() - semicolon);
    return spelled.starts_with('(') ? std::string_view() : spelled.substr(spelled.rfind(':') + 1);
}
template <class Enum, int... Values>
std::string enumerator(Enum value, std::integer_sequence<int, Values...>) {
    std::string_view name;
    ((static_cast<int>(value) == Values ? void(name = enumerator_name<Enum, Values>()) : void()), ...);
    return name.empty() ? std::to_string(static_cast<int>(value)) : std::string(name);
}
/// The enumerator's own name; its number where it has none, or is beyond what takes the compiler no time.
template <class Enum>
std::string enumerator(Enum value) {
    return enumerator(value, std::make_integer_sequence<int, 16>{});
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

}  // namespace midstream::core
