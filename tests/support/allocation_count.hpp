/// \file
/// Counts allocations of the program that includes this, first of all its headers and in one source file only: it
/// replaces operator new and delete, and makes Eigen, which allocates by malloc, report its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace midstream::test {

/// How often operator new or Eigen has allocated so far, in any thread.
inline std::atomic<long> allocation_count = 0;
/// How many bytes operator new was asked for.
inline std::atomic<std::size_t> allocated_bytes = 0;

/// Stands for eigen_assert, on also in release builds: Eigen asserts that allocating is allowed where it allocates.
inline void eigen_check(bool condition) {
    if (!condition) ++allocation_count;
}

}  // namespace midstream::test

#ifdef EIGEN_CORE_H
#error "support/allocation_count.hpp comes before everything that includes Eigen"
#endif
#define EIGEN_RUNTIME_NO_MALLOC
#define eigen_assert(condition) ::midstream::test::eigen_check(static_cast<bool>(condition))
#include "midstream/core/eigen.hpp"  // Eigen, and no warning of it

// The thread sanitizer has these functions itself and cannot be without, but tells of every allocation.
#if defined(__SANITIZE_THREAD__)
#define MIDSTREAM_OTHERS_ALLOCATE
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MIDSTREAM_OTHERS_ALLOCATE
#endif
#endif

#ifdef MIDSTREAM_OTHERS_ALLOCATE
#include <sanitizer/allocator_interface.h>

namespace midstream::test {
inline const int allocation_hooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t size) {
        ++allocation_count;
        allocated_bytes += size;
    },
    [](const volatile void*) {});
}  // namespace midstream::test
#else
// Not inlined, or GCC sees malloc meet operator delete and warns of a mismatch that is none.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++midstream::test::allocation_count;
    midstream::test::allocated_bytes += size;
    if (void* memory = std::malloc(size ? size : 1)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    ++midstream::test::allocation_count;
    midstream::test::allocated_bytes += size;
    const auto unit = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++midstream::test::allocation_count;
    midstream::test::allocated_bytes += size;
    return std::malloc(size ? size : 1);
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return operator new(size, alignment); }
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept { return operator new(size, tag); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace midstream::test {

/// The number of allocations `work()` makes.
template <class Work>
long allocations(Work&& work) {
    const long before = allocation_count;
    Eigen::internal::set_is_malloc_allowed(false);
    work();
    Eigen::internal::set_is_malloc_allowed(true);
    return allocation_count - before;
}

}  // namespace midstream::test
