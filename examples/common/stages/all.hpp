/// \file
/// The paper's chain: its stages in their order.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "common/options/feasible.hpp"
#include "common/report/given.hpp"
#include "common/report/report.hpp"
#include "common/stages/agent.hpp"
#include "common/stages/codes.hpp"
#include "common/stages/components.hpp"
#include "common/stages/discover.hpp"
#include "common/stages/inspect.hpp"
#include "common/stages/internal_rl.hpp"
#include "common/stages/oracle.hpp"
#include "common/stages/pretrain.hpp"
#include "common/stages/probe.hpp"
#include "common/stages/raw_rl.hpp"
#include "common/stages/record.hpp"
#include "common/stages/refine.hpp"
#include "common/stages/steer.hpp"

namespace midstream::examples {

/// Where base model and metacontroller are given (Settings::from): what they leave to be done. An oracle would need the
/// encoder, which is no part of an agent.
template <class P, class WorldReportOf>
int run_given(Run<P>& run, const std::string& stage, const WorldReportOf& world_report) {
    const auto wants = [&](const char* name) { return stage == "all" || stage == name; };
    for (const char* made : {"pretrain", "components", "discover"})
        core::require(stage != made, [&] {
            return fmt::format("the stage '{}' has nothing to do: its result is taken from {}", made,
                               run.settings.from);
        });
    if (stage == "record") record(run);
    if (stage == "probe") probe(run);
    if (stage == "steer") steer(run);
    if (wants("internal-rl")) internal_rl(run);
    if (wants("inspect")) inspect(run);
    if (wants("agent")) write_agent(run);
    if (wants("raw-rl")) raw_rl(run);
    if (wants("report")) report_given(run, world_report(run));
    return 0;
}

/// Runs `stage` ("all" for every one in order) and returns the program's exit status. `world_report(run)` gives what
/// the page says of the world (report/world_report.hpp).
template <class P, class WorldReportOf>
int run_stages(const std::string& stage, Settings settings, const WorldReportOf& world_report) {
    require_feasible(settings, P::World::horizon);
    core::require(settings.rl_task == "unseen" || Run<P>::has_selection(),
                  "--rl-task is selection, and this preset has no tasks for that");
    // What the preset's metacontroller cannot be told is refused now, not after hours of pretraining.
    static_cast<void>(P::pass_options(settings.discover));
    if constexpr (finds_events<P>) static_cast<void>(find_options<P>(settings.components));
    Run<P> run(std::move(settings));
    if (run.given) return run_given(run, stage, world_report);
    const auto wants = [&](const char* name) { return stage == "all" || stage == name; };
    if (wants("record")) record(run);
    if (wants("pretrain")) pretrain(run);
    if (wants("probe")) probe(run);
    if (wants("steer")) steer(run);
    if (wants("components")) components(run);
    if (wants("discover")) {
        discover(run);
        refine(run);
        test_codes(run);
    }
    if (wants("inspect")) inspect(run);
    if (wants("internal-rl")) {
        play_oracle(run);
        internal_rl(run);
    }
    if (wants("agent")) write_agent(run);
    if (wants("raw-rl")) raw_rl(run);
    if (wants("report")) report(run, world_report(run));
    return 0;
}

}  // namespace midstream::examples
