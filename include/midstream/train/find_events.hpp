/// \file
/// Finds the events of a StreamEvents in a frozen model without labels: the independent components of the residual
/// stream at whose firing the model no longer knows what comes next. Where a goal is reached another one begins, and
/// which it is the model cannot know: its prediction of the next action grows worse than it was a step before.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "midstream/control/independent_components.hpp"
#include "midstream/control/stream_events.hpp"
#include "midstream/data/validate.hpp"
#include "midstream/train/exclusive_events.hpp"
#include "midstream/train/stream_ahead.hpp"
#include "midstream/train/two_class_threshold.hpp"

namespace midstream::train {

/// How events are told from other components.
struct FindEventsOptions {
    control::IndependentComponentsOptions components{};  ///< how FastICA looks for components
    /// A component is an event if the action loss rises by at least this share of what it does at the firings of the
    /// component at which it rises most.
    double share = 0.5;
    ExclusiveEventsOptions exclusive{};  ///< what counts as a kind where components may be of several

    static constexpr void describe(const auto& self, auto&& part) {
        part("components", self.components);
        part("share", self.share);
        part("exclusive", self.exclusive);
    }
};

/// What was measured of an independent component, or of a kind of events that shared one with others.
struct ComponentStatistics {
    double kurtosis = 0;   ///< E s^4 - 3 of its values s over all rows
    double threshold = 0;  ///< midway between the means of two classes of values; of a kind, of those at events
    double rate = 0;       ///< share of the steps at which it fires beyond the threshold
    int measured = 0;      ///< firings with an action before and after
    double rise = 0;       ///< of -log p(a_t) over -log p(a_{t-1}) at those of o_t: mean less two standard errors
    int kind = -1;         ///< of the observer's event; -1: none
};

/// What find_events came to: an observer, and what speaks for it.
template <class Observer>
struct FoundEvents {
    Observer observer{};  ///< of the events, in the order of their rise, the largest first
    /// The largest kurtosis first; where kinds were told apart, these in place of the components that they were in.
    std::vector<ComponentStatistics> components;
    control::IndependentComponents<float, Observer::width> independent{};  ///< all components, events or not
    int kinds = 0;                                                         ///< of events
    /// Of how many components more kinds were told apart than these are (train/exclusive_events.hpp); 0: of none.
    int merged = 0;
};

/// Fits an observer to episodes with endings. Where more kinds of events are told apart among events alone
/// (train/exclusive_events.hpp) than there are components that are events, and all of these are of such a kind, the
/// kinds take their place. Some 20 000 steps suffice where events are not much rarer than one in fifteen. The component
/// at whose firing the loss rises most is an event in any case: where it does not rise, the model is hardly trained or
/// there are no events, as `components` tells. Throws core::Error where episodes are not valid or nothing can be
/// measured, and where an observer at a layer above 0 meets an episode as long as the context.
template <class Observer, class Base>
FoundEvents<Observer> find_events(const typename Base::template Parameters<float>& base,
                                  const EpisodesOf<Base, float>& episodes, core::Random random,
                                  const FindEventsOptions& options = {}) {
    constexpr int width = Observer::width;
    static_assert(width == Base::width, "the observer has another width than the base model's residual stream");
    static_assert(Observer::layer >= 0 && Observer::layer <= Base::depth,
                  "the observer is of a layer that the base model does not have");
    core::require_range(options.share, 0.0, 1.0, "the share of the largest rise of the action loss");
    options.exclusive.validate();
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

    // Of what has these values at the rows.
    const auto measured = [&](const std::vector<float>& values, double kurtosis, double threshold) {
        ComponentStatistics component{.kurtosis = kurtosis, .threshold = threshold};
        double fired = 0, sum = 0, square = 0;
        for (int episode = 0; episode < sequences.count(); ++episode) {
            const int first = sequences.first(episode), ending = first + sequences.length(episode) - 1;
            for (int row = first; row <= ending; ++row) {
                if (values[static_cast<std::size_t>(row)] <= threshold) continue;
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
        return component;
    };
    // The events among what was measured, in the order of their rise.
    const auto chosen = [&](const std::vector<ComponentStatistics>& of) {
        std::vector<int> order;
        for (std::size_t i = 0; i < of.size(); ++i)
            if (of[i].measured > 1) order.push_back(static_cast<int>(i));
        const auto rise = [&](int i) { return of[static_cast<std::size_t>(i)].rise; };
        std::stable_sort(order.begin(), order.end(), [&](int x, int y) { return rise(x) > rise(y); });
        std::size_t count = std::min<std::size_t>(order.size(), 1);
        while (count < order.size() && count < Observer::kinds && rise(order[count]) > 0 &&
               rise(order[count]) >= options.share * rise(order[0]))
            ++count;
        order.resize(count);
        return order;
    };

    // Of these; each is told of which kind it is.
    const auto observer_of = [](const std::vector<int>& order, std::vector<ComponentStatistics>& of, const auto& mean,
                                const auto& filters) {
        Observer observer{.mean = mean};
        for (std::size_t kind = 0; kind < order.size(); ++kind) {
            auto& component = of[static_cast<std::size_t>(order[kind])];
            component.kind = static_cast<int>(kind);
            core::map(observer.filter).row(component.kind) = core::map(filters).row(order[kind]);
            observer.threshold.values[kind] = static_cast<float>(component.threshold);
        }
        return observer;
    };

    auto& components = result.components;
    std::vector<float> values(static_cast<std::size_t>(rows.count)), sorted;
    for (int i = 0; i < result.independent.count; ++i) {
        for (int row = 0; row < rows.count; ++row) values[static_cast<std::size_t>(row)] = sources.view().row(row)[i];
        components.push_back(
            measured(values, result.independent.kurtosis.values[i], two_class_threshold(sorted = values)));
    }
    const std::vector<int> order = chosen(components);
    core::require(!order.empty(), "no component of the residual stream fires twice where the action loss is known");
    result.observer = observer_of(order, components, result.independent.mean, result.independent.unmixing);
    result.kinds = static_cast<int>(order.size());

    // One component may be of several kinds: FastICA may stop where two that exclude one another are in one.
    const auto events_of = [&](const Observer& observer) {
        std::vector<int> events;
        for (int row = 0; row < rows.count; ++row) {
            std::int16_t seen = 0;
            observer.observe(rows, row, &seen);
            if (Observer::event(&seen)) events.push_back(row);
        }
        return events;
    };
    const std::vector<int> events = events_of(result.observer);
    if (Observer::kinds == 1 || events.empty()) return result;
    const auto apart =
        exclusive_events<Observer::layer, Observer::kinds>(rows, events, random.fork(1), options.exclusive);
    if (apart.kinds <= result.kinds) return result;
    // All of the events have to be of these kinds, of which some may be events no more.
    const std::vector<int> again = events_of(apart.observer);
    std::vector<int> both;
    std::set_intersection(events.begin(), events.end(), again.begin(), again.end(), std::back_inserter(both));
    if (static_cast<double>(both.size()) < 0.98 * static_cast<double>(events.size())) return result;
    const int most = std::min(apart.kinds, Observer::kinds);
    std::vector<ComponentStatistics> kinds;
    for (int k = 0; k < most; ++k) {
        double square = 0, fourth = 0;
        for (int row = 0; row < rows.count; ++row) {
            const float value = (core::map_row(rows, row) - core::map(apart.observer.mean))
                                    .dot(core::map(apart.observer.filter).row(k));
            values[static_cast<std::size_t>(row)] = value;
            square += std::pow(static_cast<double>(value), 2) / rows.count;
            fourth += std::pow(static_cast<double>(value), 4) / rows.count;
        }
        kinds.push_back(measured(values, fourth / (square * square) - 3, apart.observer.threshold.values[k]));
    }
    const std::vector<int> told = chosen(kinds);
    if (static_cast<int>(told.size()) <= result.kinds) return result;
    result.observer = observer_of(told, kinds, apart.observer.mean, apart.observer.filter);
    result.merged = std::exchange(result.kinds, static_cast<int>(told.size()));
    std::erase_if(components, [](const ComponentStatistics& component) { return component.kind >= 0; });
    for (const int k : told) components.push_back(kinds[static_cast<std::size_t>(k)]);
    std::stable_sort(components.begin(), components.end(),
                     [](const auto& x, const auto& y) { return x.kurtosis > y.kurtosis; });
    return result;
}

}  // namespace midstream::train
