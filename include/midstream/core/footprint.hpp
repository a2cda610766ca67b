/// \file
/// How much memory something takes that allocates only before it begins, known to the compiler: so that a budget is a
/// static_assert.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "midstream/core/reflection.hpp"
#include "midstream/core/tensor.hpp"

namespace midstream::core {

/// What an allocation of so many bytes takes, with what is lost to alignment.
constexpr std::size_t allocated(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

namespace detail {
/// References to the fields of an aggregate, whose types are what one wants of it.
template <class T>
constexpr auto fields(T& value) {
    constexpr int count = field_count<T>();
    static_assert(count <= 16,
                  "an aggregate of more than 16 fields: core::detail::fields has to learn to count further");
    if constexpr (count == 0)
        return std::tuple<>();
    else if constexpr (count == 1) {
        auto& [f0] = value;
        return std::tie(f0);
    } else if constexpr (count == 2) {
        auto& [f0, f1] = value;
        return std::tie(f0, f1);
    } else if constexpr (count == 3) {
        auto& [f0, f1, f2] = value;
        return std::tie(f0, f1, f2);
    } else if constexpr (count == 4) {
        auto& [f0, f1, f2, f3] = value;
        return std::tie(f0, f1, f2, f3);
    } else if constexpr (count == 5) {
        auto& [f0, f1, f2, f3, f4] = value;
        return std::tie(f0, f1, f2, f3, f4);
    } else if constexpr (count == 6) {
        auto& [f0, f1, f2, f3, f4, f5] = value;
        return std::tie(f0, f1, f2, f3, f4, f5);
    } else if constexpr (count == 7) {
        auto& [f0, f1, f2, f3, f4, f5, f6] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6);
    } else if constexpr (count == 8) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7);
    } else if constexpr (count == 9) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7, f8);
    } else if constexpr (count == 10) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9);
    } else if constexpr (count == 11) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10);
    } else if constexpr (count == 12) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11);
    } else if constexpr (count == 13) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12);
    } else if constexpr (count == 14) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13);
    } else if constexpr (count == 15) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14);
    } else if constexpr (count == 16) {
        auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15] = value;
        return std::tie(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15);
    }
}

template <class T>
inline constexpr bool is_buffer = false;
template <class T, int Width>
inline constexpr bool is_buffer<Buffer<T, Width>> = true;
template <class T>
inline constexpr std::size_t array_size = 0;
template <class T, std::size_t Size>
inline constexpr std::size_t array_size<std::array<T, Size>> = Size;
}  // namespace detail

/// The most that the buffers in a tape, or in any aggregate of such, allocate for so many rows. Other containers are
/// left out: what steps from one observation to the next has no need of them.
template <class Tape>
constexpr std::size_t buffer_bytes(int rows) {
    if constexpr (detail::is_buffer<Tape>) {
        return allocated(static_cast<std::size_t>(rows) * Tape::width *
                         sizeof(typename decltype(Tape::values)::value_type));
    } else if constexpr (detail::array_size<Tape> > 0) {
        return detail::array_size<Tape> * buffer_bytes<typename Tape::value_type>(rows);
    } else if constexpr (std::is_aggregate_v<Tape> && !std::is_empty_v<Tape>) {
        return []<class... Fields>(std::type_identity<std::tuple<Fields&...>>, int count) {
            return (std::size_t{0} + ... + buffer_bytes<Fields>(count));
        }(std::type_identity<decltype(detail::fields(std::declval<Tape&>()))>{}, rows);
    } else {
        return 0;
    }
}

}  // namespace midstream::core
