/// \file
/// Switch alignment (paper section 7.3): do a metacontroller's switches fall on the true changes of the subgoal?
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/core/sequences.hpp"

namespace midstream::analysis {

struct AlignmentOptions {
    float threshold = 0.5f;  ///< a gate that reaches this is a switch
    int tolerance = 1;       ///< steps between a switch and the change it is matched with, at most
};

/// What switches and true changes have in common. A change is a step whose subgoal differs from the step before; the
/// first step of an episode, at which a code is always asked for, counts as neither.
struct Alignment {
    /// Steps before and after a change for which the mean gate is kept.
    static constexpr int reach = 5;

    double precision = 0;  ///< share of switches that match a change; 0 if there are none
    double recall = 0;     ///< share of changes that match a switch; 0 if there are none
    double switches = 0;   ///< per episode
    double changes = 0;    ///< per episode
    /// Entry reach + d is the mean gate d steps after a change, over the changes whose episode has such a step.
    std::array<double, 2 * reach + 1> mean_gate{};
    std::array<int, 2 * reach + 1> mean_gate_count{};  ///< how many changes that is
};

/// Matches switches with changes one to one, as many as possible. `gates` holds beta of every row, `subgoals` its
/// label.
inline Alignment alignment(core::Rows<const float, 1> gates, core::Sequences sequences,
                           std::span<const std::int16_t> subgoals, const AlignmentOptions& options = {}) {
    core::require(gates.count == sequences.rows() && static_cast<int>(subgoals.size()) == sequences.rows(), [&] {
        return "alignment: " + std::to_string(gates.count) + " gates and " + std::to_string(subgoals.size()) +
               " subgoals, the sequences have " + std::to_string(sequences.rows()) + " rows";
    });
    core::require_range(options.tolerance, 0, 1 << 20, "the tolerance of an alignment");
    Alignment result;
    int matches = 0, switch_count = 0, change_count = 0;
    std::vector<int> switches, changes;
    for (int s = 0; s < sequences.count(); ++s) {
        const int first = sequences.row(s), end = first + sequences.length(s);
        switches.clear();
        changes.clear();
        for (int row = first + 1; row < end; ++row) {
            if (gates.data[row] >= options.threshold) switches.push_back(row);
            if (subgoals[row] == subgoals[row - 1]) continue;
            changes.push_back(row);
            for (int d = -Alignment::reach; d <= Alignment::reach; ++d) {
                if (row + d <= first || row + d >= end) continue;
                result.mean_gate[Alignment::reach + d] += gates.data[row + d];
                ++result.mean_gate_count[Alignment::reach + d];
            }
        }
        // Giving every change in turn the earliest switch in its reach leaves most to those that follow.
        std::size_t next = 0;
        for (const int change : changes) {
            while (next < switches.size() && switches[next] < change - options.tolerance) ++next;
            if (next == switches.size() || switches[next] > change + options.tolerance) continue;
            ++matches;
            ++next;
        }
        switch_count += static_cast<int>(switches.size());
        change_count += static_cast<int>(changes.size());
    }
    const auto share = [](double part, int whole) { return whole > 0 ? part / whole : 0.0; };
    result.precision = share(matches, switch_count);
    result.recall = share(matches, change_count);
    result.switches = share(switch_count, sequences.count());
    result.changes = share(change_count, sequences.count());
    for (std::size_t i = 0; i < result.mean_gate.size(); ++i)
        result.mean_gate[i] = share(result.mean_gate[i], result.mean_gate_count[i]);
    return result;
}

}  // namespace midstream::analysis
