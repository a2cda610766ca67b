/// \file
/// Words in messages on options and in files of them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midstream::examples {

namespace detail {

/// How many letters must be put in, left out or changed to make one word the other.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t k = 0; k < b.size(); ++k)
            diagonal =
                std::exchange(row[k + 1], std::min({row[k + 1] + 1, row[k] + 1, diagonal + (a[i] == b[k] ? 0 : 1)}));
    }
    return row.back();
}

/// ", did you mean 'seed'?" where one of the names is close to `name`, or nothing.
inline std::string suggestion(std::string_view name, const std::vector<std::string>& names) {
    if (name.size() > 64) return {};
    const auto distance = [&](const std::string& other) { return edit_distance(name, other); };
    const auto nearest = std::min_element(names.begin(), names.end(),
                                          [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    if (nearest == names.end() || distance(*nearest) > std::max<std::size_t>(1, name.size() / 3)) return {};
    return ", did you mean '" + *nearest + "'?";
}

/// "a, b or c"
inline std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i)
        text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
    return text;
}

/// A text as a file of options has it.
inline std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < ' ')
            result += fmt::format("\\u{:04x}", static_cast<int>(c));
        else
            result += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return result + "\"";
}

}  // namespace detail

}  // namespace midstream::examples
