/// \file
/// How analyses split their episodes: into batches of a fixed size, each with a random stream of its own, dealt to a
/// fixed number of workers. Results depend on the size of a batch, never on the numbers of workers and threads.
#pragma once

#include <algorithm>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/parallel.hpp"

namespace midstream::analysis {

/// How many episodes are in memory at once.
struct BatchOptions {
    int batch = 128;  ///< episodes side by side; batch i draws from random.fork(i)
    int shards = 4;   ///< batches in work at once, if there are as many threads

    void validate() const {
        core::require_range(batch, 1, 1 << 20, "batch");
        core::require_range(shards, 1, 1 << 16, "shards");
    }
};

/// How analyses act with a model.
struct RolloutOptions {
    float temperature = 1;   ///< of the model's actions; 0 takes modes
    float gain = 1;          ///< factor on U
    BatchOptions batches{};  ///< how the episodes are split

    void validate() const {
        core::require_range(temperature, 0.0f, 1e6f, "the temperature of acting");
        core::require_range(gain, 0.0f, 1e6f, "the gain of controllers");
        batches.validate();
    }
};

/// `options.shards` copies of a worker, which is the memory that one batch after the other is computed in.
template <class Worker>
std::vector<Worker> make_workers(const BatchOptions& options, const Worker& worker) {
    options.validate();
    return std::vector<Worker>(static_cast<std::size_t>(options.shards), worker);
}

/// Calls work(worker, batch, first, length) for the batches that cover 0, ..., count - 1.
template <core::Parallelism Policy, class Worker, class Work>
void for_batches(const Policy& policy, const BatchOptions& options, std::vector<Worker>& workers, int count,
                 Work&& work) {
    options.validate();
    const int shards = static_cast<int>(workers.size()), batches = (count + options.batch - 1) / options.batch;
    policy.for_each(shards, [&](int shard) {
        for (int batch = shard; batch < batches; batch += shards) {
            const int first = batch * options.batch;
            work(workers[shard], batch, first, std::min(options.batch, count - first));
        }
    });
}

}  // namespace midstream::analysis
