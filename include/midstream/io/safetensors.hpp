/// \file
/// The safetensors format: named arrays and a map of strings in one file, which Python reads in one line
/// (`safetensors.numpy.load_file`). A file is the length of its header (8 bytes, little-endian), the header (JSON: per
/// tensor its dtype, shape and range of bytes; "__metadata__" holds the strings) and the numbers, without gaps.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <ranges>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "midstream/io/file.hpp"
#include "midstream/io/shape.hpp"

namespace midstream::io {

/// An element type as safetensors names it.
struct Dtype {
    std::string_view name;
    std::size_t size;  ///< bytes
    friend bool operator==(const Dtype&, const Dtype&) = default;
};

/// All the element types files may hold. Those without a C++ number here can be listed but not read.
inline constexpr std::array<Dtype, 15> dtypes{{{"F64", 8},
                                               {"F32", 4},
                                               {"F16", 2},
                                               {"BF16", 2},
                                               {"F8_E5M2", 1},
                                               {"F8_E4M3", 1},
                                               {"I64", 8},
                                               {"I32", 4},
                                               {"I16", 2},
                                               {"I8", 1},
                                               {"U64", 8},
                                               {"U32", 4},
                                               {"U16", 2},
                                               {"U8", 1},
                                               {"BOOL", 1}}};

/// The dtype of a C++ number.
template <Number T>
constexpr Dtype dtype_of() {
    constexpr char kind = std::is_floating_point_v<T> ? 'F' : std::is_signed_v<T> ? 'I' : 'U';
    constexpr std::string_view bits = sizeof(T) == 8 ? "64" : sizeof(T) == 4 ? "32" : sizeof(T) == 2 ? "16" : "8";
    for (const Dtype& dtype : dtypes)
        if (dtype.name.front() == kind && dtype.name.substr(1) == bits) return dtype;
    return {};
}

/// A named array: a view of someone else's numbers.
struct Tensor {
    std::string name;
    Dtype dtype;
    Shape shape;
    std::span<const std::byte> bytes;
};

/// Collects named arrays and strings and writes them to a file. It keeps views: the arrays must live until `save`.
class SafetensorsWriter {
public:
    /// Adds a string to the file's metadata; a second one of that name replaces the first.
    void metadata(std::string name, std::string value) { metadata_[std::move(name)] = std::move(value); }

    /// Adds a row-major array of the given shape.
    template <std::ranges::contiguous_range Values>
    requires Number<std::ranges::range_value_t<Values>>
    void add(std::string name, Shape shape, const Values& values) {
        using T = std::ranges::range_value_t<Values>;
        const std::span<const T> numbers(values);
        core::require(byte_count(shape, sizeof(T)) == numbers.size_bytes(), [&] {
            return "tensor '" + name + "' has " + std::to_string(numbers.size()) + " numbers, not those of shape " +
                   to_string(shape);
        });
        tensors_.push_back({std::move(name), dtype_of<T>(), std::move(shape), std::as_bytes(numbers)});
    }

