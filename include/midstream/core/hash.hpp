/// \file
/// One number that stands for many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace midstream::core {

/// FNV-1a of the bytes of these numbers.
template <class T>
std::uint64_t hash(std::span<const T> numbers) {
    std::uint64_t result = 0xcbf29ce484222325;
    for (const std::byte byte : std::as_bytes(numbers))
        result = (result ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
    return result;
}

}  // namespace midstream::core
