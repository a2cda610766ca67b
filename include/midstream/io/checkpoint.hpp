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
#include <cstring>
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
#include "midstream/io/contents.hpp"
#include "midstream/io/narrow.hpp"
#include "midstream/io/safetensors.hpp"

namespace midstream::io {

namespace detail {

/// Whether it may be written in another number of bits than it has: floats, and matrices of 8 bits.
inline bool is_flexible(const Content& content) { return content.dtype == single_precision || !content.scales.empty(); }

/// The tensor of a file that is wanted; where that is of float or of 8 bits, any of these types will do.
inline const Tensor& wanted_tensor(const SafetensorsReader& reader, const Content& content) {
    const Tensor* tensor = reader.find(content.path);
    const bool other =
        tensor && is_flexible(content) && (tensor->dtype == single_precision || is_narrow(tensor->dtype));
    return reader.get(content.path, other ? tensor->dtype : content.dtype, content.shape);
}
/// The scales of such a tensor, if it is of 8 bits; else none.
inline std::span<const float> wanted_scales(const SafetensorsReader& reader, const Content& content,
                                            const Tensor& tensor) {
    if (!is_flexible(content) || tensor.dtype != eight_bits) return {};
    require(reader.path(), content.shape.size() == 2,
            [&] { return "tensor '" + content.path + "' is no matrix, and yet of 8 bits"; });
    return reader.get<float>(scales_of(content.path), {content.shape[0]});
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
    if (tensor.dtype == half_precision || tensor.dtype == bfloat16) {
        std::vector<float> numbers(tensor.bytes.size() / tensor.dtype.size);
        widen(tensor.dtype, tensor.bytes, {}, numbers);
        check(numbers);
    }
}

/// Whether a content is written as this type of fewer bits, where that is asked for: matrices of float, and vectors
/// unless they would have one scale for all.
inline bool is_narrowed(const Content& content, const Dtype& dtype) {
    return is_narrow(dtype) && content.dtype == single_precision && !content.shape.empty() &&
           content.shape != Shape{any_extent} && (dtype != eight_bits || content.shape.size() == 2);
}
/// The numbers of a content of float.
inline std::span<float> floats(std::span<std::byte> bytes) {
    return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
}
/// The same in fewer bits.
inline Narrow narrowed(const Dtype& dtype, const Content& content) {
    const std::span<const float> numbers = floats(content.bytes);
    for (const float number : numbers)
        core::require(fits(dtype, number), [&] {
            return "tensor '" + content.path + "' holds " + core::to_text(number) + ", which is too large for " +
                   std::string(dtype.name);
        });
    return io::narrowed(dtype, numbers, content.shape.size() == 2 ? content.shape[0] : 1);
}

/// Puts what a tensor of any of the flexible types holds where it belongs.
inline void convert(const Tensor& tensor, std::span<const float> scales, const Content& content,
                    std::span<std::byte> target) {
    const auto wide = [&](std::span<float> numbers) {
        if (tensor.dtype == single_precision)
            std::memcpy(numbers.data(), tensor.bytes.data(), tensor.bytes.size());
        else
            widen(tensor.dtype, tensor.bytes, scales, numbers);
    };
    if (content.scales.empty()) return wide(floats(target));
    std::vector<float> numbers(target.size());
    wide(numbers);
    const Narrow narrow = io::narrowed(eight_bits, numbers, content.scales.size());
    std::copy(narrow.bytes.begin(), narrow.bytes.end(), target.begin());
    std::copy(narrow.scales.begin(), narrow.scales.end(), content.scales.begin());
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
    /// The type of matrices and vectors of float: half_precision and bfloat16 make half the file, of 3 and 2 digits;
    /// eight_bits a quarter, of matrices alone, whose rows have a scale each. `load` widens them again.
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
               ", valid are F32, F16, BF16 and I8";
    });
    SafetensorsWriter writer;
    writer.metadata("format", detail::checkpoint_format);
    writer.metadata("description", std::string(description));
    if (!options.origin.empty()) writer.metadata("origin", options.origin);
    detail::Contents all;
    contents(all);
    std::list<Narrow> narrow;  // which live until they are written
    for (const detail::Content& content : all.found) {
        const Shape shape =
            content.shape == Shape{any_extent} ? Shape{content.bytes.size() / content.dtype.size} : content.shape;
        std::span<const float> scales = content.scales;
        if (detail::is_narrowed(content, options.floats)) {
            const Narrow& numbers = narrow.emplace_back(detail::narrowed(options.floats, content));
            writer.add(content.path, options.floats, shape, numbers.bytes);
            scales = numbers.scales;
        } else {
            writer.add(content.path, content.dtype, shape, content.bytes);
        }
        if (!scales.empty()) writer.add(scales_of(content.path), {scales.size()}, scales);
    }
    writer.save(path);
}

/// Rounds `contents` to what a file holds of them that `save` writes with these options. Throws as that does.
template <class Contents>
void round(const Contents& contents, const SaveOptions& options) {
    detail::Contents all;
    contents(all);
    for (const detail::Content& content : all.found)
        if (detail::is_narrowed(content, options.floats)) {
            const Narrow narrow = detail::narrowed(options.floats, content);
            widen(options.floats, narrow.bytes, narrow.scales, detail::floats(content.bytes));
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
        if (!wanted_scales(reader, content, tensor).empty()) {
            const Tensor& scales = *reader.find(scales_of(content.path));
            wanted.insert(scales.name);
            if (!options.not_finite) require_finite(path, scales);
        }
    }
    for (const Tensor& tensor : reader.tensors())
        require(path, options.extra || wanted.contains(tensor.name),
                [&] { return "tensor " + core::quoted(tensor.name) + " was not expected"; });
    for (const Content& content : contents) {
        const Tensor& tensor = detail::wanted_tensor(reader, content);
        const auto target =
            content.resize ? content.resize(content.list, tensor.bytes.size() / tensor.dtype.size) : content.bytes;
        const auto scales = wanted_scales(reader, content, tensor);
        if (tensor.dtype == content.dtype) {
            std::copy(tensor.bytes.begin(), tensor.bytes.end(), target.begin());
            std::copy(scales.begin(), scales.end(), content.scales.begin());
        } else {
            convert(tensor, scales, content, target);
        }
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