    /// Replaces the file whole (see replace_file).
    void save(const std::filesystem::path& path) const {
        // Wide numbers first, so that everything is aligned; else in the order of adding.
        std::vector<const Tensor*> order;
        for (const Tensor& tensor : tensors_) order.push_back(&tensor);
        std::sort(order.begin(), order.end(), [](const Tensor* a, const Tensor* b) {
            return a->dtype.size != b->dtype.size ? a->dtype.size > b->dtype.size : a < b;
        });

        nlohmann::ordered_json header = nlohmann::ordered_json::object();
        if (!metadata_.empty()) header["__metadata__"] = metadata_;
        std::size_t end = 0;
        std::set<std::string_view> names{"__metadata__"};
        std::vector<std::span<const std::byte>> pieces(2);
        for (const Tensor* tensor : order) {
            require(path, names.insert(tensor->name).second,
                    [&] { return "cannot save tensor '" + tensor->name + "': its name is taken"; });
            const std::size_t begin = std::exchange(end, end + tensor->bytes.size());
            header[tensor->name] = {
                {"dtype", tensor->dtype.name}, {"shape", tensor->shape}, {"data_offsets", {begin, end}}};
            pieces.push_back(tensor->bytes);
        }
        std::string text;
        try {
            text = header.dump();
        } catch (const nlohmann::json::exception& failure) {  // text that is not UTF-8
            throw core::Error(path.string() + ": cannot save the header: " + failure.what());
        }
        text.resize((text.size() + 7) / 8 * 8, ' ');
        const auto length = static_cast<std::uint64_t>(text.size());
        pieces[0] = std::as_bytes(std::span(&length, 1));
        pieces[1] = std::as_bytes(std::span(text));
        replace_file(path, pieces);
    }

private:
    std::map<std::string, std::string> metadata_;
    std::vector<Tensor> tensors_;
};

/// A safetensors file in memory. The file is not trusted: whatever is wrong with it is a core::Error that names the
/// file and the culprit. What `get` returns lives as long as the reader.
class SafetensorsReader {
public:
    explicit SafetensorsReader(std::filesystem::path path) : path_(std::move(path)) {
        InputFile file(path_);
        std::uint64_t length = 0;
        require(path_, file.size() >= sizeof(length), "too short for a safetensors file");
        file.read(std::as_writable_bytes(std::span(&length, 1)));
        require(path_, length <= file.size() - sizeof(length), [&] {
            return "the header is said to have " + std::to_string(length) + " bytes, the file has " +
                   std::to_string(file.size());
        });
        std::string header(length, '\0');
        file.read(std::as_writable_bytes(std::span(header)));
        data_.resize(file.size() - sizeof(length) - length);
        file.read(data_);
        parse(header);
    }
    SafetensorsReader(SafetensorsReader&&) = default;
    SafetensorsReader& operator=(SafetensorsReader&&) = default;

    /// The file it was read from.
    const std::filesystem::path& path() const { return path_; }

    /// The strings of the file.
    const std::map<std::string, std::string>& metadata() const { return metadata_; }

    /// The string of that name.
    const std::string& metadata(const std::string& name) const {
        const auto found = metadata_.find(name);
        require(path_, found != metadata_.end(), [&] { return "no metadata '" + name + "'"; });
        return found->second;
    }

    /// All arrays, in the order of their numbers in the file.
    const std::vector<Tensor>& tensors() const { return tensors_; }

    /// Is there a tensor of that name?
    bool contains(std::string_view name) const { return index_.find(name) != index_.end(); }

