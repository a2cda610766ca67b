/// \file
/// Residual streams standardised for a policy over codes (docs/ant.md has the difference that it makes to the ant).
#pragma once

#include "midstream/rl/internal.hpp"
#include "midstream/rl/normaliser.hpp"
#include "midstream/rl/play.hpp"

namespace midstream::rl {

/// Zero mean and unit variance for every coordinate of the residual streams that internal RL's policy is shown, by
/// those of `episodes` episodes under codes drawn from the prior N(0, I), where policies begin.
template <class Meta, env::BatchEnvironment B>
Normaliser<Meta::width> standard_view(const B& environment, const Steered<Meta>& steered, int episodes,
                                      core::Random random) {
    Player player(Internal<B, Meta>(environment, steered));
    core::Moments<Meta::width> moments;
    core::Random draws = random.fork(1);
    player.play(episodes, random.fork(0), [&](std::span<const int>, auto seen, auto codes) {
        for (int row = 0; row < seen.count; ++row) moments.add(seen.row(row));
        for (float& value : codes.flat()) value = draws.normal<float>();
    });
    return Normaliser<Meta::width>::of(moments);
}

}  // namespace midstream::rl
