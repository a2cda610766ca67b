/// \file
/// Eigen, without what GCC 12 warns of in it. Inlined into whatever calls them, Eigen's kernels bring warnings of
/// registers that GCC's own AVX-512 intrinsics leave undefined on purpose (GCC bug 105593) and of loops of fixed width
/// that are never entered: several hundred in a program, through no fault of its own. They are off for what is inlined
/// from here, and nowhere else. That needs Eigen to be included here first.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Waggressive-loop-optimizations"
#endif
#include <Eigen/Core>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "midstream needs Eigen 3.4 or later; another one was included"
#endif
