/// \file
/// Arrays as .npy files, the way xtensor and numpy exchange them.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

// xtensor 0.26 moved its headers into folders.
#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#endif

#include "midstream/core/tensor.hpp"
#include "midstream/io/file.hpp"
#include "midstream/io/shape.hpp"

namespace midstream::io {

/// Packed rows as a two-dimensional xtensor view, to look at, slice, reduce and save.
template <class T, int Width>
auto array(core::Rows<T, Width> rows) {
    const std::array<std::size_t, 2> shape{static_cast<std::size_t>(rows.count), Width};
    return xt::adapt<xt::layout_type::row_major>(rows.data, shape[0] * shape[1], xt::no_ownership(), shape);
}

namespace detail {

/// How numpy names the kind and size of a number: "f4".
template <class T>
std::string npy_type() {
    return (std::is_same_v<T, bool>       ? "b"
            : std::is_floating_point_v<T> ? "f"
            : std::is_signed_v<T>         ? "i"
                                          : "u") +
           std::to_string(sizeof(T));
}

struct NpyHeader {
    std::string type;  ///< as npy_type
    bool column_major = false;
    Shape shape;
};

/// Reads the header's line, of which errors name the file: a Python dictionary such as
/// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
inline NpyHeader parse_npy_header(const std::filesystem::path& path, std::string_view text) {
    constexpr std::size_t most_extents = 64;  // numpy's own limit
    const auto check = [&](bool condition) {
        require(path, condition, "the header does not describe a little-endian array of numbers");
    };
    const auto skip_blanks = [&] { text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size())); };
    const auto take = [&](std::string_view token) {
        skip_blanks();
        const bool found = text.starts_with(token);
        if (found) text.remove_prefix(token.size());
        return found;
    };
    const auto extent = [&] {
        skip_blanks();
        const char* const end = text.data() + text.size();
        std::size_t value = 0;
        const auto [last, failure] = std::from_chars(text.data(), end, value);
        require(path, failure != std::errc::result_out_of_range, "the shape is too large");
        check(failure == std::errc() && (last == text.data() + 1 || text[0] != '0'));  // no leading zeros
        text = std::string_view(last, end);
        return value;
    };

    NpyHeader header;
    bool has_type = false, has_order = false, has_shape = false;
    check(take("{"));
    while (!take("}")) {
        if (!has_type && take("'descr'")) {
            has_type = true;
            check(take(":") && (take("'<") || take("'|")) && text.size() >= 3 && text[2] == '\'');
            header.type = text.substr(0, 2);
            text.remove_prefix(3);
        } else if (!has_order && take("'fortran_order'")) {
            has_order = true;
            check(take(":"));
            header.column_major = take("True");
            check(header.column_major || take("False"));
        } else if (!has_shape && take("'shape'")) {
            has_shape = true;
            check(take(":") && take("("));
            while (!take(")")) {
                header.shape.push_back(extent());
                require(path, header.shape.size() <= most_extents, "the shape has more than 64 extents");
                // (3,) is a list of one extent, (3) is a number to Python.
                if (take(",")) continue;
                check(take(")") && header.shape.size() > 1);
                break;
            }
        } else {
            check(false);
        }
        if (take(",")) continue;
        check(take("}"));
        break;
    }
    skip_blanks();
    check(text.empty() && has_type && has_order && has_shape);
    return header;
}

}  // namespace detail

/// Replaces the file by the values of an xtensor expression, in row-major order.
template <class Expression>
void save_npy(const std::filesystem::path& path, const xt::xexpression<Expression>& expression) {
    using T = typename Expression::value_type;
    static_assert(Number<T> || std::is_same_v<T, bool>, "a .npy file holds numbers here");
    const xt::xarray<T, xt::layout_type::row_major> values = expression.derived_cast();
    // Written by hand: xtensor's own writer follows the locale, which may set (1,234, 3) for (1234, 3).
    std::string header = std::string("{'descr': '") + (sizeof(T) > 1 ? '<' : '|') + detail::npy_type<T>() +
                         "', 'fortran_order': False, 'shape': (";
    for (const auto extent : values.shape()) header += std::to_string(extent) + ", ";
    if (values.dimension() > 1) header.resize(header.size() - 2);
    header += "), }";
    constexpr std::size_t alignment = 64;
    std::string start("\x93NUMPY\x01\x00", 8);
    const std::size_t whole = (start.size() + 2 + header.size() + 1 + alignment - 1) / alignment * alignment;
    const auto length = static_cast<std::uint16_t>(whole - start.size() - 2);
    header.resize(length - 1u, ' ');
    header += '\n';
    start.append(reinterpret_cast<const char*>(&length), sizeof(length));
    const std::array<std::span<const std::byte>, 3> pieces{std::as_bytes(std::span(start)),
                                                           std::as_bytes(std::span(header)),
                                                           std::as_bytes(std::span(values.data(), values.size()))};
    replace_file(path, pieces);
}

/// Reads an array of numbers of type T, which must be what `file`, the contents of the file `path`, holds. xtensor's
/// own reader believes whatever the header says and stumbles over damaged files, so the header (of format 1.0, as numpy
/// and xtensor write it) is read here.
template <Number T>
xt::xarray<T> parse_npy(const std::filesystem::path& path, std::string_view file) {
    constexpr std::size_t start = 10;
    require(path, file.size() >= start && file.starts_with(std::string_view("\x93NUMPY\x01\x00", 8)),
            "no .npy file of version 1.0");
    std::uint16_t length = 0;
    std::memcpy(&length, file.data() + 8, sizeof(length));
    require(path, length <= file.size() - start, "the header is too long");
    const detail::NpyHeader header = detail::parse_npy_header(path, file.substr(start, length));
    require(path, header.type == detail::npy_type<T>(), [&] {
        return "holds numbers of type " + core::quoted(header.type) + ", expected '" + detail::npy_type<T>() + "'";
    });
    const std::string_view data = file.substr(start + length);
    require(path, byte_count(header.shape, sizeof(T)) == data.size(), [&] {
        return "has " + std::to_string(data.size()) + " bytes of data, not those of shape " + to_string(header.shape);
    });
    const auto fill = [&](auto array) {
        if (!data.empty()) std::memcpy(array.data(), data.data(), data.size());
        return array;
    };
    if (header.column_major) return fill(xt::xarray<T, xt::layout_type::column_major>::from_shape(header.shape));
    return fill(xt::xarray<T, xt::layout_type::row_major>::from_shape(header.shape));
}

/// As above, from the file itself.
template <Number T>
xt::xarray<T> load_npy(const std::filesystem::path& path) {
    return parse_npy<T>(path, read_file(path));
}

}  // namespace midstream::io
