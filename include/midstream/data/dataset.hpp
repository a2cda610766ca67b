/// \file
/// Episodes as files: one safetensors file with the arrays of data::Episodes under their names (but for absent ones),
/// and what its spaces are. Nothing that breaks what the models rely on (data::validate) passes.
#pragma once

#include <algorithm>

#include "midstream/core/describe.hpp"
#include "midstream/data/episodes.hpp"
#include "midstream/data/validate.hpp"
#include "midstream/io/safetensors.hpp"

namespace midstream::data {

namespace detail {

inline constexpr const char* dataset_format = "midstream episodes 1";

/// Calls text(name, what) for each string that says what the file holds.
template <class Observation, class Action, class Target, class Text>
void visit_description(const std::string& origin, Text&& text) {
    text("format", std::string(dataset_format));
    text("observation", core::text(core::describe<Observation>()));
    text("action", core::text(core::describe<Action>()));
    text("target", core::text(core::describe<Target>()));
    if (!origin.empty()) text("origin", origin);
}

/// Calls member(name, vector, shape, optional) for each array; shapes are those of `count` episodes with `rows` rows in
/// all.
template <class Observation, class Action, class Target, class E, class Member>
void visit_arrays(E& episodes, std::size_t count, std::size_t rows, Member&& member) {
    member("offsets", episodes.offsets, io::Shape{count + 1}, false);
    member("observations", episodes.observations, io::Shape{rows, Observation::width}, false);
    member("actions", episodes.actions, io::Shape{rows, Action::width}, false);
    member("targets", episodes.targets, io::Shape{rows, Target::width}, true);
    member("subgoals", episodes.subgoals, io::Shape{rows}, true);
    member("returns", episodes.returns, io::Shape{count}, true);
    member("endings", episodes.endings, io::Shape{count, Observation::width}, true);
}

}  // namespace detail

/// Replaces the file by these episodes, which must be valid. `origin` may say where they come from (core/describe.hpp).
template <class Observation, class Action, class Target, class T>
void save(const std::filesystem::path& path, const Episodes<Observation, Action, Target, T>& episodes,
          const std::string& origin = {}) {
    validate(episodes, {}, path.string());
    io::SafetensorsWriter writer;
    detail::visit_description<Observation, Action, Target>(
        origin, [&](const char* name, std::string text) { writer.metadata(name, std::move(text)); });
    detail::visit_arrays<Observation, Action, Target>(episodes, static_cast<std::size_t>(episodes.count()),
                                                      static_cast<std::size_t>(episodes.rows()),
                                                      [&](const char* name, const auto& values, io::Shape shape, bool) {
                                                          if (values.size() == io::byte_count(shape, 1))
                                                              writer.add(name, std::move(shape), values);
                                                      });
    writer.save(path);
}

/// Reads episodes of these very spaces and, if `origin` is given, of this very origin; anything else in the file is an
/// Error that names the file and the culprit, and leaves `episodes` as they were. Arrays that the file lacks and that
/// episodes can do without are absent.
template <class Observation, class Action, class Target, class T>
void load(const std::filesystem::path& path, Episodes<Observation, Action, Target, T>& episodes,
          const std::string& origin = {}) {
    const io::SafetensorsReader reader(path);
    detail::visit_description<Observation, Action, Target>(origin, [&](const char* name, const std::string& expected) {
        const auto difference = core::difference(reader.metadata(name), expected);
        io::require(path, !difference, [&] { return difference->within(name).to_string(); });
    });
    const auto offsets = reader.get<int>("offsets", {io::any_extent});
    io::require(path, !offsets.empty() && offsets.back() >= 0, "offsets do not end with the number of rows");
    Episodes<Observation, Action, Target, T> result;
    detail::visit_arrays<Observation, Action, Target>(
        result, offsets.size() - 1, static_cast<std::size_t>(offsets.back()),
        [&](const char* name, auto& values, const io::Shape& shape, bool optional) {
            const bool present = std::any_of(reader.tensors().begin(), reader.tensors().end(),
                                             [&](const io::Tensor& tensor) { return tensor.name == name; });
            if (optional && !present) return;
            const auto found = reader.get<typename std::remove_reference_t<decltype(values)>::value_type>(name, shape);
            values.assign(found.begin(), found.end());
        });
    validate(result, {}, path.string());
    episodes = std::move(result);
}

}  // namespace midstream::data
