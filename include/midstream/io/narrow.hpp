/// \file
/// Numbers of 16 bits as files hold them: IEEE's half precision (F16: 3 digits, up to 65504) and the upper half of a
/// float (BF16: 2 digits, a float's range; it packs better).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "midstream/core/contract.hpp"
#include "midstream/core/eigen.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/io/safetensors_header.hpp"

namespace midstream::io {

inline constexpr Dtype single_precision = dtype_of<float>();  ///< a float as it is
inline constexpr Dtype half_precision{"F16", 2};              ///< IEEE's half precision
inline constexpr Dtype bfloat16{"BF16", 2};                   ///< the upper halves of floats

/// Whether it is one of the types of 16 bits.
constexpr bool is_narrow(const Dtype& dtype) { return dtype == half_precision || dtype == bfloat16; }

/// The bits of the nearest number of a narrow type: infinity for what is too large.
inline std::uint16_t narrowed(const Dtype& dtype, float value) {
    using Eigen::numext::bit_cast;
    return dtype == bfloat16 ? bit_cast<std::uint16_t>(static_cast<Eigen::bfloat16>(value))
                             : bit_cast<std::uint16_t>(static_cast<Eigen::half>(value));
}
/// What these bits of a narrow type stand for, exactly.
inline float widened(const Dtype& dtype, std::uint16_t bits) {
    using Eigen::numext::bit_cast;
    return dtype == bfloat16 ? static_cast<float>(bit_cast<Eigen::bfloat16>(bits))
                             : static_cast<float>(bit_cast<Eigen::half>(bits));
}

/// Whether a finite number stays one in a narrow type.
inline bool fits(const Dtype& dtype, float value) {
    return !core::is_finite(value) || core::is_finite(widened(dtype, narrowed(dtype, value)));
}

/// The numbers of a tensor of a narrow type.
inline void widen(const Tensor& tensor, std::span<float> numbers) {
    core::require(is_narrow(tensor.dtype) && numbers.size() * 2 == tensor.bytes.size(),
                  "numbers of 16 bits are widened to as many floats");
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, tensor.bytes.data() + 2 * i, sizeof(bits));
        numbers[i] = widened(tensor.dtype, bits);
    }
}

}  // namespace midstream::io
