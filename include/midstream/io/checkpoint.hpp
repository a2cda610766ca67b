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
#include <filesystem>
#include <list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/describe.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/parameters.hpp"
#include "midstream/core/random.hpp"
#include "midstream/io/narrow.hpp"
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

/// One array of a list of contents: what a file says of it, and where its numbers lie.
struct Content {
    std::string path;
    Dtype dtype;
    Shape shape;  ///< any_extent of a std::vector of numbers
    std::span<std::byte> bytes;
    /// Gives a std::vector of numbers its length and returns where they are then; nullptr of everything else.
    std::span<std::byte> (*resize)(void* list, std::size_t size) = nullptr;
    void* list = nullptr;
};

/// Collects every number, Matrix, Vector and std::vector of numbers below what it is called with. All that reads and
/// writes works on what it found, so that types are walked once however many things are done with them.
class Contents {
public:
    template <class Node>
    void operator()(std::string_view name, Node& node) {
        const std::size_t length = path_.size();
        path_.append(length > 0 ? "." : "").append(name);
        add(node);
        path_.resize(length);
    }
    std::vector<Content> found{};

private:
    template <class Node>
    void add(Node& node) {
        using Plain = std::remove_const_t<Node>;
        if constexpr (Number<Plain>) {
            push({}, std::span(&node, 1));
        } else if constexpr (core::is_leaf<Plain>) {
            push(leaf_shape(node), std::span(node.values));
        } else if constexpr (is_list<Plain>) {
            push({any_extent}, std::span(node));
            if constexpr (!std::is_const_v<Node>) {
                found.back().list = &node;
                found.back().resize = [](void* list, std::size_t size) {
                    auto& numbers = *static_cast<Plain*>(list);
                    numbers.resize(size);
                    return std::as_writable_bytes(std::span(numbers));
                };
            }
        } else if constexpr (std::is_same_v<Plain, core::Random>) {
            (*this)("key", node.key);
            (*this)("counter", node.counter);
        } else if constexpr (is_box<Plain>) {
            add(*node);
        } else if constexpr (core::detail::is_array<Plain> || is_vector<Plain>) {
            for (std::size_t i = 0; i < node.size(); ++i) (*this)(std::to_string(i), node[i]);
        } else {
            Plain::visit(node, *this);
        }
    }
    template <class T, std::size_t Size>
    void push(Shape shape, std::span<T, Size> numbers) {
        using Plain = std::remove_const_t<T>;
        auto* first = reinterpret_cast<std::byte*>(const_cast<Plain*>(numbers.data()));
        found.push_back({path_, dtype_of<Plain>(), std::move(shape), {first, numbers.size_bytes()}});
    }

    template <class T, int R, int C>
    static Shape leaf_shape(const core::Matrix<T, R, C>&) {
        return {R, C};
    }
    template <class T, int N>
    static Shape leaf_shape(const core::Vector<T, N>&) {
        return {N};
    }
    template <class T, int N>
    static Shape leaf_shape(const core::Statistic<T, N>&) {
        return {N};
    }

    std::string path_{};
};

/// The tensor of a file that is wanted; where that is of float, one of 16 bits a number will do.
inline const Tensor& wanted_tensor(const SafetensorsReader& reader, const Content& content) {
    const Tensor* tensor = reader.find(content.path);
    const bool narrow = tensor && content.dtype == single_precision && is_narrow(tensor->dtype);
    return reader.get(content.path, narrow ? tensor->dtype : content.dtype, content.shape);
}

/// Throws an Error that names the tensor unless its numbers are finite; integers are.
inline void require_finite(const std::filesystem::path& path, const Tensor& tensor) {
    const auto check = [&](const auto& numbers) {
        require(path, core::all_finite(numbers),
                [&] { return "tensor '" + tensor.name + "' holds numbers that are not finite"; });
    };
    const auto view = [&]<class T>(T) {
        return std::span(reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T));
    };
    if (tensor.dtype == dtype_of<float>()) check(view(float{}));
    if (tensor.dtype == dtype_of<double>()) check(view(double{}));
    if (is_narrow(tensor.dtype)) {
        std::vector<float> numbers(tensor.bytes.size() / tensor.dtype.size);
        widen(tensor, numbers);
        check(numbers);
    }
}

/// Whether a content is written in fewer bits, where that is asked for: matrices and vectors of float.
inline bool is_narrowed(const Content& content) {
    return content.dtype == single_precision && !content.shape.empty() && content.shape != Shape{any_extent};
}
/// The numbers of such a content.
inline std::span<float> floats(const Content& content) {
    return {reinterpret_cast<float*>(content.bytes.data()), content.bytes.size() / sizeof(float)};
}
/// The same in 16 bits each.
inline std::vector<std::uint16_t> narrowed(const Dtype& dtype, const Content& content) {
    const std::span<const float> numbers = floats(content);
    std::vector<std::uint16_t> result(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        core::require(fits(dtype, numbers[i]), [&] {
            return "tensor '" + content.path + "' holds " + core::to_text(numbers[i]) + ", which is too large for " +
                   std::string(dtype.name);
        });
        result[i] = io::narrowed(dtype, numbers[i]);
    }
    return result;
}

inline constexpr const char* checkpoint_format = "midstream checkpoint 1";

}  // namespace detail

