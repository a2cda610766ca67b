/// \file
/// Transplants (B.3.2): codes inferred from an expert's episodes are held in new episodes, whose layouts
/// are others. A code that means its subgoal leads there again; one that means a place or a way does not.
#pragma once

#include <cstdint>
#include <numeric>

#include "midstream/analysis/first_reached.hpp"
#include "midstream/analysis/goals.hpp"
#include "midstream/analysis/inferred.hpp"

namespace midstream::analysis {

/// At which step of a segment (the steps between two changes of the true subgoal) its code is taken.
enum class Moment {
    last,   ///< the step on which the subgoal is reached
    middle  ///< halfway; the earlier of two
};

/// A code and the true subgoal of each segment, in the order of time.
template <int Code>
struct SegmentCodes {
    core::Buffer<float, Code> codes;  ///< a row for each segment
    std::vector<int> subgoals;        ///< of each segment
};

/// Picks a row of `codes` from every segment of these sequences.
template <int Code>
SegmentCodes<Code> segment_codes(core::Rows<const float, Code> codes, core::Sequences sequences,
                                 std::span<const std::int16_t> subgoals, Moment moment = Moment::last) {
    core::require(codes.count == sequences.rows() && static_cast<int>(subgoals.size()) == sequences.rows(), [&] {
        return "segments: " + std::to_string(codes.count) + " codes and " + std::to_string(subgoals.size()) +
               " subgoals, the sequences have " + std::to_string(sequences.rows()) + " rows";
    });
    require_subgoals("segments", subgoals);
    SegmentCodes<Code> result;
    std::vector<int> rows;
    for (int s = 0; s < sequences.count(); ++s) {
        int begin = sequences.row(s);
        const int end = begin + sequences.length(s);
        for (int row = begin; row < end; ++row) {
            if (row + 1 < end && subgoals[row + 1] == subgoals[row]) continue;
            rows.push_back(moment == Moment::last ? row : begin + (row - begin) / 2);
            result.subgoals.push_back(subgoals[row]);
            begin = row + 1;
        }
    }
    result.codes.resize(static_cast<int>(rows.size()));
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::copy_n(codes.row(rows[i]), Code, result.codes.view().row(static_cast<int>(i)));
    return result;
}

/// What transplanted codes led to.
struct Transplant {
    FirstReached counts;  ///< a group for each subgoal that codes were taken from
    int codes = 0;        ///< transplanted, each into one episode
    double reached = 0;   ///< share that reached first what the code was taken from
    double none = 0;      ///< share that reached nothing
    double chance = 0;    ///< what `reached` is on average if the same outcomes are dealt to codes at random
};

/// Infers a code from every segment of `episodes`, which should be successful ones, and holds it in a new episode. The
/// goals are the subgoals as the episodes number them; `pass` is that of `infer`.
template <class Meta, core::Parallelism Policy, env::Environment E, class Reached>
Transplant transplant(const Policy& policy, const env::Batched<E>& environment, const rl::Steered<Meta>& steered,
                      const Goals<Reached>& goals, const train::EpisodesOf<typename Meta::Base, float>& episodes,
                      core::Random random, const typename Meta::Options& pass, Moment moment = Moment::last,
                      const BatchOptions& batches = {}) {
    const int subgoals = goals.count;
    const auto inferred = infer(policy, steered, episodes, random.fork(0), pass, batches);
    const auto segments = segment_codes(inferred.codes.view(), episodes.sequences(), episodes.subgoals, moment);
    const auto outcomes =
        hold_codes(policy, environment, steered, goals, segments.codes.view(), random.fork(1), batches);
    Transplant result{tally(segments.subgoals, outcomes, subgoals, subgoals), segments.codes.count};
    for (int subgoal = 0; subgoal < subgoals; ++subgoal) {
        result.reached += result.counts.count(subgoal, subgoal);
        result.none += result.counts.count(subgoal, -1);
    }
    const double total = std::max(result.codes, 1);
    for (int subgoal = 0; subgoal < subgoals; ++subgoal) {
        const auto taken = result.counts.row(subgoal);
        double led = 0;
        for (int group = 0; group < subgoals; ++group) led += result.counts.count(group, subgoal);
        result.chance += std::accumulate(taken.begin(), taken.end(), 0.0) / total * led / total;
    }
    result.reached /= total;
    result.none /= total;
    return result;
}

}  // namespace midstream::analysis
