/// \file
/// Numbers of 16 bits as files hold them: IEEE's half precision (F16: 3 digits, up to 65504) and the upper half of a
/// float (BF16: 2 digits, a float's range).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "midstream/core/contract.hpp"
#include "midstream/core/eigen.hpp"
#include "midstream/core/finite.hpp"
#include "midstream/core/text.hpp"
#include "midstream/io/safetensors_header.hpp"

namespace midstream::io {

inline constexpr Dtype half_dtype{"F16", 2};       ///< of IEEE's half precision
inline constexpr Dtype bfloat16_dtype{"BF16", 2};  ///< of the upper halves of floats

/// Whether `widen` makes floats of it.
constexpr bool is_narrow(const Dtype& dtype) { return dtype == half_dtype || dtype == bfloat16_dtype; }

/// The bits of the number of half precision that is nearest: infinity for what is too large.
inline std::uint16_t to_half(float value) {
    return Eigen::numext::bit_cast<std::uint16_t>(static_cast<Eigen::half>(value));
}
/// What these bits of half precision stand for.
inline float from_half(std::uint16_t bits) { return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(bits)); }

/// Whether a finite number stays one in half precision.
inline bool fits_half(float value) { return !core::is_finite(value) || core::is_finite(from_half(to_half(value))); }

/// Rounds every number to the nearest of half precision. Throws core::Error for one that is too large.
inline void round_to_half(std::span<float> numbers) {
    for (float& number : numbers) {
        core::require(fits_half(number), [&] {
            return core::to_text(number) + " is too large for 16 bits, which hold up to 65504";
        });
        number = from_half(to_half(number));
    }
}

/// The numbers of a tensor for which `is_narrow` holds.
inline void widen(const Tensor& tensor, std::span<float> numbers) {
    core::require(is_narrow(tensor.dtype) && numbers.size() * 2 == tensor.bytes.size(),
                  "numbers of 16 bits are widened to as many floats");
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, tensor.bytes.data() + 2 * i, sizeof(bits));
        numbers[i] = tensor.dtype == half_dtype
                         ? from_half(bits)
                         : Eigen::numext::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
    }
}

}  // namespace midstream::io
