/// \file
/// Episodes as files: one safetensors file with the arrays of data::Episodes under their names (endings only where
/// there are any), and its spaces in words. Nothing that breaks what the models rely on (offsets in order, indices in
/// range, finite numbers) passes.
#pragma once

#include <cmath>

#include "midstream/data/episodes.hpp"
#include "midstream/io/safetensors.hpp"

namespace midstream::data {

/// A space in words, such as "OneHots<637, 13>".
template <int Dimension, int Count>
std::string describe(OneHots<Dimension, Count>) {
    return "OneHots<" + std::to_string(Dimension) + ", " + std::to_string(Count) + ">";
}
template <int Width>
std::string describe(Dense<Width>) {
    return "Dense<" + std::to_string(Width) + ">";
}
template <int Classes, int Groups>
std::string describe(Categories<Classes, Groups>) {
    return "Categories<" + std::to_string(Classes) + ", " + std::to_string(Groups) + ">";
}
template <int Width>
std::string describe(Continuous<Width>) {
    return "Continuous<" + std::to_string(Width) + ">";
}
inline std::string describe(None) { return "None"; }

/// How many values an entry of the space may take (0, 1, ... up to it, excluded); 0 where it is a real number.
template <class Space>
inline constexpr int entry_count = 0;
template <int Dimension, int Count>
inline constexpr int entry_count<OneHots<Dimension, Count>> = Dimension;
template <int Classes, int Groups>
inline constexpr int entry_count<Categories<Classes, Groups>> = Classes;

namespace detail {

/// Throws unless every entry of row `row` is valid in the space.
template <class Space, class Element>
void validate_row(const std::vector<Element>& values, int row, std::string_view name) {
    for (int column = 0; column < Space::width; ++column) {
        const Element value = values[static_cast<std::size_t>(row) * Space::width + static_cast<std::size_t>(column)];
        const auto place = [&] {
            return std::string(name) + " [" + std::to_string(row) + ", " + std::to_string(column) + "]";
        };
        if constexpr (entry_count < Space >> 0) {
            if (value < 0 || value >= entry_count<Space>)
                core::require_range<int>(value, 0, entry_count<Space> - 1, place());
        } else {
            core::require(std::isfinite(value), [&] { return place() + " is not finite"; });
        }
    }
}

}  // namespace detail

/// Throws an Error that names the culprit unless offsets begin at 0 and ascend (every episode has a row), every array
/// has its length, indices are in range and real numbers finite (but for the unused target of an episode's last row).
template <class Observation, class Action, class Target, class T>
void validate(const Episodes<Observation, Action, Target, T>& episodes) {
    core::require(!episodes.offsets.empty() && episodes.offsets.front() == 0, "offsets do not begin with 0");
    for (std::size_t i = 1; i < episodes.offsets.size(); ++i)
        core::require(episodes.offsets[i] > episodes.offsets[i - 1],
                      [&] { return "offsets [" + std::to_string(i) + "] does not ascend"; });
    const auto rows = static_cast<std::size_t>(episodes.rows());
    const auto require_size = [](std::size_t size, std::size_t expected, const char* name) {
        core::require(size == expected, [&] {
            return std::string(name) + " has " + std::to_string(size) + " entries, expected " +
                   std::to_string(expected);
        });
    };
    require_size(episodes.observations.size(), rows * Observation::width, "observations");
    require_size(episodes.actions.size(), rows * Action::width, "actions");
    require_size(episodes.targets.size(), rows * Target::width, "targets");
    require_size(episodes.subgoals.size(), rows, "subgoals");
    require_size(episodes.returns.size(), static_cast<std::size_t>(episodes.count()), "returns");
    if (!episodes.endings.empty())
        require_size(episodes.endings.size(), static_cast<std::size_t>(episodes.count()) * Observation::width,
                     "endings");
    const core::Sequences sequences = episodes.sequences();
    for (int episode = 0; episode < sequences.count(); ++episode) {
        for (int row = sequences.first(episode); row < sequences.first(episode + 1); ++row) {
            detail::validate_row<Observation>(episodes.observations, row, "observations");
            detail::validate_row<Action>(episodes.actions, row, "actions");
            if (row + 1 < sequences.first(episode + 1)) detail::validate_row<Target>(episodes.targets, row, "targets");
        }
        if (!episodes.endings.empty()) detail::validate_row<Observation>(episodes.endings, episode, "endings");
        core::require(std::isfinite(episodes.returns[static_cast<std::size_t>(episode)]),
                      [&] { return "returns [" + std::to_string(episode) + "] is not finite"; });
    }
}

namespace detail {

inline constexpr const char* dataset_format = "midstream episodes 1";

/// Calls text(name, what) for each string that says what the file holds.
template <class Observation, class Action, class Target, class Text>
void visit_description(const std::string& origin, Text&& text) {
    text("format", std::string(dataset_format));
    text("observation", describe(Observation{}));
    text("action", describe(Action{}));
    text("target", describe(Target{}));
    if (!origin.empty()) text("origin", origin);
}

/// Calls member(name, vector, shape) for each array; shapes are those of `count` episodes with `rows` rows in all.
template <class Observation, class Action, class Target, class E, class Member>
void visit_arrays(E& episodes, std::size_t count, std::size_t rows, Member&& member) {
    member("offsets", episodes.offsets, io::Shape{count + 1});
    member("observations", episodes.observations, io::Shape{rows, Observation::width});
    member("actions", episodes.actions, io::Shape{rows, Action::width});
    member("targets", episodes.targets, io::Shape{rows, Target::width});
    member("subgoals", episodes.subgoals, io::Shape{rows});
    member("returns", episodes.returns, io::Shape{count});
}

/// validate, with the file's name before the message.
template <class E>
void validate_for(const std::filesystem::path& path, const E& episodes) {
    try {
        validate(episodes);
    } catch (const core::Error& error) {
        throw core::Error(path.string() + ": " + error.what());
    }
}

}  // namespace detail

/// Replaces the file by these episodes, which must be valid. `origin` may say where they come from.
template <class Observation, class Action, class Target, class T>
void save(const std::filesystem::path& path, const Episodes<Observation, Action, Target, T>& episodes,
          const std::string& origin = {}) {
    detail::validate_for(path, episodes);
    io::SafetensorsWriter writer;
    detail::visit_description<Observation, Action, Target>(
        origin, [&](const char* name, std::string text) { writer.metadata(name, std::move(text)); });
    detail::visit_arrays<Observation, Action, Target>(
        episodes, static_cast<std::size_t>(episodes.count()), static_cast<std::size_t>(episodes.rows()),
        [&](const char* name, const auto& values, io::Shape shape) { writer.add(name, std::move(shape), values); });
    if (!episodes.endings.empty())
        writer.add("endings", io::Shape{static_cast<std::size_t>(episodes.count()), Observation::width},
                   episodes.endings);
    writer.save(path);
}

/// Reads episodes of these very spaces and, if `origin` is given, of this very origin; anything else in the file is an
/// Error that names the file and the culprit, and leaves `episodes` as they were.
template <class Observation, class Action, class Target, class T>
void load(const std::filesystem::path& path, Episodes<Observation, Action, Target, T>& episodes,
          const std::string& origin = {}) {
    const io::SafetensorsReader reader(path);
    detail::visit_description<Observation, Action, Target>(origin, [&](const char* name, const std::string& expected) {
        const std::string& found = reader.metadata(name);
        io::require(path, found == expected,
                    [&] { return std::string(name) + " is '" + found + "', expected '" + expected + "'"; });
    });
    const auto offsets = reader.get<int>("offsets", {io::any_extent});
    io::require(path, !offsets.empty() && offsets.back() >= 0, "offsets do not end with the number of rows");
    Episodes<Observation, Action, Target, T> result;
    detail::visit_arrays<Observation, Action, Target>(
        result, offsets.size() - 1, static_cast<std::size_t>(offsets.back()),
        [&](const char* name, auto& values, const io::Shape& shape) {
            const auto found = reader.get<typename std::remove_reference_t<decltype(values)>::value_type>(name, shape);
            values.assign(found.begin(), found.end());
        });
    if (reader.contains("endings")) {
        const auto found =
            reader.get<typename Observation::template Element<T>>("endings", {offsets.size() - 1, Observation::width});
        result.endings.assign(found.begin(), found.end());
    }
    detail::validate_for(path, result);
    episodes = std::move(result);
}

}  // namespace midstream::data
