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

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

#include "midstream/core/contract.hpp"
#include "midstream/core/description.hpp"
#include "midstream/core/reflection.hpp"

namespace midstream::core {

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
