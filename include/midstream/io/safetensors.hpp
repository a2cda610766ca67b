/// \file
/// The safetensors format: named arrays and a map of strings in one file, which Python reads in one line
/// (`safetensors.numpy.load_file`). A file is the length of its header (8 bytes, little-endian), the header (JSON: per
/// tensor its dtype, shape and range of bytes; "__metadata__" holds the strings) and the numbers, without gaps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ranges>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "midstream/io/file.hpp"
#include "midstream/io/safetensors_header.hpp"
#include "midstream/io/shape.hpp"

namespace midstream::io {

namespace detail {
/// Whether `text` is UTF-8, which all text in JSON is: what is not, the writer of JSON can leave out or replace.
template <class Json>
bool is_utf8(const std::string& text) {
    const Json json(text);
    using Handler = typename Json::error_handler_t;
    return json.dump(-1, ' ', false, Handler::ignore) == json.dump(-1, ' ', false, Handler::replace);
}
}  // namespace detail

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
        add(std::move(name), dtype_of<T>(), std::move(shape), std::as_bytes(std::span<const T>(values)));
    }
    /// The same of an array of which only the bytes are at hand.
    void add(std::string name, const Dtype& dtype, Shape shape, std::span<const std::byte> bytes) {
        core::require(byte_count(shape, dtype.size) == bytes.size(), [&] {
            return "tensor " + core::quoted(name) + " has " + std::to_string(bytes.size() / dtype.size) +
                   " numbers, not those of shape " + to_string(shape);
        });
        tensors_.push_back({std::move(name), dtype, std::move(shape), bytes});
    }

    /// Replaces the file whole (see replace_file). `Json` keeps the order of what is put into it; a parameter, so that
    /// sources which write no file are compiled without it.
    template <class Json = nlohmann::ordered_json>
    void save(const std::filesystem::path& path) const {
        // Wide numbers first, so that everything is aligned; else in the order of adding.
        std::vector<const Tensor*> order;
        for (const Tensor& tensor : tensors_) order.push_back(&tensor);
        std::sort(order.begin(), order.end(), [](const Tensor* a, const Tensor* b) {
            return a->dtype.size != b->dtype.size ? a->dtype.size > b->dtype.size : a < b;
        });

        const auto require_text = [&](const std::string& text) {
            require(path, detail::is_utf8<Json>(text),
                    [&] { return "cannot save the header: " + core::quoted(text) + " is not UTF-8"; });
        };
        Json header = Json::object();
        if (!metadata_.empty()) header["__metadata__"] = metadata_;
        for (const auto& [name, value] : metadata_) {
            require_text(name);
            require_text(value);
        }
        std::size_t end = 0;
        std::set<std::string_view> names{"__metadata__"};
        std::vector<std::span<const std::byte>> pieces(2);
        for (const Tensor* tensor : order) {
            require_text(tensor->name);
            require(path, names.insert(tensor->name).second,
                    [&] { return "cannot save tensor " + core::quoted(tensor->name) + ": its name is taken"; });
            const std::size_t begin = std::exchange(end, end + tensor->bytes.size());
            header[tensor->name] = {
                {"dtype", tensor->dtype.name}, {"shape", tensor->shape}, {"data_offsets", {begin, end}}};
            pieces.push_back(tensor->bytes);
        }
        std::string text = header.dump();
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
    /// Reads the whole file, which is then closed. `Json` parses its header: a parameter that nobody
    /// chooses, here and below, so that sources which read no file are compiled without it.
    template <class Json = nlohmann::json>
    explicit SafetensorsReader(std::filesystem::path path) : path_(std::move(path)) {
        InputFile file(path_);
        read<Json>(file.size(), [&](std::span<std::byte> target) { file.read(target); });
    }
    /// From the contents of the file `path` instead of the file itself.
    template <class Json = nlohmann::json>
    SafetensorsReader(std::filesystem::path path, std::span<const std::byte> contents) : path_(std::move(path)) {
        read<Json>(contents.size(), [&](std::span<std::byte> target) {
            std::copy_n(contents.begin(), target.size(), target.begin());
            contents = contents.subspan(target.size());
        });
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
        require(path_, found != metadata_.end(), [&] { return "no metadata " + core::quoted(name); });
        return found->second;
    }

    /// All arrays, in the order of their numbers in the file.
    const std::vector<Tensor>& tensors() const { return tensors_; }

    /// The tensor of that name; nullptr if there is none.
    const Tensor* find(std::string_view name) const {
        const auto found = index_.find(name);
        return found == index_.end() ? nullptr : &tensors_[found->second];
    }
    /// The tensor of that name, which must be of that type and shape (see any_extent).
    const Tensor& get(std::string_view name, const Dtype& dtype, const Shape& shape) const {
        const Tensor* found = find(name);
        require(path_, found, [&] { return "tensor " + core::quoted(name) + " is missing"; });
        const Tensor& tensor = *found;
        require(path_, tensor.dtype == dtype, [&] {
            return "tensor " + core::quoted(tensor.name) + " is of type " + std::string(tensor.dtype.name) +
                   ", expected " + std::string(dtype.name);
        });
        require(path_, matches(tensor.shape, shape), [&] {
            return "tensor " + core::quoted(tensor.name) + " has shape " + to_string(tensor.shape) + ", expected " +
                   to_string(shape);
        });
        return tensor;
    }
    /// The numbers of the tensor of that name, which must be of type T and of that shape.
    template <Number T>
    std::span<const T> get(std::string_view name, const Shape& shape) const {
        const Tensor& tensor = get(name, dtype_of<T>(), shape);
        return {reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
    }

private:
    /// take(target) fills `target` with the next bytes of the file, which has `size` in all.
    template <class Json, class Take>
    void read(std::size_t size, Take&& take) {
        std::uint64_t length = 0;
        require(path_, size >= sizeof(length), "too short for a safetensors file");
        take(std::as_writable_bytes(std::span(&length, 1)));
        require(path_, length <= size - sizeof(length), [&] {
            return "the header is said to have " + std::to_string(length) + " bytes, the file has " +
                   std::to_string(size);
        });
        std::string text(static_cast<std::size_t>(length), '\0');
        take(std::as_writable_bytes(std::span(text)));
        data_.resize(size - sizeof(length) - text.size());
        take(std::span(data_));
        detail::SafetensorsHeader header;
        header.parse<Json>(text);
        require(path_, header.fault.empty(), header.fault);
        metadata_ = std::move(header.metadata);
        for (const auto& entry : header.entries) tensors_.push_back(tensor(entry));
        order();
    }

    /// The tensor of an entry of the header.
    Tensor tensor(const detail::SafetensorsHeader::Entry& entry) const {
        const auto check = [&](bool condition, const char* message) {
            require(path_, condition, [&] { return "tensor " + core::quoted(entry.name) + " " + message; });
        };
        // A list that is there, of numbers that can be sizes.
        const auto sizes = [&](const std::optional<std::vector<std::uint64_t>>& list, const char* message) {
            constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
            check(list && std::all_of(list->begin(), list->end(), [](std::uint64_t size) { return size <= most; }),
                  message);
            return Shape(list->begin(), list->end());
        };
        check(!entry.dtype.empty(), "has no dtype");
        const auto dtype =
            std::find_if(dtypes.begin(), dtypes.end(), [&](const Dtype& known) { return known.name == entry.dtype; });
        require(path_, dtype != dtypes.end(), [&] {
            return "tensor " + core::quoted(entry.name) + " is of unknown type " + core::quoted(entry.dtype);
        });
        const Shape shape = sizes(entry.shape, "has no valid shape");
        const Shape range = sizes(entry.data_offsets, "has no valid data_offsets");
        check(range.size() == 2 && range[0] <= range[1], "has no valid data_offsets");
        check(range[1] <= data_.size(), "has data_offsets beyond the end of the file");
        check(range[0] % dtype->size == 0, "is not aligned");
        require(path_, byte_count(shape, dtype->size) == range[1] - range[0], [&] {
            return "tensor " + core::quoted(entry.name) + " has " + std::to_string(range[1] - range[0]) +
                   " bytes, not those of " + entry.dtype + " " + to_string(shape);
        });
        return {entry.name, *dtype, shape, std::span(data_).subspan(range[0], range[1] - range[0])};
    }

    /// Sorts the tensors by their places, which must be one after the other.
    void order() {
        std::sort(tensors_.begin(), tensors_.end(), [](const Tensor& a, const Tensor& b) {
            return std::tuple(a.bytes.data(), a.bytes.size(), std::string_view(a.name)) <
                   std::tuple(b.bytes.data(), b.bytes.size(), std::string_view(b.name));
        });
        std::size_t end = 0;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            const auto begin = static_cast<std::size_t>(tensors_[i].bytes.data() - data_.data());
            require(path_, begin == end, [&] {
                return "tensor " + core::quoted(tensors_[i].name) + " begins at byte " + std::to_string(begin) +
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

    std::filesystem::path path_;
    std::vector<std::byte> data_;  // apart from the header, and so aligned for every type
    std::map<std::string, std::string> metadata_;
    std::vector<Tensor> tensors_;
    std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace midstream::io
