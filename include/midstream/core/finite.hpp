/// \file
/// Whether numbers are finite, by their bits. Compilers with -ffast-math or -Ofast take for granted that numbers are,
/// and drop std::isfinite, std::isnan and comparisons of x with x: as checks those would be gone without a word.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <type_traits>

namespace midstream::core {

namespace detail {
/// The bits of |value|. By reference, and read as if somebody else might change it: what such a compiler believes of
/// arguments and results of sums would otherwise reach as far as their bits.
template <std::floating_point T>
requires(sizeof(T) == 4 || sizeof(T) == 8) constexpr auto magnitude_bits(const T& value) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr Bits magnitude = ~Bits(0) >> 1;
    // The built-in one, as older libraries (libc++ 13, which Debian 12's Emscripten has) lack std::bit_cast.
    if (std::is_constant_evaluated()) return __builtin_bit_cast(Bits, value) & magnitude;
    const volatile T& unknown = value;
    const T read = unknown;
    return __builtin_bit_cast(Bits, read) & magnitude;
}
/// The bits of infinity: an exponent of ones.
template <class Bits>
inline constexpr Bits infinity_bits = sizeof(Bits) == 4 ? Bits(0x7f800000u) : static_cast<Bits>(0x7ff0000000000000u);
}  // namespace detail

/// Whether `value`, a float or a double, is neither infinite nor NaN, whatever the compiler assumes.
template <std::floating_point T>
constexpr bool is_finite(const T& value) {
    const auto bits = detail::magnitude_bits(value);
    return bits < detail::infinity_bits<std::remove_const_t<decltype(bits)>>;
}

/// As every integer is.
template <std::integral T>
constexpr bool is_finite(const T&) {
    return true;
}

/// Whether all numbers of a range are.
template <class Numbers>
constexpr bool all_finite(const Numbers& numbers) {
    return std::all_of(std::begin(numbers), std::end(numbers), [](const auto& value) { return is_finite(value); });
}

/// Whether `value`, a float or a double, is NaN, whatever the compiler assumes.
template <std::floating_point T>
constexpr bool is_nan(const T& value) {
    const auto bits = detail::magnitude_bits(value);
    return bits > detail::infinity_bits<std::remove_const_t<decltype(bits)>>;
}

}  // namespace midstream::core
