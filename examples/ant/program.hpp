/// \file
/// Runs one stage, or all, of an ant preset.
#pragma once

#include <string>

#include "ant/presets.hpp"
#include "common/rollout_pictures.hpp"
#include "common/run_stages.hpp"

namespace midstream::examples::ant {

template <class P>
WorldReport world_report(Chain<P>&) {
    return {.world = fmt::format("{}; {} pretraining tasks; unseen task {}", P::world_name(), P::pretraining_tasks().tasks().size(),
                                 env::to_string(P::unseen_tasks().tasks()[0]))};
}

/// Runs `stage` ("all" for every one in order) and returns the program's exit status.
template <class P>
int run(const std::string& stage, Settings settings) {
    return run_stages<P>(stage, std::move(settings), [](Chain<P>& chain) { return world_report(chain); });
}

}  // namespace midstream::examples::ant
