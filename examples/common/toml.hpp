/// \file
/// Settings from a file: a TOML file (read by toml++) as a list of single values. Arrays and dates, which no setting
/// takes, are refused.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "midstream/core/contract.hpp"

namespace midstream::examples {

/// A value that was given for a setting.
struct Given {
    std::string name;   ///< "discover.alpha"
    std::string text;   ///< the value; of a string what it says
    std::string where;  ///< "--discover.alpha" or "run.toml: line 3: discover.alpha", for messages
    enum class Form { any, quoted, bare } form = Form::any;  ///< in a file strings are quoted and numbers are not
};

namespace detail {

inline void append_values(const toml::table& table, const std::string& prefix, const std::string& file,
                          std::vector<Given>& found) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        const std::string where = file + ": line " + std::to_string(key.source().begin.line) + ": " + name;
        if (const toml::table* inner = node.as_table()) {
            append_values(*inner, name + ".", file, found);
        } else if (const auto* text = node.as_string()) {
            found.push_back({name, text->get(), where, Given::Form::quoted});
        } else if (const auto* whole = node.as_integer()) {
            found.push_back({name, std::to_string(whole->get()), where, Given::Form::bare});
        } else if (const auto* number = node.as_floating_point()) {
            found.push_back({name, core::to_text(number->get()), where, Given::Form::bare});
        } else if (const auto* truth = node.as_boolean()) {
            found.push_back({name, truth->get() ? "true" : "false", where, Given::Form::bare});
        } else {
            core::fail(where + " is an array or a date, and every setting is a text, a number, true or false");
        }
    }
}

/// The line of the first character beyond ASCII that stands neither in a string nor in a comment, or 0: TOML has none
/// there, and toml++ 3.3 takes some for what cannot be.
inline int line_of_stray_character(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
    int line = 1;
    char quote = 0;  // the kind of string that one is in
    bool comment = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') {
            ++line;
            comment = false;
        } else if (comment) {
            continue;
        } else if (quote) {
            if (c == '\\' && quote == '"') ++i;
            if (c == quote) quote = 0;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '#') {
            comment = true;
        } else if (static_cast<unsigned char>(c) >= 0x80) {
            return line;
        }
    }
    return 0;
}

}  // namespace detail

/// toml++ goes down a dotted key by recursion: what is longer than anybody's setting is refused before.
inline constexpr std::size_t longest_line = 10'000;

/// The values of a file's text; `file` names it in messages. Throws Error with the line that is not TOML.
inline std::vector<Given> read_toml(std::string_view text, const std::string& file) {
    std::vector<Given> found;
    for (std::size_t begin = 0; begin < text.size(); begin = std::min(text.find('\n', begin), text.size() - 1) + 1)
        core::require(std::min(text.find('\n', begin), text.size()) - begin <= longest_line, [&] {
            return file + " has a line of more than " + std::to_string(longest_line) +
                   " characters, which no setting takes";
        });
    const int stray = detail::line_of_stray_character(text);
    core::require(stray == 0, [&] {
        return file + ": line " + std::to_string(stray) +
               ": a character beyond ASCII stands neither in quotes nor in a comment";
    });
    try {
        detail::append_values(toml::parse(text, file), "", file, found);
    } catch (const toml::parse_error& error) {
        core::fail(file + ": line " + std::to_string(error.source().begin.line) + ": " +
                   std::string(error.description()));
    }
    return found;
}

}  // namespace midstream::examples
