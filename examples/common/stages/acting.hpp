/// \file
/// How the stages after discovery act on codes.
#pragma once

#include "common/stages/run.hpp"
#include "midstream/control/switches.hpp"
#include "midstream/rl/acting.hpp"

namespace midstream::examples {

/// The trained model and metacontroller as they act.
template <class P>
rl::Steered<typename P::Meta> steered(Run<P>& run, const rl::ActingOptions<typename P::Meta>& acting) {
    return {acting_base_model(run), metacontroller(run), acting};
}

/// How codes are acted on, in internal RL and wherever the switch has a say: by the switch that was trained, or given.
template <class P>
rl::ActingOptions<typename P::Meta> acting(const Run<P>& run) {
    const auto& o = run.settings.internal;
    auto switching = run.given ? run.given->agent.acting.switching : P::pass_options(run.settings.discover).switching;
    if (o.threshold > 0)
        core::require(control::set_threshold(switching, o.threshold),
                      "--internal.threshold is given, and the preset's switch has no threshold");
    return {.switching = switching,
            .temperature = static_cast<float>(o.temperature),
            .gain = static_cast<float>(run.settings.gain)};
}

}  // namespace midstream::examples
