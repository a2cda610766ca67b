/// \file
/// The clipped surrogate of proximal policy optimisation (Schulman et al. 2017, equation 7) for one decision.
#pragma once

#include <algorithm>
#include <cmath>

namespace midstream::rl {

/// min(r A, clip(r, 1 - clip, 1 + clip) A), where r is the ratio of the *joint* density of an action to that at the
/// time of acting and A its advantage; its derivative by log r is r A, or 0 where clipped.
template <class T>
struct ClippedSurrogate {
    T ratio;       ///< r
    bool clipped;  ///< whether the value no longer depends on r
    T value;       ///< of the surrogate

    /// The logarithm of the ratio is bounded to +-20, so that nothing overflows.
    ClippedSurrogate(T log_ratio, T advantage, T clip)
        : ratio(std::exp(std::clamp(log_ratio, T(-20), T(20)))),
          clipped((advantage > 0 && ratio > 1 + clip) || (advantage < 0 && ratio < 1 - clip)),
          value(clipped ? std::clamp(ratio, 1 - clip, 1 + clip) * advantage : ratio * advantage) {}
};

}  // namespace midstream::rl
