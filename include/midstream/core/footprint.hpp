/// \file
/// How much memory something takes that allocates only before it begins, known to the compiler: so that a budget is a
/// static_assert.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>

#include "midstream/core/reflection.hpp"
#include "midstream/core/tensor.hpp"

namespace midstream::core {

/// What an allocation of so many bytes takes, with what is lost to alignment.
constexpr std::size_t allocated(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

namespace detail {
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
