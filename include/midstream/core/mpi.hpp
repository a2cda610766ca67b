/// \file
/// Parallelism over processes, on one machine or many, by MPI. Needs MPI (CMake: `midstream::mpi`), and is not part of
/// midstream.hpp.
///
/// All processes run the same program from the same seeds and files: every one keeps all parameters and takes every
/// step of the optimiser, while the shards of a batch (its episodes, their gradient) are split among them. The shards'
/// gradients are added in the shards' order, so that results have the same bits for any number of processes, or none.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>

#include "midstream/core/contract.hpp"
#include "midstream/core/parallel.hpp"

namespace midstream::core {

/// MPI from here to the end of the scope. A program has one, before all else that needs MPI, and *within* the `try`
/// whose `catch` ends the program: one that is outside does not see the exception, and waits for the others for ever.
class MpiSession {
public:
    MpiSession() {
        int level = 0;
        MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level);
        require(level >= MPI_THREAD_FUNNELED, "this MPI does not work in programs with threads");
    }
    /// Waits for the other processes, unless an exception is on its way: they would wait for this one for ever. Let
    /// `main` return other than 0 then, upon which mpirun ends them.
    ~MpiSession() {
        if (std::uncaught_exceptions() == 0) MPI_Finalize();
    }
    MpiSession(const MpiSession&) = delete;
    MpiSession& operator=(const MpiSession&) = delete;
};

/// A Distributed policy (core/parallel.hpp): consecutive shards belong to each process, which does them by the policy
/// `Within`. Its members are called by all processes alike, and by the thread that made the MpiSession.
template <Parallelism Within = Serial>
struct Mpi {
    Within within{};                         ///< parallelism within a process
    MPI_Comm communicator = MPI_COMM_WORLD;  ///< the processes

    /// The number of this process: 0, ..., size() - 1. It is number 0 that should print and save.
    int rank() const {
        int rank = 0;
        MPI_Comm_rank(communicator, &rank);
        return rank;
    }
    /// How many processes there are.
    int size() const {
        int size = 1;
        MPI_Comm_size(communicator, &size);
        return size;
    }

    /// Everything, in every process.
    template <class Work>
    void for_each(int count, Work&& work) const {
        within.for_each(count, work);
    }

    /// work(shard) for the shards of this process. Throws, in all processes, if there are fewer shards than processes,
    /// or one of them throws: the Error names it. (Without exceptions, that one ends the program.)
    template <class Work>
    void for_shards(int shards, Work&& work) const {
        require_one_each(shards);
        const int first = first_shard(rank(), shards), last = first_shard(rank() + 1, shards);
        std::string failure;
        int failed = size();  // the first process that did
        const auto own = [&] { within.for_each(last - first, [&](int i) { work(first + i); }); };
#ifdef __cpp_exceptions
        try {
            own();
        } catch (const std::exception& error) {
            failure = error.what();
            failed = rank();
        } catch (...) {
            failure = "what was thrown is no std::exception";
            failed = rank();
        }
#else
        own();
#endif
        MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MIN, communicator);
        if (failed == size()) return;
        auto length = static_cast<std::uint64_t>(failure.size());
        broadcast(std::as_writable_bytes(std::span(&length, 1)), failed);
        failure.resize(length);
        broadcast(std::as_writable_bytes(std::span(failure)), failed);
        fail("in process " + std::to_string(failed) + " of " + std::to_string(size()) + ": " + failure);
    }
    /// The process that does this shard.
    int owner(int shard, int shards) const {
        int process = 0;
        while (first_shard(process + 1, shards) <= shard) ++process;
        return process;
    }

    /// Copies bytes from one process to all others.
    void broadcast(std::span<std::byte> bytes, int from) const {
        for (std::size_t first = 0; first < bytes.size(); first += message) {
            const auto part = bytes.subspan(first, std::min(message, bytes.size() - first));
            MPI_Bcast(part.data(), static_cast<int>(part.size()), MPI_BYTE, from, communicator);
        }
    }
    /// Is it true in a process?
    bool any(bool here) const {
        int result = here ? 1 : 0;
        MPI_Allreduce(MPI_IN_PLACE, &result, 1, MPI_INT, MPI_MAX, communicator);
        return result != 0;
    }

    /// target = parts[0] + parts[1] + ... in that order, of which each process brings those of its shards. The sum goes
    /// from process to process, slice by slice, so that all of them add at once; then from the last to all.
    template <class T>
    void reduce(std::span<const std::span<T>> parts, std::span<T> target) const {
        const auto shards = static_cast<int>(parts.size());
        require_one_each(shards);
        const int here = rank(), last = size() - 1;
        const auto begin = static_cast<std::size_t>(first_shard(here, shards)),
                   end = static_cast<std::size_t>(first_shard(here + 1, shards));
        constexpr std::size_t slice = message / 16 / sizeof(T);
        for (std::size_t first = 0; first < target.size(); first += slice) {
            const auto sum = target.subspan(first, std::min(slice, target.size() - first));
            const auto bytes = static_cast<int>(sum.size_bytes());
            if (here > 0)
                MPI_Recv(sum.data(), bytes, MPI_BYTE, here - 1, 0, communicator, MPI_STATUS_IGNORE);
            else
                for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = parts[0][first + i];
            for (std::size_t shard = std::max<std::size_t>(begin, 1); shard < end; ++shard)
                for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += parts[shard][first + i];
            if (here < last) MPI_Send(sum.data(), bytes, MPI_BYTE, here + 1, 0, communicator);
        }
        broadcast(std::as_writable_bytes(target), last);
    }

private:
    static constexpr std::size_t message = std::size_t{1} << 20;  // bytes, at most

    void require_one_each(int shards) const {
        require(shards >= size(), [&] {
            return std::to_string(shards) + " shards of a batch are too few for " + std::to_string(size()) +
                   " processes: give the learner more of them, or start fewer processes";
        });
    }
    /// Shards of a process are first_shard(process), ..., first_shard(process + 1) - 1.
    int first_shard(int process, int shards) const {
        return static_cast<int>(static_cast<std::int64_t>(shards) * process / size());
    }
};

}  // namespace midstream::core
