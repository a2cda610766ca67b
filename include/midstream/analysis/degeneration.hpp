/// \file
/// Runs that degenerate say so: from figures that a stage measures to sentences, or none. Each `what` is a heading of
/// docs/how-to/degenerate-runs.md, which says what to do. A figure that was not measured is NaN, and is not judged. The
/// bounds are wide: they tell what is broken from what works, not good from better.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "midstream/core/finite.hpp"
#include "midstream/core/sequences.hpp"
#include "midstream/core/text.hpp"

namespace midstream::analysis {

/// What is wrong, and the figures that say so.
struct Degeneration {
    std::string what;     ///< "Gates stuck open"
    std::string figures;  ///< a clause with the numbers
    bool operator==(const Degeneration&) const = default;
};

/// Those of a stage.
using Degenerations = std::vector<Degeneration>;

/// Not measured.
inline constexpr double unmeasured = std::numeric_limits<double>::quiet_NaN();

namespace detail {
inline bool less(double a, double b) { return !core::is_nan(a) && !core::is_nan(b) && a < b; }
/// With at most three digits after the point.
inline std::string rounded(double value) { return core::to_text(std::round(value * 1000) / 1000 + 0.0); }
}  // namespace detail

/// What probes read of the current subgoal.
struct BeliefFigures {
    double accuracy = unmeasured;     ///< of the best layer
    double observation = unmeasured;  ///< of layer 0
    double chance = unmeasured;       ///< of guessing
};
/// The model does not come to know the subgoal.
inline Degenerations degenerations(const BeliefFigures& belief) {
    if (detail::less(belief.accuracy, belief.chance + 0.05))
        return {{"Belief at chance", "the subgoal is read from the best layer with an accuracy of " +
                                         detail::rounded(belief.accuracy) + ", of guessing " +
                                         detail::rounded(belief.chance)}};
    if (detail::less(belief.accuracy, belief.observation + 0.02))
        return {{"Belief at chance", "no layer tells more of the subgoal than the observation does: an accuracy of " +
                                         detail::rounded(belief.accuracy) + ", of layer 0 " +
                                         detail::rounded(belief.observation)}};
    return {};
}

/// What supervised controllers reach.
struct ControllerFigures {
    double success = unmeasured;  ///< of the best layer, told the true subgoals
    double alone = unmeasured;    ///< of the model without controllers
};
/// The model cannot be steered.
inline Degenerations degenerations(const ControllerFigures& controllers) {
    if (!detail::less(controllers.success, controllers.alone + 0.05)) return {};
    return {{"Controllers without effect", "told the subgoals they succeed in " + detail::rounded(controllers.success) +
                                               " of episodes, the model alone in " +
                                               detail::rounded(controllers.alone)}};
}

/// What a search for events in the residual stream found.
struct EventFigures {
    double rise = unmeasured;      ///< of the action loss, at the component at which it rises most, nats
    double skewness = unmeasured;  ///< the largest of how the stream changes there, where events are beliefs that end
};
/// Nothing happens in the stream that tells an encoder of goals.
inline Degenerations degenerations(const EventFigures& events) {
    if (detail::less(events.rise, 0.01))
        return {{"No events", "at no component's firing does the action loss rise by more than " +
                                  detail::rounded(events.rise) + " nats"}};
    if (detail::less(events.skewness, 0.6))
        return {{"No events", "how the stream changes leans to one side by " + detail::rounded(events.skewness) +
                                  " at most, where beliefs that are given up have a skewness of 0.8 and more"}};
    return {};
}

/// When a switch opens, an episode's first step apart, at which a code is always asked for.
struct SwitchFigures {
    double switches = unmeasured;          ///< per episode
    double steps = unmeasured;             ///< at which it could open, per episode
    double early_switches = unmeasured;    ///< share of them in the first fifth of their episode
    double early_changes = unmeasured;     ///< the same of the true changes of subgoal
    double precision = unmeasured;         ///< analysis::Alignment's
    double chance_precision = unmeasured;  ///< likewise
};
/// Of these gates, in packed episodes; `subgoals` may be empty. Precision is left to analysis::alignment.
inline SwitchFigures switch_figures(std::span<const float> gates, core::Sequences sequences,
                                    std::span<const std::int16_t> subgoals = {}, float threshold = 0.5f) {
    double steps = 0, switches = 0, early = 0, changes = 0, early_changes = 0;
    for (int s = 0; s < sequences.count(); ++s) {
        const int length = sequences.length(s);
        for (int i = 1; i < length; ++i) {
            const auto row = static_cast<std::size_t>(sequences.row(s) + i);
            const bool first_fifth = 5 * i < length;
            steps += 1;
            switches += gates[row] >= threshold;
            early += gates[row] >= threshold && first_fifth;
            if (subgoals.empty() || subgoals[row] == subgoals[row - 1]) continue;
            changes += 1;
            early_changes += first_fifth;
        }
    }
    const double episodes = std::max(1, sequences.count());
    return {.switches = switches / episodes,
            .steps = steps / episodes,
            .early_switches = switches > 0 ? early / switches : unmeasured,
            .early_changes = changes > 0 ? early_changes / changes : unmeasured};
}
/// Gates say nothing.
inline Degenerations degenerations(const SwitchFigures& gates) {
    const std::string often =
        "the switch opens " + detail::rounded(gates.switches) + " times an episode after its first step";
    if (detail::less(0.9 * gates.steps, gates.switches))
        return {{"Gates stuck open", often + ", of " + detail::rounded(gates.steps) + " steps"}};
    if (detail::less(gates.switches, 0.05))
        return {{"Gates stuck shut", often + ": a code lasts from the start of an episode to its end"}};
    // Unknown is where subgoals change, or that they do; then a fifth of them is early.
    const double expected = core::is_nan(gates.early_changes) ? 0.2 : gates.early_changes;
    if (detail::less(0.9, gates.early_switches) && detail::less(expected, 0.7))
        return {
            {"Gates open at the start alone",
             detail::rounded(gates.early_switches) + " of switches fall within the first fifth of an episode, where " +
                 (core::is_nan(gates.early_changes) ? std::string("no more than others are expected")
                                                    : detail::rounded(expected) + " of the changes of subgoal are")}};
    if (detail::less(gates.precision, gates.chance_precision + 0.05))
        return {{"Switches at chance", detail::rounded(gates.precision) +
                                           " of switches fall on a change of subgoal, of as many at random steps " +
                                           detail::rounded(gates.chance_precision)}};
    return {};
}

/// What codes carry in discovery.
struct CodeFigures {
    double divergence = unmeasured;         ///< nats an episode
    double steered = unmeasured;            ///< action loss under codes, nats a step
    double unsteered = unmeasured;          ///< of the model alone
    double transplant = unmeasured;         ///< analysis::Transplant::reached
    double chance_transplant = unmeasured;  ///< likewise by chance
};
/// Codes say nothing, do nothing, or mean something else than goals.
inline Degenerations degenerations(const CodeFigures& codes) {
    Degenerations result;
    if (detail::less(codes.divergence, 0.05))
        result.push_back({"Collapsed codes", "those of a whole episode are " + detail::rounded(codes.divergence) +
                                                 " nats away from the prior"});
    if (detail::less(0.99 * codes.unsteered, codes.steered))
        result.push_back({"Codes without effect", "the action loss is " + detail::rounded(codes.steered) +
                                                      " nats a step under codes, " + detail::rounded(codes.unsteered) +
                                                      " without"});
    if (detail::less(codes.transplant, codes.chance_transplant + 0.1))
        result.push_back({"Codes that name moves", "in new layouts codes lead to what they led to before " +
                                                       detail::rounded(codes.transplant) + " of the time, by chance " +
                                                       detail::rounded(codes.chance_transplant)});
    return result;
}

/// What a policy's batches came to.
struct RewardFigures {
    double batches = 0;             ///< so far
    double episodes = 0;            ///< in them
    double successes = unmeasured;  ///< in them
};
/// There is nothing to learn from.
inline Degenerations degenerations(const RewardFigures& rewards) {
    if (rewards.batches < 10 || !detail::less(rewards.successes, 0.5)) return {};
    return {{"RL that does not begin",
             "none of the first " + detail::rounded(rewards.episodes) + " episodes has succeeded"}};
}

}  // namespace midstream::analysis
