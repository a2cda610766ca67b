/// \file
/// Settings from a file: the part of TOML 1.0 that names single values. Comments, dotted and quoted keys, tables,
/// inline tables, strings on one line, numbers and truth values are read; arrays, dates and strings over several lines,
/// which no setting takes, are refused like everything else that is not understood. Our own, as toml++ 3.3 ends on an
/// assertion, or in what it holds for unreachable, within seconds of fuzzing.
#pragma once

#include <cstdint>
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

class TomlReader {
public:
    TomlReader(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
        if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
    }

    std::vector<Given> read() {
        std::string table;
        while (skip_to_content()) {
            if (take('[')) {
                refuse_if(peek() == '[', "an array of tables is no setting");
                table = key() + ".";
                refuse_if(!take(']'), "the table's name has no ']' after it");
            } else {
                pair(table, 0);
            }
            skip_blanks();
            if (peek() == '#') skip_comment();
            refuse_if(!at_end() && !take_line_end(), "what follows the value is not understood");
        }
        return std::move(found_);
    }

private:
    bool at_end() const { return at_ >= text_.size(); }
    char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    bool take(char c) {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool take_line_end() {
        if (peek() == '\r' && peek(1) == '\n') ++at_;
        if (!take('\n')) return false;
        ++line_;
        return true;
    }
    void skip_blanks() {
        while (peek() == ' ' || peek() == '\t') ++at_;
    }
    void skip_comment() {
        while (!at_end() && peek() != '\n' && !(peek() == '\r' && peek(1) == '\n')) ++at_;
    }
    /// Skips blank lines and comments; false at the end of the text.
    bool skip_to_content() {
        do {
            skip_blanks();
            if (peek() == '#') skip_comment();
        } while (take_line_end());
        return !at_end();
    }
    std::string place() const { return file_ + ": line " + std::to_string(line_); }
    void refuse_if(bool condition, const std::string& message) const {
        core::require(!condition, [&] { return place() + ": " + message; });
    }

    static bool is_bare(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }
    /// Parts between dots, with blanks around them and around the whole.
    std::string key() {
        std::string name;
        do {
            skip_blanks();
            std::string part;
            if (peek() == '"' || peek() == '\'')
                part = string();
            else
                while (is_bare(peek())) part += text_[at_++];
            refuse_if(part.empty(), "a setting's name is expected");
            name += (name.empty() ? "" : ".") + part;
            skip_blanks();
        } while (take('.'));
        return name;
    }
    /// key = value; an inline table's pairs come one by one.
    void pair(const std::string& table, int depth) {
        const std::string name = table + key();
        refuse_if(!take('='), name + " has no '=' after it");
        skip_blanks();
        const auto add = [&](std::string text, Given::Form form) {
            found_.push_back({name, std::move(text), place() + ": " + name, form});
        };
        if (peek() == '"' || peek() == '\'') return add(string(), Given::Form::quoted);
        refuse_if(peek() == '[', name + " is an array, and every setting is a single value");
        if (!take('{')) return add(bare_value(name), Given::Form::bare);
        refuse_if(depth == 8, "tables lie too deep in each other");
        skip_blanks();
        if (take('}')) return;
        do pair(name + ".", depth + 1), skip_blanks();
        while (take(','));
        refuse_if(!take('}'), "the table of " + name + " has no '}' after it");
    }
    /// A number or truth value, without the underscores that may stand between digits.
    std::string bare_value(const std::string& name) {
        const auto digit = [](char c) { return c >= '0' && c <= '9'; };
        std::string text;
        for (char before = '\0'; is_bare(peek()) || peek() == '+' || peek() == '.' || peek() == ':'; ++at_) {
            if (peek() != '_' || !digit(before) || !digit(peek(1))) text += peek();
            before = peek();
        }
        refuse_if(text.empty(), name + " has no value that is understood");
        return text;
    }
    /// What a string in quotes of either kind says.
    std::string string() {
        const char quote = text_[at_];
        refuse_if(peek(1) == quote && peek(2) == quote, "a string over several lines is no setting");
        ++at_;
        std::string text;
        while (!take(quote)) {
            const char c = peek();
            refuse_if(static_cast<unsigned char>(c) < ' ' && c != '\t', "a string does not end on its line");
            ++at_;
            if (c == '\\' && quote == '"')
                escape(text);
            else
                text += c;
        }
        return text;
    }
    void escape(std::string& text) {
        static constexpr std::string_view names = "btnfr\"\\", meanings = "\b\t\n\f\r\"\\";
        const char c = peek();
        if (c != 'u' && c != 'U') {
            const auto which = at_end() ? std::string_view::npos : names.find(c);
            refuse_if(which == std::string_view::npos, "a backslash is not followed by what TOML knows");
            text += meanings[which];
            ++at_;
            return;
        }
        ++at_;
        std::uint32_t code = 0;
        for (int i = 0; i < (c == 'u' ? 4 : 8); ++i, ++at_) {
            static constexpr std::string_view digits = "0123456789abcdef";
            const char lower = peek() >= 'A' && peek() <= 'F' ? static_cast<char>(peek() - 'A' + 'a') : peek();
            const auto value = digits.find(lower);
            refuse_if(at_end() || value == std::string_view::npos, "a character's number has too few digits");
            code = code * 16 + static_cast<std::uint32_t>(value);
        }
        refuse_if(code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) || code == 0, "a character's number is none");
        const auto byte = [&](std::uint32_t bits) { text += static_cast<char>(bits); };
        if (code < 0x80) return byte(code);
        if (code < 0x800) {
            byte(0xC0 | code >> 6);
        } else {
            if (code < 0x10000) {
                byte(0xE0 | code >> 12);
            } else {
                byte(0xF0 | code >> 18);
                byte(0x80 | (code >> 12 & 0x3F));
            }
            byte(0x80 | (code >> 6 & 0x3F));
        }
        byte(0x80 | (code & 0x3F));
    }

    std::string_view text_;
    std::string file_;
    std::size_t at_ = 0;
    int line_ = 1;
    std::vector<Given> found_;
};

}  // namespace detail

/// The values of a file's text, in their order; `file` names it in messages. Throws Error with the line that is not
/// understood.
inline std::vector<Given> read_toml(std::string_view text, const std::string& file) {
    return detail::TomlReader(text, file).read();
}

}  // namespace midstream::examples
