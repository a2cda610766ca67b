/// \file
/// Residual streams standardised for a policy over codes (docs/ant.md has the difference that it makes to the ant).
#pragma once

#include "midstream/rl/internal.hpp"
#include "midstream/rl/normaliser.hpp"

namespace midstream::rl {

/// Zero mean and unit variance for every coordinate of the residual streams that internal RL's policy is shown, by
/// those of `episodes` episodes under codes drawn from the prior N(0, I), where policies begin.
template <class Meta, env::BatchEnvironment B>
Normaliser<Meta::width> standard_view(const B& environment, const typename Meta::Base::template Parameters<float>& base,
                                      const typename Meta::template Parameters<float>& meta, int episodes,
                                      core::Random random, const InternalOptions& options = {}) {
    Internal<B, Meta> internal(environment, base, meta, options);
    core::Buffer<float, Meta::width> seen;
    core::Buffer<float, Meta::code> codes;
    Deviations<Meta::width> deviations;
    const core::Vector<double, Meta::width> zero{};
    core::Random draws = random.fork(1);
    internal.reset(episodes, random.fork(0));
    while (!internal.awaiting().empty()) {
        const int count = static_cast<int>(internal.awaiting().size());
        internal.observe(seen.resize(count));
        for (int i = 0; i < count; ++i) deviations.add(zero, seen.view().row(i));
        for (float& value : codes.resize(count).flat()) value = draws.normal<float>();
        internal.act(codes.view());
    }
    Moments<Meta::width> moments;
    moments.merge(deviations);
    return moments.normaliser();
}

}  // namespace midstream::rl
