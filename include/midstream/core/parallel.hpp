/// \file
/// Parallelism is a policy with one function, `for_each(count, work)`: run work(0), ..., work(count - 1) in any order,
/// perhaps at once. Callers split work into pieces whose number does not depend on the number of threads and reduce
/// results in the order of the pieces, so that results are bit-identical for any number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"

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

/// target = parts[0] + parts[1] + ..., added in that order entry by entry. Throws unless there is a part, and each as
/// large as the target.
template <Parallelism Policy, class T>
void reduce(const Policy& policy, std::span<const std::span<T>> parts, std::span<T> target) {
    require(!parts.empty(), "a sum has at least 1 part");
    for (const auto part : parts) require(part.size() == target.size(), "the parts of a sum are as large as the sum");
    for_slices(policy, target.size(), [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) target[i] = parts[0][i];
        for (std::size_t p = 1; p < parts.size(); ++p)
            for (std::size_t i = first; i < first + length; ++i) target[i] += parts[p][i];
    });
}

}  // namespace midstream::core
