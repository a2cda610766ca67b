/// \file
/// Arrays as .npy files, the way xtensor and numpy exchange them.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <regex>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xnpy.hpp>

#include "midstream/core/tensor.hpp"
#include "midstream/io/file.hpp"
#include "midstream/io/shape.hpp"

namespace midstream::io {

/// Packed rows as a two-dimensional xtensor view, to look at, slice, reduce and save.
template <class T, int Width>
auto array(core::Rows<T, Width> rows) {
    const std::array<std::size_t, 2> shape{static_cast<std::size_t>(rows.count), Width};
    return xt::adapt(rows.data, shape[0] * shape[1], xt::no_ownership(), shape);
}

/// Replaces the file by the values of an xtensor expression, in row-major order.
template <class Expression>
void save_npy(const std::filesystem::path& path, const xt::xexpression<Expression>& expression) {
    // Evaluated here: xtensor 0.24 writes a wrong shape for expressions that are no containers.
    const xt::xarray<typename Expression::value_type> values = expression.derived_cast();
    replace_file(path, xt::dump_npy(values));
}

/// Reads an array of numbers of type T, which must be what the file holds. xtensor's own reader believes whatever the
/// header says and stumbles over damaged files, so the header (of format 1.0, as numpy and xtensor write it) is read
/// here.
template <Number T>
xt::xarray<T> load_npy(const std::filesystem::path& path) {
    const std::string file = read_file(path);
    constexpr std::size_t start = 10, longest = 4096;
    require(path, file.size() >= start && file.starts_with(std::string_view("\x93NUMPY\x01\x00", 8)),
            "no .npy file of version 1.0");
    std::uint16_t length = 0;
    std::memcpy(&length, file.data() + 8, sizeof(length));
    require(path, length <= longest && length <= file.size() - start, "the header is too long");

    const std::string header = file.substr(start, length);
    static const std::regex form(
        R"(\{\s*'descr':\s*'[<|]([fiu]\d)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d, ]*)\),?\s*\}\s*)");
    std::smatch parts;
    require(path, std::regex_match(header, parts, form),
            "the header does not describe a little-endian array of numbers");
    const std::string expected = (std::is_floating_point_v<T> ? "f"
                                  : std::is_signed_v<T>       ? "i"
                                                              : "u") +
                                 std::to_string(sizeof(T));
    require(path, parts[1] == expected,
            [&] { return "holds numbers of type " + parts[1].str() + ", expected " + expected; });

    Shape shape;
    const std::string extents = parts[3];
    for (const char* at = extents.data(); at != extents.data() + extents.size();) {
        std::size_t extent = 0;
        const auto [end, failure] = std::from_chars(at, extents.data() + extents.size(), extent);
        if (end == at) {
            ++at;  // a comma or a blank
            continue;
        }
        require(path, failure == std::errc(), "the shape is too large");
        shape.push_back(extent);
        at = end;
    }
    require(path, byte_count(shape, sizeof(T)) == file.size() - start - length, [&] {
        return "has " + std::to_string(file.size() - start - length) + " bytes of data, not those of shape " +
               to_string(shape);
    });
    const auto fill = [&](auto array) {
        if (array.size() > 0) std::memcpy(array.data(), file.data() + start + length, array.size() * sizeof(T));
        return array;
    };
    if (parts[2] == "True") return fill(xt::xarray<T, xt::layout_type::column_major>::from_shape(shape));
    return fill(xt::xarray<T>::from_shape(shape));
}

}  // namespace midstream::io
