/// \file
/// Types and shapes of arrays in files.
#pragma once

#include <bit>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace midstream::io {

static_assert(std::endian::native == std::endian::little,
              "the file formats here are little-endian, and copied as they lie");

/// What files hold: integers of 1, 2, 4, 8 bytes, float and double. (Not bool: a damaged file must not make bad ones.)
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8;

/// The extents of a row-major array; empty for a single number.
using Shape = std::vector<std::size_t>;

/// In an expected shape, an extent that may be anything.
inline constexpr std::size_t any_extent = std::numeric_limits<std::size_t>::max();

/// The shape as text, for messages: "[3, 4]".
inline std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (const std::size_t extent : shape) {
        if (text.size() > 1) text += ", ";
        text += extent == any_extent ? "any" : std::to_string(extent);
    }
    return text + "]";
}

/// Whether `found` is `expected` but for its any_extent entries.
inline bool matches(const Shape& found, const Shape& expected) {
    if (found.size() != expected.size()) return false;
    for (std::size_t i = 0; i < found.size(); ++i)
        if (expected[i] != any_extent && found[i] != expected[i]) return false;
    return true;
}

/// The size in bytes of an array of numbers of `element` bytes each; nothing if that is no size of an object. An array
/// of nothing must keep within it by its other extents as well, which are the distances between its numbers.
inline std::optional<std::size_t> byte_count(const Shape& shape, std::size_t element) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 2;
    std::size_t bytes = element;
    bool empty = false;
    for (const std::size_t extent : shape) {
        if (extent == 0)
            empty = true;
        else if (bytes > most / extent)
            return {};
        else
            bytes *= extent;
    }
    return empty ? 0 : bytes;
}

}  // namespace midstream::io
