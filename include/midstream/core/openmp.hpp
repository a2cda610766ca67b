/// \file
/// The OpenMP parallelism policy. Needs a compiler with OpenMP switched on (CMake: `midstream::openmp`).
#pragma once

#ifndef _OPENMP
#error "midstream/core/openmp.hpp needs OpenMP: link midstream::openmp, or compile with -fopenmp"
#endif
#ifndef EIGEN_DONT_PARALLELIZE
#error "midstream/core/openmp.hpp needs EIGEN_DONT_PARALLELIZE: link midstream::openmp, or define it for all sources"
#endif

#include <omp.h>

#include <algorithm>
#include <exception>

namespace midstream::core {

/// Splits pieces over `threads` OpenMP threads (0: as many as OpenMP has), of which there are never more than pieces or
/// processors: more would only wait for each other. The first exception thrown by a piece is rethrown on the calling
/// thread once all pieces have ended.
struct OpenMP {
    int threads = 0;  ///< at most; 0: as many as OpenMP has

    /// Runs work(0), ..., work(count - 1) on the threads, and returns once all have ended (core/parallel.hpp).
    template <class Work>
    void for_each(int count, Work&& work) const {
        std::exception_ptr failure;
        const int wanted = std::min(threads > 0 ? threads : omp_get_max_threads(), omp_get_num_procs());
        const int team = std::clamp(count, 1, std::max(wanted, 1));
#pragma omp parallel for schedule(dynamic, 1) num_threads(team)
        for (int i = 0; i < count; ++i) {
#ifdef __cpp_exceptions
            try {
                work(i);
            } catch (...) {
#pragma omp critical(midstream_failure)
                if (!failure) failure = std::current_exception();
            }
#else
            work(i);
#endif
        }
        if (failure) std::rethrow_exception(failure);
    }
};

}  // namespace midstream::core
