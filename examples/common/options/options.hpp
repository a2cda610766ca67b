/// \file
/// Options by name, from a command line and a file (toml.hpp) alike. What is not understood, out of range or given
/// twice is an Error of one sentence.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/options/number.hpp"
#include "common/options/spelling.hpp"
#include "common/options/toml.hpp"
#include "midstream/io/file.hpp"

namespace midstream::examples {

/// What was given, each name once.
using GivenByName = std::map<std::string, Given, std::less<>>;

/// A list of options that are bound to variables.
class Options {
public:
    /// A number within [low, high].
    template <class T>
    void number(std::string name, T& value, T low, T high, std::string help) {
        add(
            std::move(name), fmt::format("{} ({} to {})", help, low, high), Form::bare,
            [&value, low, high](const Given& given) { value = parse_number(given.text, low, high, given.where); },
            [&value] { return fmt::format("{}", value); });
    }
    /// A text that is not empty.
    void text(std::string name, std::string& value, std::string help) {
        add(
            std::move(name), std::move(help), Form::quoted,
            [&value](const Given& given) {
                core::require(!given.text.empty(), [&] { return given.where + " is empty"; });
                core::require(given.text.find('\0') == std::string::npos,
                              [&] { return given.where + " holds a zero byte"; });
                value = given.text;
            },
            [&value] { return value.empty() ? std::string() : detail::quoted(value); });
    }
    /// One of some words.
    void choice(std::string name, std::string& value, std::vector<std::string> words, std::string help) {
        add(
            std::move(name), std::move(help), Form::quoted,
            [&value, words = std::move(words)](const Given& given) {
                core::require(std::find(words.begin(), words.end(), given.text) != words.end(), [&] {
                    return given.where + " is '" + given.text + "', valid is " + detail::listed(words);
                });
                value = given.text;
            },
            [&value] { return detail::quoted(value); });
    }
    /// Yes or no; on a command line its name alone says yes.
    void flag(std::string name, bool& value, std::string help) {
        add(
            std::move(name), std::move(help), Form::bare,
            [&value](const Given& given) {
                core::require(given.text == "true" || given.text == "false",
                              [&] { return given.where + " is '" + given.text + "', valid is true or false"; });
                value = given.text == "true";
            },
            [&value] { return std::string(value ? "true" : "false"); });
        options_.back().flag = true;
    }

    /// A command line, split into what is named and the words that stand alone.
    struct Line {
        std::vector<Given> named;
        std::vector<std::string> words;
        bool help = false;   ///< was --help or -h among them?
        bool print = false;  ///< was --print-config?
    };
    /// Splits "--name value", "--name=value" and, of flags, "--name".
    Line split(std::span<const std::string> arguments) const {
        Line line;
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            const std::string& argument = arguments[i];
            if (argument == "--help" || argument == "-h") {
                line.help = true;
            } else if (argument == "--print-config") {
                line.print = true;
            } else if (!argument.starts_with('-')) {
                line.words.push_back(argument);
            } else {
                core::require(argument.starts_with("--"), [&] { return "'" + argument + "' is no option"; });
                const auto equals = argument.find('=');
                const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
                Given given{name, "true", "--" + name};
                const Option& option = find(given.name, given.where);
                if (equals != std::string::npos) {
                    given.text = argument.substr(equals + 1);
                } else if (!option.flag) {
                    core::require(i + 1 < arguments.size() && !arguments[i + 1].starts_with("--"),
                                  [&] { return given.where + " has no value after it"; });
                    given.text = arguments[++i];
                }
                line.named.push_back(std::move(given));
            }
        }
        return line;
    }

    /// What a command line and the file that its "--config" names give; the command line wins. Nothing is set yet.
    GivenByName gather(const Line& line) const {
        GivenByName given = once(line.named);
        const auto config = given.find("config");
        if (config != given.end()) given.merge(once(read_file(config->second.text)));
        return given;
    }
    /// The values of a file.
    static std::vector<Given> read_file(const std::string& path) {
        auto given = read_toml(io::read_file(path), path);
        for (const Given& each : given)
            core::require(each.name != "config", [&] { return each.where + ": a file cannot name another"; });
        return given;
    }
    /// By name; one that is no option, or comes twice, is an Error.
    GivenByName once(const std::vector<Given>& given) const {
        GivenByName result;
        for (const Given& each : given) {
            find(each.name, each.where);
            core::require(result.emplace(each.name, each).second, [&] { return each.where + " is given twice"; });
        }
        return result;
    }

    /// Sets what was given.
    void set(const GivenByName& given) {
        for (const auto& entry : given) {
            const Given& each = entry.second;
            const Option& option = find(each.name, each.where);
            core::require(each.form == Form::any || each.form == option.form, [&] {
                return each.where + (option.form == Form::quoted ? " is a text, which stands in quotes"
                                                                 : " is no text, and stands without quotes");
            });
            option.set(each);
        }
    }

    /// One paragraph for each option: name, value, what it is and its range.
    std::string help() const {
        std::string result;
        for (const Option& option : options_) {
            const std::string value = option.value();
            const std::string after = option.flag ? "" : value.empty() ? " ..." : " " + value;
            result += fmt::format("  --{}{}\n      {}\n", option.name, after, option.help);
        }
        return result + "  --print-config\n      prints all options as a file for --config, and ends\n";
    }

    /// All values as a file that can be given back by --config.
    std::string as_file() const {
        std::string result;
        for (const Option& option : options_)
            if (const std::string value = option.value(); !value.empty() && option.name != "config")
                result += option.name + " = " + value + "\n";
        return result;
    }

private:
    using Form = Given::Form;
    struct Option {
        std::string name, help;
        Form form;
        std::function<void(const Given&)> set;
        std::function<std::string()> value;  ///< as a file has it; empty: none
        bool flag = false;
    };

    void add(std::string name, std::string help, Form form, std::function<void(const Given&)> set,
             std::function<std::string()> value) {
        options_.push_back({std::move(name), std::move(help), form, std::move(set), std::move(value)});
    }
    const Option& find(const std::string& name, const std::string& where) const {
        const auto found =
            std::find_if(options_.begin(), options_.end(), [&](const Option& option) { return option.name == name; });
        core::require(found != options_.end(), [&] {
            std::vector<std::string> names;
            for (const Option& option : options_) names.push_back(option.name);
            return where + " is no option" + detail::suggestion(name, names);
        });
        return *found;
    }

    std::vector<Option> options_;
};

}  // namespace midstream::examples
