/// \file
/// Finds the events of a StreamEvents in a frozen model without labels: the independent components of the residual
/// stream at whose firing the model no longer knows what comes next. Where a goal is reached another one begins, and
/// which it is the model cannot know: its prediction of the next action grows worse than it was a step before.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "midstream/control/independent_components.hpp"
#include "midstream/control/stream_events.hpp"
#include "midstream/data/validate.hpp"
#include "midstream/train/stream_ahead.hpp"

namespace midstream::train {

/// How events are told from other components.
struct FindEventsOptions {
    control::IndependentComponentsOptions components{};  ///< how FastICA looks for components
    /// A component is an event if the action loss rises by at least this share of what it does at the firings of the
    /// component at which it rises most.
    double share = 0.5;

    static constexpr void describe(const auto& self, auto&& part) {
        part("components", self.components);
        part("share", self.share);
    }
};

/// What was measured of an independent component.
struct ComponentStatistics {
    double kurtosis = 0;   ///< E s^4 - 3 of its values s over all rows
    double threshold = 0;  ///< midway between the means of two classes of firings, those that tell most of them
    double rate = 0;       ///< share of the steps at which it fires beyond the threshold
    int measured = 0;      ///< firings with an action before and after
    double rise = 0;       ///< of -log p(a_t) over -log p(a_{t-1}) at those of o_t: mean less two standard errors
    int kind = -1;         ///< of the observer's event; -1: none
};

/// What find_events came to: an observer, and what speaks for it.
template <class Observer>
struct FoundEvents {
    Observer observer{};                          ///< of the events, in the order of their rise, the largest first
    std::vector<ComponentStatistics> components;  ///< the largest kurtosis first
    control::IndependentComponents<float, Observer::width> independent{};  ///< all components, events or not
    int kinds = 0;                                                         ///< of events
};

/// Splits numbers in two classes such that the variance within them is least, and returns what lies midway between the
/// means of these. `values` are sorted.
inline double two_class_threshold(std::vector<float>& values) {
    std::sort(values.begin(), values.end());
    const auto count = static_cast<double>(values.size());
    double total = 0;
    for (const float value : values) total += value;
    double below = 0, most = 0, threshold = values.empty() ? 0 : values.back();
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
        below += values[i];
        const double lower = static_cast<double>(i) + 1, upper = count - lower;
        const double gap = (total - below) / upper - below / lower, between = lower * upper * gap * gap;
        if (between <= most) continue;
        most = between;
        threshold = below / lower + gap / 2;
    }
    return threshold;
}

/// Fits an observer to episodes with endings; some 20 000 steps suffice where events are not much rarer than one in
/// fifteen. The component at whose firing the loss rises most is an event in any case: where it does not rise, the
/// model is hardly trained or there are no events, as `components` tells. Throws core::Error where episodes are not
/// valid or nothing can be measured, and where an observer at a layer above 0 meets an episode as long as the context.
template <class Observer, class Base>
FoundEvents<Observer> find_events(const typename Base::template Parameters<float>& base,
                                  const EpisodesOf<Base, float>& episodes, core::Random random,
                                  const FindEventsOptions& options = {}) {
    constexpr int width = Observer::width;
    static_assert(width == Base::width, "the observer has another width than the base model's residual stream");
    static_assert(Observer::layer >= 0 && Observer::layer <= Base::depth,
                  "the observer is of a layer that the base model does not have");
    core::require_range(options.share, 0.0, 1.0, "the share of the largest rise of the action loss");
    core::require(episodes.count() > 0, "events are found in at least one episode");
    data::validate(episodes, {.endings = true}, "episodes to find events in");
    StreamAhead<Base, float> stream;
    const auto rows = stream.whole(base, episodes, Observer::layer);
    const core::Sequences sequences = stream.sequences();
    FoundEvents<Observer> result;
    result.independent = control::independent_components<float, width>(rows, random, options.components);
    core::Buffer<float, width> sources;
    result.independent.apply(rows, sources.resize(rows.count));

    // How the action loss changes at every row but an episode's first and its ending, which nothing is done on: of
    // these there is no telling. A pass over the rows without the endings, as an episode may fill the context.
    typename Base::template Tape<float> tape;
    Base::forward(base, episodes.sequences(), episodes.observation_rows(), tape);
    std::vector<float> rises(static_cast<std::size_t>(rows.count));
    for (int episode = 0; episode < sequences.count(); ++episode) {
        float before = 0;
        for (int i = 0; i < episodes.sequences().length(episode); ++i) {
            const int from = episodes.sequences().first(episode) + i;
            const auto loss = static_cast<float>(
                -Base::Distribution::log_probability(tape.action.view().row(from), episodes.action_rows().row(from)));
            if (i > 0) rises[static_cast<std::size_t>(sequences.first(episode) + i)] = loss - before;
            before = loss;
        }
    }

    std::vector<float> values(static_cast<std::size_t>(rows.count));
    for (int i = 0; i < result.independent.count; ++i) {
        for (int row = 0; row < rows.count; ++row) values[static_cast<std::size_t>(row)] = sources.view().row(row)[i];
        ComponentStatistics component{.kurtosis = result.independent.kurtosis.values[i],
                                      .threshold = two_class_threshold(values)};
        double fired = 0, sum = 0, square = 0;
        for (int episode = 0; episode < sequences.count(); ++episode) {
            const int first = sequences.first(episode), ending = first + sequences.length(episode) - 1;
            for (int row = first; row <= ending; ++row) {
                if (sources.view().row(row)[i] <= component.threshold) continue;
                ++fired;
                if (row == first || row == ending) continue;
                const double rise = rises[static_cast<std::size_t>(row)];
                ++component.measured;
                sum += rise;
                square += rise * rise;
            }
        }
        component.rate = fired / rows.count;
        if (const double n = component.measured; n > 1) {
            const double mean = sum / n, variance = std::max(0.0, square / n - mean * mean);
            component.rise = mean - 2 * std::sqrt(variance / (n - 1));
        }
        result.components.push_back(component);
    }

    // The kinds of events, in the order of the rise.
    std::vector<int> order;
    for (int i = 0; i < result.independent.count; ++i)
        if (result.components[static_cast<std::size_t>(i)].measured > 1) order.push_back(i);
    core::require(!order.empty(), "no component of the residual stream fires twice where the action loss is known");
    const auto rise = [&](int i) { return result.components[static_cast<std::size_t>(i)].rise; };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return rise(a) > rise(b); });
    std::size_t kinds = 1;
    while (kinds < order.size() && kinds < Observer::kinds && rise(order[kinds]) > 0 &&
           rise(order[kinds]) >= options.share * rise(order[0]))
        ++kinds;
    order.resize(kinds);
    result.observer.mean = result.independent.mean;
    for (const int i : order) {
        core::map(result.observer.filter).row(result.kinds) = core::map(result.independent.unmixing).row(i);
        result.observer.threshold.values[result.kinds] =
            static_cast<float>(result.components[static_cast<std::size_t>(i)].threshold);
        result.components[static_cast<std::size_t>(i)].kind = result.kinds++;
    }
    return result;
}

}  // namespace midstream::train
