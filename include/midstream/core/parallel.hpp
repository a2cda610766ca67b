/// \file
/// Parallelism is a policy with one function, `for_each(count, work)`: run work(0), ..., work(count - 1) in any order,
/// perhaps at once. Callers split work into pieces whose number does not depend on the number of threads and reduce
/// results in the order of the pieces, so that results are bit-identical for any number of threads.
///
/// A policy may also be Distributed: over processes that all run the same program, do everything alike, and split the
/// shards of a batch among them. What is done shard by shard goes through `for_shards`, `exchange` and `reduce`.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/hash.hpp"

namespace midstream::core {

/// Everything on the calling thread.
struct Serial {
    /// Runs work(0), ..., work(count - 1) in this order.
    template <class Work>
    void for_each(int count, Work&& work) const {
        for (int i = 0; i < count; ++i) work(i);
    }
};

template <class P>
concept Parallelism = requires(const P& policy, void (*work)(int)) {
    policy.for_each(1, work);
};

/// A policy over processes. `for_each` does all of its work in each of them; the shards of a batch have an owner each.
template <class P>
concept Distributed = Parallelism<P> && requires(const P& policy, void (*work)(int), std::span<std::byte> bytes,
                                                 std::span<const std::span<float>> parts, std::span<float> target) {
    policy.for_shards(1, work);                          // for those that are its own; an Error in one is one in all
    { policy.owner(0, 1) } -> std::convertible_to<int>;  // the process that a shard of so many belongs to
    policy.broadcast(bytes, 0);                          // from that process to all others
    policy.reduce(parts, target);                        // as core::reduce, where each process has its own parts
    { policy.any(true) } -> std::convertible_to<bool>;   // is it true in a process?
};

/// work(shard) for all shards 0, ..., shards - 1; under a Distributed policy each process does its own.
template <Parallelism Policy, class Work>
void for_shards(const Policy& policy, int shards, Work&& work) {
    if constexpr (Distributed<Policy>)
        policy.for_shards(shards, work);
    else
        policy.for_each(shards, work);
}

/// After for_shards: `part(shard)`, a span of plain values, of as many in every process, comes from the process that
/// did the shard to all others. Nothing but under a Distributed policy.
template <Parallelism Policy, class Part>
void exchange(const Policy& policy, int shards, Part&& part) {
    if constexpr (Distributed<Policy>)
        for (int shard = 0; shard < shards; ++shard) {
            const std::span values = part(shard);
            static_assert(std::is_trivially_copyable_v<typename decltype(values)::element_type>,
                          "what processes exchange are plain values, which can be copied as bytes");
            policy.broadcast(std::as_writable_bytes(values), policy.owner(shard, shards));
        }
}

/// Is `here` true in one of the processes, if there are several?
template <Parallelism Policy>
bool any(const Policy& policy, bool here) {
    if constexpr (Distributed<Policy>)
        return policy.any(here);
    else
        return here;
}

/// Requires that numbers are the same in all processes, if there are several. `what` says what they are.
template <Parallelism Policy, class T>
void require_same(const Policy& policy, std::span<const T> numbers, std::string_view what) {
    if constexpr (Distributed<Policy>) {
        const std::uint64_t here = hash(numbers);
        std::uint64_t there = here;
        policy.broadcast(std::as_writable_bytes(std::span(&there, 1)), 0);
        require(!policy.any(there != here), [&] {
            return std::string(what) +
                   " differ from process to process: all have to do the same, from the same seeds "
                   "and files";
        });
    }
}

/// Calls work(first, length) on slices that cover 0, ..., size - 1; the slices are the same for any thread count.
/// Throws if `slice` is 0.
template <Parallelism Policy, class Work>
void for_slices(const Policy& policy, std::size_t size, Work&& work, std::size_t slice = std::size_t{1} << 14) {
    require(slice > 0, "a slice of work has at least 1 entry");
    const auto count = static_cast<int>((size + slice - 1) / slice);
    policy.for_each(count, [&](int i) {
        const std::size_t first = static_cast<std::size_t>(i) * slice;
        work(first, std::min(slice, size - first));
    });
}

/// target = parts[0] + parts[1] + ..., added in that order entry by entry; the target may be parts[0]. Throws unless
/// there is a part, and each as large as the target. Under a Distributed policy the parts are those of shards: each
/// process brings its own, and all get the sum.
template <Parallelism Policy, class T>
void reduce(const Policy& policy, std::span<const std::span<T>> parts, std::span<T> target) {
    require(!parts.empty(), "a sum has at least 1 part");
    for (const auto part : parts) require(part.size() == target.size(), "the parts of a sum are as large as the sum");
    if constexpr (Distributed<Policy>) return policy.reduce(parts, target);
    for_slices(policy, target.size(), [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) target[i] = parts[0][i];
        for (std::size_t p = 1; p < parts.size(); ++p)
            for (std::size_t i = first; i < first + length; ++i) target[i] += parts[p][i];
    });
}

}  // namespace midstream::core
