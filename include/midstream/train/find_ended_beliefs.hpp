/// \file
/// Finds the beliefs of an EndedBeliefs in a frozen model without labels. Where a goal is reached the model gives up
/// its belief in it, at once and altogether, and takes up a little of every other: of the independent components of how
/// its residual stream changes there, those that are beliefs lean to one side.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "midstream/control/ended_beliefs.hpp"
#include "midstream/train/find_events.hpp"
#include "midstream/train/linear_discriminant.hpp"
#include "midstream/train/two_class_threshold.hpp"

namespace midstream::train {

/// How beliefs are told from all else that changes.
struct FindEndedBeliefsOptions {
    control::IndependentComponentsOptions components{};  ///< how FastICA looks for doubt, in all rows
    /// Steps before and after an event, over which the stream's means are compared: a few times what is periodic in it
    /// (a gait), and less than lies between two events of interest.
    int window = 12;
    int changes = 8;  ///< independent components of these changes, from their directions of the largest variance
    /// A component is a belief if its skewness is at least this share of the largest.
    double share = 0.7;

    static constexpr void describe(const auto& self, auto&& part) {
        part("components", self.components);
        part("window", self.window);
        part("changes", self.changes);
        part("share", self.share);
    }
};

/// What was measured of an independent component of the changes.
struct BeliefStatistics {
    double skewness = 0;   ///< E s^3 of its values s over the events: 0 of a symmetric distribution
    double threshold = 0;  ///< midway between the means of two classes of the values above the median
    double rate = 0;       ///< share of the events at which it is beyond its threshold
    int kind = -1;         ///< of the observer's beliefs; -1: none
};

/// What find_ended_beliefs came to: an observer, and what speaks for it.
template <class Observer>
struct FoundBeliefs {
    Observer observer{};  ///< of the beliefs, in the order of their skewness, the largest first
    FoundEvents<control::StreamEvents<Observer::width, Observer::layer, 1>> doubt{};  ///< where it begins
    std::vector<BeliefStatistics> beliefs;  ///< the components of the changes, the largest kurtosis first
    control::IndependentComponents<float, Observer::width> independent{};  ///< all of these, beliefs or not
    int events = 0;  ///< beginnings of doubt, of which changes were measured
    int kinds = 0;   ///< of beliefs
};

/// Fits an observer to episodes with endings. What begins to happen where the action loss rises most (find_events) is
/// doubt; how the stream changes there, from before to after, has independent components, of which those that lean to
/// one side are beliefs; and what the stream looks like at once, at the very step, tells which one has ended, so that
/// the ending of an episode tells too. The component of the largest skewness is a belief in any case: where it is small
/// (beside sqrt(6 / events), its deviation by chance) there are none, as `beliefs` tells. Throws core::Error where
/// find_events does, where there are fewer events than twice the components or their changes have a lower rank, where
/// there are more beliefs than the observer has kinds, and where options are out of range.
template <class Observer, class Base>
FoundBeliefs<Observer> find_ended_beliefs(const typename Base::template Parameters<float>& base,
                                          const EpisodesOf<Base, float>& episodes, core::Random random,
                                          const FindEndedBeliefsOptions& options = {}) {
    constexpr int width = Observer::width;
    core::require_range(options.window, 1, 1 << 20, "the steps before and after an event");
    core::require_range(options.changes, 1, width, "the number of components of changes");
    core::require_range(options.share, 0.0, 1.0, "the share of the largest skewness");
    FoundBeliefs<Observer> result;
    result.doubt = find_events<control::StreamEvents<width, Observer::layer, 1>, Base>(
        base, episodes, random.fork(0), {.components = options.components});
    result.observer.doubt = result.doubt.observer;

    // Of every event what the stream looks like, and how it changes.
    StreamAhead<Base, float> stream;
    const auto rows = stream.whole(base, episodes, Observer::layer);
    const core::Sequences sequences = stream.sequences();
    std::vector<int> events;
    for (int episode = 0; episode < sequences.count(); ++episode) {
        const int first = sequences.first(episode), length = sequences.length(episode);
        for (int row = options.window; row <= length - options.window; ++row)
            if (result.observer.begins(rows.slice(first, length), row)) events.push_back(first + row);
    }
    result.events = static_cast<int>(events.size());
    core::require(result.events >= 2 * options.changes, [&] {
        return std::to_string(options.changes) + " components of changes need " + std::to_string(2 * options.changes) +
               " events with " + std::to_string(options.window) + " steps before and after, and there are " +
               std::to_string(result.events);
    });
    core::Buffer<float, width> looks, changes, sources;
    looks.resize(result.events);
    changes.resize(result.events);
    for (int i = 0; i < result.events; ++i) {
        const int row = events[static_cast<std::size_t>(i)];
        const auto mean = [&](int from) { return core::map(rows.slice(from, options.window)).colwise().mean(); };
        core::map_row(looks.view(), i) = core::map_row(rows, row);
        core::map_row(changes.view(), i) = mean(row) - mean(row - options.window);
    }
    const auto& independent = result.independent = control::independent_components<float, width>(
        std::as_const(changes).view(), random.fork(1),
        {.components = options.changes, .contrast = control::Contrast::skewness});
    independent.apply(std::as_const(changes).view(), sources.resize(result.events));

    // Which of them are beliefs.
    for (int i = 0; i < independent.count; ++i) {
        BeliefStatistics belief;
        std::vector<float> values, above;  // all, and by how much those above the median are
        for (int event = 0; event < result.events; ++event) {
            const float value = sources.view().row(event)[i];
            belief.skewness += std::pow(static_cast<double>(value), 3) / result.events;
            values.push_back(value);
        }
        const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
        std::nth_element(values.begin(), middle, values.end());
        for (const float value : values)
            if (value > *middle) above.push_back(value - *middle);
        belief.threshold = *middle + two_class_threshold(above);
        const auto beyond = [&](float value) { return value > belief.threshold; };
        belief.rate = static_cast<double>(std::count_if(values.begin(), values.end(), beyond)) / result.events;
        result.beliefs.push_back(belief);
    }
    std::vector<int> order(result.beliefs.size());
    std::iota(order.begin(), order.end(), 0);
    const auto belief = [&](int i) -> BeliefStatistics& { return result.beliefs[static_cast<std::size_t>(i)]; };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return belief(a).skewness > belief(b).skewness; });
    const auto last = std::find_if(order.begin() + 1, order.end(), [&](int i) {
        return belief(i).skewness < options.share * belief(order[0]).skewness;
    });
    order.erase(last, order.end());
    core::require(order.size() <= static_cast<std::size_t>(Observer::kinds), [&] {
        return std::to_string(order.size()) + " components lean to one side, and the observer has " +
               std::to_string(Observer::kinds) + " kinds of beliefs: give it more, or ask for a larger share";
    });
    for (const int i : order) belief(i).kind = result.kinds++;

    std::vector<int> ended(static_cast<std::size_t>(result.events));
    for (int event = 0; event < result.events; ++event) {
        double farthest = 0;
        for (const int i : order) {
            const double beyond = sources.view().row(event)[i] - belief(i).threshold;
            if (beyond <= farthest) continue;
            farthest = beyond;
            ended[static_cast<std::size_t>(event)] = 1 + belief(i).kind;
        }
    }
    core::require(std::any_of(ended.begin(), ended.end(), [](int kind) { return kind > 0; }),
                  "beliefs: nothing leans to one side at any event");
    result.observer.beliefs =
        linear_discriminant<width, Observer::layer, Observer::kinds>(std::as_const(looks).view(), ended);
    return result;
}

}  // namespace midstream::train
