/// \file
/// Numbers of fewer bits than a float's, as files hold them: IEEE's half precision (F16: 3 digits, up to 65504), the
/// upper half of a float (BF16: 2 digits, a float's range; it packs better), and 8 bits (I8: whole numbers of -127 to
/// 127 and a scale for each row of a matrix, in a tensor of its own that is called NAME.scales).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/eight_bits.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/io/safetensors_header.hpp"

namespace midstream::io {

inline constexpr Dtype single_precision = dtype_of<float>();  ///< a float as it is
inline constexpr Dtype half_precision{"F16", 2};              ///< IEEE's half precision
inline constexpr Dtype bfloat16{"BF16", 2};                   ///< the upper halves of floats
inline constexpr Dtype eight_bits{"I8", 1};                   ///< with a scale for each row

/// Whether it is one of the types of fewer bits than a float's.
constexpr bool is_narrow(const Dtype& dtype) {
    return dtype == half_precision || dtype == bfloat16 || dtype == eight_bits;
}

/// What the scales of a tensor of 8 bits are called.
inline std::string scales_of(std::string_view name) { return std::string(name) + ".scales"; }

/// Numbers of float in fewer bits.
struct Narrow {
    std::vector<std::byte> bytes;    ///< one after the other
    std::vector<float> scales = {};  ///< of 8 bits, one for each row
};

namespace detail {
/// The bits of the nearest number of a type of 16: infinity for what is too large.
inline std::uint16_t narrowed(const Dtype& dtype, float value) {
    using Eigen::numext::bit_cast;
    return dtype == bfloat16 ? bit_cast<std::uint16_t>(static_cast<Eigen::bfloat16>(value))
                             : bit_cast<std::uint16_t>(static_cast<Eigen::half>(value));
}
/// What these bits stand for, exactly.
inline float widened(const Dtype& dtype, std::uint16_t bits) {
    using Eigen::numext::bit_cast;
    return dtype == bfloat16 ? static_cast<float>(bit_cast<Eigen::bfloat16>(bits))
                             : static_cast<float>(bit_cast<Eigen::half>(bits));
}
}  // namespace detail

/// The nearest such numbers. Those of 8 bits are `rows` rows of equally many.
inline Narrow narrowed(const Dtype& dtype, std::span<const float> numbers, std::size_t rows = 1) {
    Narrow result{std::vector<std::byte>(numbers.size() * dtype.size)};
    if (dtype == eight_bits) {
        core::require(rows > 0 && numbers.size() % rows == 0, "numbers of 8 bits are in rows of equally many");
        const std::size_t columns = numbers.size() / rows;
        for (std::size_t row = 0; row < rows; ++row)
            result.scales.push_back(core::quantise(numbers.subspan(row * columns, columns),
                                                   reinterpret_cast<std::int8_t*>(&result.bytes[row * columns])));
        return result;
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::uint16_t bits = detail::narrowed(dtype, numbers[i]);
        std::memcpy(&result.bytes[2 * i], &bits, sizeof(bits));
    }
    return result;
}

/// What they stand for, exactly. There are `scales` of 8 bits alone.
inline void widen(const Dtype& dtype, std::span<const std::byte> bytes, std::span<const float> scales,
                  std::span<float> numbers) {
    core::require(is_narrow(dtype) && numbers.size() * dtype.size == bytes.size(),
                  "numbers of fewer bits are widened to as many floats");
    if (dtype == eight_bits) {
        core::require(!scales.empty() && numbers.size() % scales.size() == 0,
                      "numbers of 8 bits are in rows of equally many, with a scale each");
        const std::size_t columns = numbers.size() / scales.size();
        for (std::size_t i = 0; i < numbers.size(); ++i)
            numbers[i] = scales[i / columns] * static_cast<float>(static_cast<std::int8_t>(bytes[i]));
        return;
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, bytes.data() + 2 * i, sizeof(bits));
        numbers[i] = detail::widened(dtype, bits);
    }
}

/// Whether a finite number stays one in a narrow type.
inline bool fits(const Dtype& dtype, float value) {
    return dtype == eight_bits || !core::is_finite(value) ||
           core::is_finite(detail::widened(dtype, detail::narrowed(dtype, value)));
}

}  // namespace midstream::io
