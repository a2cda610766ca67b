/// \file
/// The page's first section: what each stage reached, and the checks.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "common/page/page.hpp"
#include "common/page/table.hpp"
#include "common/report/results.hpp"
#include "common/report/world_report.hpp"

namespace midstream::examples {

/// Whose success stands beside that of a policy.
inline std::string random_codes(const RlResults& r) { return number(r.internal.first("success")) + " (random codes)"; }
inline std::string of_expert(const WorldReport& world) { return number(world.expert_success) + " (expert)"; }

/// The rows of reinforcement learning, on codes and on the model's own actions.
inline std::vector<std::vector<std::string>> rl_rows(const RlResults& r, const WorldReport& world) {
    const std::string expert = of_expert(world);
    return {{"internal RL", fmt::format("success after {} episodes", episodes_text(r.internal)),
             number(r.internal.last_mean("success")), random_codes(r), expert, seconds_text(r.internal)},
            {"internal RL", "the same policy, by the means of its codes", number(r.internal_modes.last("success")), "",
             expert, ""},
            {"raw-action RL", fmt::format("success after {} episodes", episodes_text(r.raw)),
             number(r.raw.last_mean("success")), number(r.raw.first("success")) + " (base model alone)", "",
             seconds_text(r.raw)},
            {"raw-action RL", "the same policy, by its most likely actions", number(r.raw_modes.last("success")), "",
             "", ""}};
}

/// One row for each result. `subgoals` is their number.
inline Table results_table(const RunResults& r, const WorldReport& world, int subgoals, bool has_selection) {
    const std::size_t layer = r.best_layer(has_selection);
    const std::string expert_success = of_expert(world), base_alone = " (base model alone)";
    const auto& accuracy = r.probe.column("accuracy");
    const auto& summary = r.codes_summary;
    Table table{.header = {"stage", "result", "value", "by chance", "reference", "time"}};
    table.rows = {
        {"pretrain", "action loss, nats/step", number(r.pretrain.last("action_nll")), "",
         number(world.least_loss, world.least_loss_name), seconds_text(r.pretrain)},
        {"probe", "subgoal read out, best layer", number(Results::at(accuracy, r.probe.best_row("accuracy"))),
         "about " + number(1.0 / subgoals, 2), number(world.most_accuracy, world.least_loss_name), ""},
        {"steer", fmt::format("supervised controllers, unseen task, layer {}", layer),
         number(Results::at(r.steer.column("success"), layer)), number(r.base_alone.last("success")) + base_alone,
         expert_success, ""},
        {"discover", "switches within one step: precision / recall", last_two(r.discover, "precision", "recall"),
         last_two(r.discover, "chance_precision", "chance_recall"), "1 / 1", seconds_text(r.discover)},
        {"discover", "switches at the very step: precision / recall", last_two(r.discover, "precision_0", "recall_0"),
         last_two(r.discover, "chance_precision_0", "chance_recall_0"), "1 / 1", ""},
        {"discover", "how much later than their changes those within one step are, in steps",
         number(r.discover.last("offset"), 2), "0", "0", ""},
        {"discover", "a held code's most frequent goal", number(summary.last("mode_share")),
         number(summary.last("chance_mode_share")), "1", ""},
        {"discover", "a code reaches the goal it was taken from in a new layout", number(summary.last("transplant")),
         number(summary.last("chance_transplant")), "1", ""},
        {"internal RL", "success of who is told the true subgoals and their codes",
         number(r.oracle.last("success")) + ", " + number(r.oracle.last("decisions"), 1) + " decisions",
         random_codes(r), expert_success, ""}};
    for (auto& row : rl_rows(r, world)) table.rows.push_back(std::move(row));
    return table;
}

/// What reinforcement learning is to show.
inline std::vector<Gate> rl_gates(const RlResults& r, const WorldReport& world) {
    const double internal = r.internal.last_mean("success"), raw = r.raw.last_mean("success");
    return {
        {"Internal RL solves the unseen task", number(internal),
         world.expert_success < 1 ? fmt::format(">= 0.8 of the expert's {}", number(world.expert_success)) : ">= 0.8",
         internal >= 0.8 * world.expert_success, random_codes(r)},
        {"Raw-action RL does not", number(raw), "< 0.05", raw < 0.05,
         number(r.raw.first("success")) + " (base model alone)"}};
}

/// The least success of any unseen transition in a row of a table of the stage `steer`, in which "0>1" names a column.
inline double weakest_transition(const Results& results, std::size_t row) {
    double weakest = WorldReport::unknown;
    for (std::size_t c = 0; c < results.table.names.size(); ++c)
        if (results.table.names[c].find('>') != std::string::npos)
            weakest = std::fmin(weakest, Results::at(results.table.columns[c], row));
    return weakest;
}

/// What a run is to show.
inline std::vector<Gate> gates(const RunResults& r, const WorldReport& world, int subgoals, bool has_selection) {
    std::vector<Gate> gates;
    const double above = r.pretrain.last("action_nll") - world.least_loss;
    if (world.least_loss_is_tight)
        gates.push_back({"The base model is close to the loss of " + world.least_loss_name,
                         number(above) + " nats/step above", "<= 0.03", above <= 0.03});

    const std::size_t layer = r.best_layer(has_selection);
    const double weakest = weakest_transition(r.steer, layer);
    gates.push_back({"It is steerable: every unseen transition succeeds under supervised controllers",
                     number(weakest, 2) + fmt::format(" (weakest, layer {})", layer), ">= 0.9", weakest >= 0.9,
                     number(weakest_transition(r.base_alone, 0), 2) + " (weakest, base model alone)"});

    const auto& summary = r.codes_summary;
    gates.push_back({"Held codes mean goals",
                     number(summary.last("decisive"), 2) + " of codes send to one goal in 80% of episodes; " +
                         number(summary.last("covered"), 0) + " goals covered",
                     fmt::format("> 0.5 of codes, {} goals", subgoals),
                     summary.last("decisive") > 0.5 && summary.last("covered") >= subgoals,
                     number(summary.last("chance_decisive"), 2) + " of codes; " +
                         number(summary.last("chance_covered"), 1) + " goals"});

    const double precision = r.discover.last("precision"), recall = r.discover.last("recall"),
                 late = r.discover.last("offset");
    gates.push_back({"The switch opens where subgoals change, give or take a step",
                     number(precision, 2) + " precision, " + number(recall, 2) + " recall; to the step " +
                         last_two(r.discover, "precision_0", "recall_0") + "; " +
                         (std::isnan(late) ? std::string("none matched") : fmt::format("{:+.2f} steps late", late)),
                     ">= 0.9 each, late by half a step at most",
                     precision >= 0.9 && recall >= 0.9 && std::abs(late) <= 0.5,
                     last_two(r.discover, "chance_precision", "chance_recall") + "; to the step " +
                         last_two(r.discover, "chance_precision_0", "chance_recall_0")});

    for (Gate& gate : rl_gates(r, world)) gates.push_back(std::move(gate));
    return gates;
}

}  // namespace midstream::examples
