/// \file
/// Runs one stage of a chain, or all.
#pragma once

#include <string>

#include "common/report.hpp"

namespace midstream::examples {

/// Runs `stage` ("all" for every one in order) and returns the program's exit status. `world_report(chain)` gives what
/// the page says of the world (report.hpp).
template <class P, class WorldReportOf>
int run_stages(const std::string& stage, Settings settings, const WorldReportOf& world_report) {
    require_feasible(settings, P::World::horizon);
    Chain<P> chain(std::move(settings));
    const bool all = stage == "all";
    const auto wants = [&](const char* name) { return all || stage == name; };
    if (wants("record")) chain.record();
    if (wants("pretrain")) chain.pretrain();
    if (wants("probe")) chain.probe();
    if (wants("steer")) chain.steer();
    if (wants("components")) chain.components();
    if (wants("discover")) chain.discover();
    if (wants("inspect")) chain.inspect();
    if (wants("internal-rl")) chain.internal_rl_stage();
    if (wants("raw-rl")) chain.raw_rl_stage();
    if (wants("report")) report(chain, world_report(chain));
    return 0;
}

}  // namespace midstream::examples
