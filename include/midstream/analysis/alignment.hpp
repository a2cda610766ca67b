/// \file
/// Switch alignment (B.3.1): do a metacontroller's switches fall on the true changes of the subgoal?
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "midstream/analysis/goals.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/core/sequences.hpp"

namespace midstream::analysis {

/// What counts as a switch, and as its falling on a change.
struct AlignmentOptions {
    float threshold = 0.5f;  ///< a gate that reaches this is a switch
    int tolerance = 1;       ///< steps between a switch and the change it is matched with, at most
};

/// What switches and true changes have in common. A change is a step whose subgoal differs from the step before; a
/// switch is a step whose gate reaches the threshold, whether the gate is soft or was sampled. The first step of an
/// episode, at which a code is always asked for, is neither: an open gate there is counted nowhere.
///
/// A tolerance is generous: a switch that is always one step late is right by a tolerance of 1. So read precision and
/// recall beside those of tolerance 0, beside `offset`, and beside what chance comes to.
struct Alignment {
    /// Steps before and after a change for which the mean gate is kept.
    static constexpr int reach = 5;

    double precision = 0;  ///< share of switches that match a change; 0 if there are none
    double recall = 0;     ///< share of changes that match a switch; 0 if there are none
    double switches = 0;   ///< per episode
    double changes = 0;    ///< per episode
    /// Mean of the steps from a change to the switch that matches it: positive where switches are late. NaN without a
    /// match. Of all ways to match as many as possible it is that of the least distances, of those the earliest.
    double offset = std::numeric_limits<double>::quiet_NaN();
    /// What precision and recall are on average if as many gates of each episode open at steps drawn at random, the
    /// first apart. Exact, at this tolerance.
    double chance_precision = 0,  ///< of precision
        chance_recall = 0;        ///< of recall
    /// Entry reach + d is the mean gate d steps after a change, over the changes whose episode has such a step.
    std::array<double, 2 * reach + 1> mean_gate{};
    std::array<int, 2 * reach + 1> mean_gate_count{};  ///< how many changes that is
};

namespace detail {

/// Switches matched with changes one to one.
struct Matching {
    int count = 0;     ///< pairs
    int distance = 0;  ///< sum of the steps between the two of a pair
    int offset = 0;    ///< the same with a sign: positive where the switch is later

    bool better_than(const Matching& other) const {
        return count != other.count ? count > other.count : distance < other.distance;
    }
    Matching with(int steps) const { return {count + 1, distance + std::abs(steps), offset + steps}; }
};

/// As many pairs as possible of a switch and a change at most `tolerance` steps apart, and of those ways the nearest.
/// Both are ascending; `best` is memory. Pairs that cross can be exchanged at no cost, so none has to: entry i of the
/// table is what the first i switches and the changes up to the current one come to.
inline Matching match(std::span<const int> switches, std::span<const int> changes, int tolerance,
                      std::vector<Matching>& best) {
    best.assign(switches.size() + 1, {});
    for (const int change : changes) {
        Matching before = best[0];
        for (std::size_t i = 0; i < switches.size(); ++i) {
            const Matching without = best[i + 1], earlier = std::exchange(before, without);
            const int steps = switches[i] - change;
            Matching& entry = best[i + 1];
            // Of equals the earlier switch, that is, the entry before, stays.
            if (!without.better_than(best[i])) entry = best[i];
            if (std::abs(steps) > tolerance) continue;
            const Matching paired = earlier.with(steps);
            if (paired.better_than(entry)) entry = paired;
        }
    }
    return best.back();
}

/// How many of `count` switches match a change on average if they are at different steps drawn at random from `steps`
/// ones, numbered from `first`. Exact: only the steps within reach of a change matter, and since all sets of steps are
/// equally likely, one can ask of each such step in turn whether it is in the set. Given that, giving every switch the
/// earliest change that is left in its reach matches as many as possible.
inline double expected_matches(int first, int steps, std::span<const int> changes, int count, int tolerance) {
    if (count == 0) return 0;
    const int last = first + steps - 1, width = static_cast<int>(changes.size()) + 1;
    // probability[u * width + c]: u switches have been met so far, and the changes before c are matched or out of
    // reach.
    std::vector<double> probability(static_cast<std::size_t>(width), 0.0), next;
    probability[0] = 1;
    double matches = 0;
    int asked = 0, step = first;
    for (const int change : changes) {
        for (step = std::max(step, change - tolerance); step <= std::min(last, change + tolerance); ++step, ++asked) {
            next.assign(static_cast<std::size_t>((asked + 2) * width), 0.0);
            for (int met = 0; met <= std::min(asked, count); ++met) {
                const double open = static_cast<double>(count - met) / (steps - asked);
                for (int c = 0; c < width; ++c) {
                    const double here = probability[met * width + c];
                    if (here <= 0) continue;
                    next[met * width + c] += here * (1 - open);
                    int candidate = c;
                    while (candidate < width - 1 && changes[candidate] + tolerance < step) ++candidate;
                    const bool matched = candidate < width - 1 && changes[candidate] - tolerance <= step;
                    if (matched) matches += here * open;
                    next[(met + 1) * width + candidate + matched] += here * open;
                }
            }
            probability.swap(next);
        }
    }
    return matches;
}

}  // namespace detail

/// Matches switches with changes one to one, as many as possible. `gates` holds beta of every row, `subgoals` its
/// label.
inline Alignment alignment(core::Rows<const float, 1> gates, core::Sequences sequences,
                           std::span<const std::int16_t> subgoals, const AlignmentOptions& options = {}) {
    core::require(gates.count == sequences.rows() && static_cast<int>(subgoals.size()) == sequences.rows(), [&] {
        return "alignment: " + std::to_string(gates.count) + " gates and " + std::to_string(subgoals.size()) +
               " subgoals, the sequences have " + std::to_string(sequences.rows()) + " rows";
    });
    require_subgoals("alignment", subgoals);
    core::require_range(options.tolerance, 0, 1 << 20, "the tolerance of an alignment");
    Alignment result;
    detail::Matching matched;
    double by_chance = 0;
    int switch_count = 0, change_count = 0;
    std::vector<int> switches, changes;
    std::vector<detail::Matching> best;
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
        const detail::Matching episode = detail::match(switches, changes, options.tolerance, best);
        matched.count += episode.count;
        matched.offset += episode.offset;
        by_chance += detail::expected_matches(first + 1, end - first - 1, changes, static_cast<int>(switches.size()),
                                              options.tolerance);
        switch_count += static_cast<int>(switches.size());
        change_count += static_cast<int>(changes.size());
    }
    const auto share = [](double part, int whole) { return whole > 0 ? part / whole : 0.0; };
    result.precision = share(matched.count, switch_count);
    result.recall = share(matched.count, change_count);
    result.switches = share(switch_count, sequences.count());
    result.changes = share(change_count, sequences.count());
    if (matched.count > 0) result.offset = static_cast<double>(matched.offset) / matched.count;
    result.chance_precision = share(by_chance, switch_count);
    result.chance_recall = share(by_chance, change_count);
    for (std::size_t i = 0; i < result.mean_gate.size(); ++i)
        result.mean_gate[i] = share(result.mean_gate[i], result.mean_gate_count[i]);
    return result;
}

}  // namespace midstream::analysis
