/// \file
/// Eigen, without what GCC 12 warns of in it. Inlined into whatever calls them, Eigen's kernels bring warnings of
/// registers that GCC's own AVX-512 intrinsics leave undefined on purpose (GCC bug 105593) and of loops of fixed width
/// that are never entered: several hundred in a program, through no fault of its own. They are off for what is inlined
/// from here, and nowhere else. That needs Eigen to be included here first.
///
/// And with what GCC forgets for AVX-512. The innermost loop of Eigen 3.4's products reads three packets of one operand
/// and uses each four times. GCC makes each use a read of its own, and reading is then what takes the time: products
/// reach 65 to 70% of a core's peak where they reach 75 to 90% with the packets in registers, which are there to be had
/// (benchmarks/README.md). The sums and their order are the same, and so are the bits.
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

#if defined(__GNUC__) && !defined(__clang__) && defined(EIGEN_VECTORIZE_AVX512) && !EIGEN_VERSION_AT_LEAST(3, 4, 90)
namespace Eigen::internal {
/// How products of T read their operands, as in Eigen but for packets that stay in registers.
template <class T>
struct MidstreamGebpTraits : gebp_traits<T, T, false, false, Architecture::Generic, GEBPPacketFull> {
    template <class Packet>
    EIGEN_ALWAYS_INLINE void loadLhs(const T* from, Packet& to) const {
        to = pload<Packet>(from);
        __asm__("" : "+v"(to));  // no instruction: it wants the packet in a register
    }
};
template <>
struct gebp_traits<float, float, false, false, Architecture::Target, GEBPPacketFull> : MidstreamGebpTraits<float> {};
template <>
struct gebp_traits<double, double, false, false, Architecture::Target, GEBPPacketFull> : MidstreamGebpTraits<double> {};
}  // namespace Eigen::internal
#endif