/// What `load` lets pass.
struct LoadOptions {
    bool extra = false;  ///< tensors in the file that were not asked for, as when only the model of a run is wanted
    bool not_finite = false;  ///< NaN and infinities
};

/// How `save` writes.
struct SaveOptions {
    /// The type of matrices and vectors of float: half_precision and bfloat16 make half the file, of 3 and 2 digits.
    /// `load` widens them again.
    Dtype floats = single_precision;
    std::string origin{};  ///< how its contents came about, in any words, for whoever finds the file; `io::origin`
};

/// Writes `contents` (see the head of this file) to `path`. `description` says what they belong to, in any words or as
/// a core::text (core/describe.hpp), of which `load` names the very part that differs.
/// The file is replaced whole: a crash at any moment leaves the previous or the new one.
template <class Contents>
void save(const std::filesystem::path& path, std::string_view description, const Contents& contents,
          const SaveOptions& options = {}) {
    core::require(options.floats == single_precision || is_narrow(options.floats), [&] {
        return "numbers of float cannot be written as " + std::string(options.floats.name) +
               ", valid are F32, F16 and BF16";
    });
    SafetensorsWriter writer;
    writer.metadata("format", detail::checkpoint_format);
    writer.metadata("description", std::string(description));
    if (!options.origin.empty()) writer.metadata("origin", options.origin);
    detail::Contents all;
    contents(all);
    std::list<std::vector<std::uint16_t>> narrow;  // which live until they are written
    for (const detail::Content& content : all.found) {
        const Shape shape =
            content.shape == Shape{any_extent} ? Shape{content.bytes.size() / content.dtype.size} : content.shape;
        if (is_narrow(options.floats) && detail::is_narrowed(content))
            writer.add(content.path, options.floats, shape,
                       std::as_bytes(std::span(narrow.emplace_back(detail::narrowed(options.floats, content)))));
        else
            writer.add(content.path, content.dtype, shape, content.bytes);
    }
    writer.save(path);
}

/// Rounds `contents` to what a file holds of them that `save` writes with these options. Throws as that does.
template <class Contents>
void round(const Contents& contents, const SaveOptions& options) {
    if (!is_narrow(options.floats)) return;
    detail::Contents all;
    contents(all);
    for (const detail::Content& content : all.found) {
        if (!detail::is_narrowed(content)) continue;
        const auto narrow = detail::narrowed(options.floats, content);
        const auto numbers = detail::floats(content);
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = widened(options.floats, narrow[i]);
    }
}

/// The description with which a checkpoint was saved.
inline std::string description(const SafetensorsReader& reader) {
    require(reader.path(), reader.metadata("format") == detail::checkpoint_format,
            "not a checkpoint of this version of midstream");
    return reader.metadata("description");
}

/// How a file's contents came about, in the words of who saved it (SaveOptions::origin); empty where nobody said.
inline std::string origin(const SafetensorsReader& reader) {
    const auto found = reader.metadata().find("origin");
    return found == reader.metadata().end() ? std::string() : found->second;
}

namespace detail {

inline void load(const SafetensorsReader& reader, std::string_view expected_description,
                 const std::vector<Content>& contents, const LoadOptions& options) {
    const std::filesystem::path& path = reader.path();
    const std::string found_description = description(reader);
    const auto difference = core::difference(found_description, expected_description);
    require(path, !difference, [&] {
        return difference->path.empty() ? "belongs to " + difference->found + ", expected " + difference->expected
                                        : "belongs to something else: " + difference->to_string();
    });
    std::set<std::string_view> wanted;
    for (const Content& content : contents) {
        require(path, wanted.insert(content.path).second,
                [&] { return "tensor '" + content.path + "' is asked for twice"; });
        const Tensor& tensor = detail::wanted_tensor(reader, content);
        if (!options.not_finite) require_finite(path, tensor);
    }
    for (const Tensor& tensor : reader.tensors())
        require(path, options.extra || wanted.contains(tensor.name),
                [&] { return "tensor " + core::quoted(tensor.name) + " was not expected"; });
    for (const Content& content : contents) {
        const Tensor& tensor = detail::wanted_tensor(reader, content);
        const auto target =
            content.resize ? content.resize(content.list, tensor.bytes.size() / tensor.dtype.size) : content.bytes;
        if (tensor.dtype == content.dtype)
            std::copy(tensor.bytes.begin(), tensor.bytes.end(), target.begin());
        else
            widen(tensor, std::span(reinterpret_cast<float*>(target.data()), target.size() / sizeof(float)));
    }
}

}  // namespace detail

/// Reads `contents` (see the head of this file) from a file that was read. One that does not fit is refused with an
/// Error that names the first difference (description; missing tensor, its type, its shape, a number that is not
/// finite; extra tensor) before anything is overwritten. A std::vector of numbers takes the length it has in the file.
template <class Contents>
void load(const SafetensorsReader& reader, std::string_view expected_description, const Contents& contents,
          const LoadOptions& options = {}) {
    detail::Contents all;
    contents([&]<class Node>(std::string_view name, Node& node) {
        static_assert(!std::is_const_v<Node>, "cannot load into a constant");
        all(name, node);
    });
    detail::load(reader, expected_description, all.found, options);
}
/// The same from `path`.
template <class Contents>
void load(const std::filesystem::path& path, std::string_view expected_description, const Contents& contents,
          const LoadOptions& options = {}) {
    load(SafetensorsReader(path), expected_description, contents, options);
}

}  // namespace midstream::io
