/// \file
/// What a safetensors file says of its numbers: element types, and the header as it is read.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/text.hpp"
#include "midstream/io/shape.hpp"

namespace midstream::io {

/// An element type as safetensors names it.
struct Dtype {
    std::string_view name;  ///< "F32", "I16" and so on
    std::size_t size;       ///< bytes
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
    std::string name;                  ///< in the file
    Dtype dtype;                       ///< of an entry
    Shape shape;                       ///< extents, the outermost first
    std::span<const std::byte> bytes;  ///< the entries, row-major
};

namespace detail {

/// The header of a safetensors file, taken in piece by piece as the JSON parser (of whose `json_sax` this is one) comes
/// upon them: nothing is built but what a header may hold, however large and deep a hostile one is. Stops at the first
/// fault.
struct SafetensorsHeader {
    struct Entry {
        std::string name;
        std::string dtype{};
        std::optional<std::vector<std::uint64_t>> shape{}, data_offsets{};
    };
    std::map<std::string, std::string> metadata{};
    std::vector<Entry> entries{};
    std::string fault{};

    /// Takes in all of the text. A template, as are all that call it, so that sources which read no file are compiled
    /// without the parser.
    template <class Json = nlohmann::json>
    void parse(std::string_view text) {
        if (text.find('\0') != text.npos)  // which the parser takes for the end
            refuse("the header is no JSON: it holds a zero byte");
        else
            Json::sax_parse(text, this);
    }

    bool start_object(std::size_t) {
        if (depth_ >= 2) return misplaced();
        if (depth_ == 1 && !in_metadata()) entries.push_back({name_});
        if (depth_ == 1) fields_.clear();
        ++depth_;
        return true;
    }
    bool end_object() {
        --depth_;
        return true;
    }
    bool key(std::string& key) {
        if (!(depth_ == 1 ? names_ : fields_).insert(key).second)
            return refuse("the header holds " + core::quoted(key) + " twice");
        (depth_ == 1 ? name_ : field_) = key;
        if (depth_ == 2 && !in_metadata() && field_ != "dtype" && field_ != "shape" && field_ != "data_offsets")
            return refuse(of_tensor("has an entry " + core::quoted(key) + ", which is unknown"));
        return true;
    }
    bool start_array(std::size_t) {
        if (depth_ != 2 || in_metadata() || field_ == "dtype") return misplaced();
        ++depth_;
        list().emplace();
        return true;
    }
    bool end_array() {
        --depth_;
        return true;
    }
    bool string(std::string& value) {
        if (depth_ == 2 && in_metadata())
            metadata[field_] = std::move(value);
        else if (depth_ == 2 && field_ == "dtype")
            entries.back().dtype = std::move(value);
        else
            return misplaced();
        return true;
    }
    bool number_unsigned(std::uint64_t value) {
        if (depth_ != 3) return misplaced();
        list()->push_back(value);
        return true;
    }
    bool number_integer(std::int64_t) { return misplaced(); }
    bool number_float(double, const std::string&) { return misplaced(); }
    bool null() { return misplaced(); }
    bool boolean(bool) { return misplaced(); }
    bool binary(std::vector<std::uint8_t>&) { return misplaced(); }
    bool parse_error(std::size_t position, const std::string&, const auto&) {
        return refuse("the header is no JSON: it goes wrong at its byte " + std::to_string(position));
    }

private:
    bool in_metadata() const { return name_ == "__metadata__"; }
    std::string of_tensor(const std::string& what) const { return "tensor " + core::quoted(name_) + " " + what; }
    std::optional<std::vector<std::uint64_t>>& list() {
        return field_ == "shape" ? entries.back().shape : entries.back().data_offsets;
    }
    bool refuse(std::string what) {
        fault = std::move(what);
        return false;
    }
    /// Something that is valid JSON, in a place where it cannot stand.
    bool misplaced() {
        if (depth_ == 0) return refuse("the header is no JSON object");
        if (depth_ == 1)
            return refuse(in_metadata() ? "'__metadata__' is no JSON object"
                                        : of_tensor("is described by no JSON object"));
        if (in_metadata()) return refuse("metadata " + core::quoted(field_) + " is no string");
        return refuse(of_tensor(field_ == "dtype" ? "has no dtype" : "has no valid " + field_));
    }

    int depth_ = 0;  // 1: among the tensors, 2: in the description of one, 3: in a list
    std::string name_{}, field_{};
    std::set<std::string> names_{}, fields_{};
};

}  // namespace detail

}  // namespace midstream::io