    /// The numbers of the tensor of that name, which must be of type T and of that shape (see any_extent).
    template <Number T>
    std::span<const T> get(std::string_view name, const Shape& shape) const {
        const auto found = index_.find(name);
        require(path_, found != index_.end(), [&] { return "tensor '" + std::string(name) + "' is missing"; });
        const Tensor& tensor = tensors_[found->second];
        require(path_, tensor.dtype == dtype_of<T>(), [&] {
            return "tensor '" + tensor.name + "' is of type " + std::string(tensor.dtype.name) + ", expected " +
                   std::string(dtype_of<T>().name);
        });
        require(path_, matches(tensor.shape, shape), [&] {
            return "tensor '" + tensor.name + "' has shape " + to_string(tensor.shape) + ", expected " +
                   to_string(shape);
        });
        return {reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
    }

private:
    using Json = nlohmann::json;

    void parse(const std::string& header) {
        // JSON itself lets a name occur twice and readers choose: here that is an error.
        std::vector<std::set<std::string>> open;
        std::string twice;
        const auto watch = [&](int, Json::parse_event_t event, Json& value) {
            if (event == Json::parse_event_t::object_start) open.emplace_back();
            if (event == Json::parse_event_t::object_end) open.pop_back();
            if (event == Json::parse_event_t::key && !open.back().insert(value.get<std::string>()).second)
                twice = value.get<std::string>();
            return true;
        };
        Json json;
        try {
            json = Json::parse(header, watch);
        } catch (const Json::exception& failure) {
            throw core::Error(path_.string() + ": the header is no JSON: " + failure.what());
        }
        require(path_, twice.empty(), [&] { return "the header holds '" + twice + "' twice"; });
        require(path_, json.is_object(), "the header is no JSON object");
        for (const auto& [name, entry] : json.items()) {
            if (name == "__metadata__")
                parse_metadata(entry);
            else
                tensors_.push_back(parse_tensor(name, entry));
        }
        std::sort(tensors_.begin(), tensors_.end(), [](const Tensor& a, const Tensor& b) {
            return std::tuple(a.bytes.data(), a.bytes.size(), std::string_view(a.name)) <
                   std::tuple(b.bytes.data(), b.bytes.size(), std::string_view(b.name));
        });
        std::size_t end = 0;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            const auto begin = static_cast<std::size_t>(tensors_[i].bytes.data() - data_.data());
            require(path_, begin == end, [&] {
                return "tensor '" + tensors_[i].name + "' begins at byte " + std::to_string(begin) +
                       " of the data, expected " + std::to_string(end) + ": tensors must follow one another";
            });
            end += tensors_[i].bytes.size();
            index_.emplace(tensors_[i].name, i);
        }
        require(path_, end == data_.size(), [&] {
            return "the tensors have " + std::to_string(end) + " bytes, the file has data of " +
                   std::to_string(data_.size());
        });
    }

    void parse_metadata(const Json& entry) {
        require(path_, entry.is_object(), "'__metadata__' is no JSON object");
        for (const auto& [name, value] : entry.items()) {
            require(path_, value.is_string(), [&, &key = name] { return "metadata '" + key + "' is no string"; });
            metadata_.emplace(name, value.get<std::string>());
        }
    }

    Tensor parse_tensor(const std::string& name, const Json& entry) const {
        const auto check = [&](bool condition, const char* message) {
            require(path_, condition, [&] { return "tensor '" + name + "' " + message; });
        };
        // The entry of that name, where it is a list of non-negative integers.
        const auto extents = [&](const char* key, const char* message) {
            check(entry.contains(key) && entry[key].is_array() &&
                      std::all_of(entry[key].begin(), entry[key].end(),
                                  [](const Json& extent) { return extent.is_number_unsigned(); }),
                  message);
            return entry[key].get<Shape>();
        };
        check(entry.is_object(), "is described by no JSON object");
        check(entry.contains("dtype") && entry["dtype"].is_string(), "has no dtype");
        const auto& dtype_name = entry["dtype"].get_ref<const std::string&>();
        const auto dtype = std::ranges::find(dtypes, dtype_name, &Dtype::name);
        require(path_, dtype != dtypes.end(), [&] { return "tensor '" + name + "' is of unknown type " + dtype_name; });
        const Shape shape = extents("shape", "has no valid shape");
        const Shape range = extents("data_offsets", "has no valid data_offsets");
        check(range.size() == 2 && range[0] <= range[1], "has no valid data_offsets");
        check(range[1] <= data_.size(), "has data_offsets beyond the end of the file");
        check(range[0] % dtype->size == 0, "is not aligned");
        require(path_, byte_count(shape, dtype->size) == range[1] - range[0], [&] {
            return "tensor '" + name + "' has " + std::to_string(range[1] - range[0]) + " bytes, not those of " +
                   dtype_name + " " + to_string(shape);
        });
        return {name, *dtype, shape, std::span(data_).subspan(range[0], range[1] - range[0])};
    }

    std::filesystem::path path_;
    std::vector<std::byte> data_;  // apart from the header, and so aligned for every type
    std::map<std::string, std::string> metadata_;
    std::vector<Tensor> tensors_;
    std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace midstream::io
