/// \file
/// Checkpoints: everything a run consists of (parameters, optimiser moments, step counters, random streams), bit for
/// bit in one safetensors file. What that is, is said once, by a list that serves both ways:
///
///     const auto contents = [&](auto&& member) {
///         member("base", *parameters);   // a parameter struct or a core::Box of one; also an optimiser with `visit`
///         member("moments", *moments);
///         member("step", step);          // a number
///         member("random", random);      // a stream
///     };
///     const std::string description = core::text(core::describe<Model>());  // or any words
///     io::save("run.safetensors", description, contents);
///     io::load("run.safetensors", description, contents);
///
/// Tensors are named by their paths: "base.blocks.2.mixer.query". Members may be numbers, Matrix, Vector,
/// Statistic, core::Random, core::Box, std::array, std::vector, and structs of such that list their members in
/// `static void visit(auto& self, auto&& member)`. What is listed must outlive the call.
#pragma once

#include <algorithm>
#include <array>

#include "midstream/core/describe.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/parameters.hpp"
#include "midstream/core/random.hpp"
#include "midstream/io/safetensors.hpp"

namespace midstream::io {

namespace detail {

template <class T>
inline constexpr bool is_box = false;
template <class T>
inline constexpr bool is_box<core::Box<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_list = false;  // of numbers, with a length of its own
template <Number T>
inline constexpr bool is_list<std::vector<T>> = true;

/// Calls leaf(path, node) for every number, Matrix, Vector and std::vector of numbers below `node`.
template <class Node, class Leaf>
void walk(const std::string& path, Node& node, Leaf& leaf) {
    using Plain = std::remove_const_t<Node>;
    if constexpr (Number<Plain> || core::is_leaf<Plain> || is_list<Plain>) {
        leaf(path, node);
    } else if constexpr (std::is_same_v<Plain, core::Random>) {
        walk(path + ".key", node.key, leaf);
        walk(path + ".counter", node.counter, leaf);
    } else if constexpr (is_box<Plain>) {
        walk(path, *node, leaf);
    } else if constexpr (core::detail::is_array<Plain> || is_vector<Plain>) {
        for (std::size_t i = 0; i < node.size(); ++i) walk(path + "." + std::to_string(i), node[i], leaf);
    } else {
        Plain::visit(node,
                     [&](std::string_view name, auto& child) { walk(path + "." + std::string(name), child, leaf); });
    }
}

/// Calls leaf(path, node) for every leaf of a list of contents.
template <class Contents, class Leaf>
void walk_contents(const Contents& contents, Leaf&& leaf) {
    contents([&](std::string_view name, auto& node) { walk(std::string(name), node, leaf); });
}

/// The numbers of a leaf.
template <class Node>
auto numbers(Node& node) {
    if constexpr (Number<Node>)
        return std::span(&node, 1);
    else if constexpr (core::is_leaf<std::remove_const_t<Node>>)
        return std::span(node.values);
    else
        return std::span(node);
}
template <class Node>
using NumberOf = typename decltype(numbers(std::declval<Node&>()))::value_type;

template <class T, int R, int C>
Shape leaf_shape(const core::Matrix<T, R, C>&) {
    return {R, C};
}
template <class T, int N>
Shape leaf_shape(const core::Vector<T, N>&) {
    return {N};
}
template <class T, int N>
Shape leaf_shape(const core::Statistic<T, N>&) {
    return {N};
}
template <Number T>
Shape leaf_shape(const std::vector<T>& list) {
    return {list.size()};
}
template <Number T>
Shape leaf_shape(const T&) {
    return {};
}

inline constexpr const char* checkpoint_format = "midstream checkpoint 1";

}  // namespace detail

/// What `load` lets pass.
struct LoadOptions {
    bool extra = false;  ///< tensors in the file that were not asked for, as when only the model of a run is wanted
    bool not_finite = false;  ///< NaN and infinities
};

/// Writes `contents` (see the head of this file) to `path`. `description` says what they belong to, in any words or as
/// a core::text (core/describe.hpp), of which `load` names the very part that differs.
/// The file is replaced whole: a crash at any moment leaves the previous or the new one.
template <class Contents>
void save(const std::filesystem::path& path, std::string_view description, const Contents& contents) {
    SafetensorsWriter writer;
    writer.metadata("format", detail::checkpoint_format);
    writer.metadata("description", std::string(description));
    detail::walk_contents(contents, [&](const std::string& name, const auto& node) {
        writer.add(name, detail::leaf_shape(node), detail::numbers(node));
    });
    writer.save(path);
}

/// The description with which a checkpoint was saved.
inline std::string description(const SafetensorsReader& reader) {
    require(reader.path(), reader.metadata("format") == detail::checkpoint_format,
            "not a checkpoint of this version of midstream");
    return reader.metadata("description");
}

/// Reads `contents` (see the head of this file) from `path`. A file that does not fit is refused with an Error that
/// names the first difference (description; missing tensor, its type, its shape, a number that is not finite; extra
/// tensor) before anything is overwritten. A std::vector of numbers takes the length it has in the file.
template <class Contents>
void load(const std::filesystem::path& path, std::string_view expected_description, const Contents& contents,
          const LoadOptions& options = {}) {
    const SafetensorsReader reader(path);
    const std::string found_description = description(reader);
    const auto difference = core::difference(found_description, expected_description);
    require(path, !difference, [&] {
        return difference->path.empty() ? "belongs to " + difference->found + ", expected " + difference->expected
                                        : "belongs to something else: " + difference->to_string();
    });
    const auto stored = [&](const std::string& name, auto& node) {
        using Node = std::remove_reference_t<decltype(node)>;
        static_assert(!std::is_const_v<Node>, "cannot load into a constant");
        const Shape shape = detail::is_list<Node> ? Shape{any_extent} : detail::leaf_shape(node);
        return reader.get<detail::NumberOf<Node>>(name, shape);
    };
    std::set<std::string, std::less<>> wanted;
    detail::walk_contents(contents, [&](const std::string& name, auto& node) {
        require(path, wanted.insert(name).second, [&] { return "tensor '" + name + "' is asked for twice"; });
        const auto values = stored(name, node);
        if constexpr (std::is_floating_point_v<typename decltype(values)::value_type>) {
            const bool finite =
                std::all_of(values.begin(), values.end(), [](const auto& value) { return core::is_finite(value); });
            require(path, options.not_finite || finite,
                    [&] { return "tensor '" + name + "' holds numbers that are not finite"; });
        }
    });
    for (const Tensor& tensor : reader.tensors())
        require(path, options.extra || wanted.contains(tensor.name),
                [&] { return "tensor " + core::quoted(tensor.name) + " was not expected"; });
    detail::walk_contents(contents, [&](const std::string& name, auto& node) {
        const auto values = stored(name, node);
        if constexpr (detail::is_list<std::remove_reference_t<decltype(node)>>) node.resize(values.size());
        std::copy(values.begin(), values.end(), detail::numbers(node).begin());
    });
}

}  // namespace midstream::io
