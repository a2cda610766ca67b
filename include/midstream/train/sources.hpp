/// \file
/// Sources of episodes: what the stages of training draw their batches from. A source is called with (count, random,
/// episodes) and fills a cleared batch, by recording an expert (recorder) or by drawing from a data set (sampler).
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "midstream/core/contract.hpp"
#include "midstream/data/look_ahead.hpp"
#include "midstream/data/validate.hpp"
#include "midstream/env/record.hpp"

namespace midstream::train {

/// Fills batches of these episodes.
template <class S, class Episodes>
concept SourceOf = requires(const S& source, Episodes& episodes, core::Random random) {
    source(1, random, episodes);
};

namespace detail {
/// Tells in a sentence why there is nothing to record.
template <class Expert, class Environment>
constexpr bool check_expert() {
    if constexpr (!env::check_environment<Environment>()) {
        return false;
    } else {
        static_assert(
            env::ExpertFor<Expert, Environment>,
            "an expert acts by `act(environment, random) const`, which returns a row of the environment's "
            "action: std::array<Element, Action::width>, where Element is std::int16_t of categories, float of "
            "continuous actions");
        return env::ExpertFor<Expert, Environment>;
    }
}
}  // namespace detail

/// See recorder.
template <class Environment, class ExpertType>
struct Recorder {
    /// The environment; something that fits stands in for what is none.
    using World = env::detail::Checked<Environment>;
    /// Whether the expert acts in it; where it does not, a sentence says why.
    static constexpr bool acts = detail::check_expert<ExpertType, Environment>();
    Environment environment;  ///< a copy of it is what the expert acts in
    ExpertType expert;        ///< whose successes are recorded
    /// Appends `count` successful episodes, the i-th from random.fork(i).
    void operator()(int count, core::Random random, env::EpisodesOf<World>& episodes) const {
        if constexpr (acts) env::record(environment, expert, count, random, episodes);
    }
};
/// A source that records fresh successful episodes of an expert for every batch.
template <class World, class Expert>
Recorder<World, Expert> recorder(World environment, Expert expert) {
    return {std::move(environment), std::move(expert)};
}

/// Appends one episode of `from` to `to`. Targets, subgoals, returns and endings that one of them lacks the other has
/// to lack, too, unless it is empty.
template <class Episodes>
void append_episode(const Episodes& from, int episode, Episodes& to) {
    core::require_index(episode, from.count(), "the number of an episode");
    const int first = from.offsets[static_cast<std::size_t>(episode)],
              last = from.offsets[static_cast<std::size_t>(episode) + 1];
    core::require(0 <= first && first <= last && last <= from.rows(), [&] {
        return "episode " + std::to_string(episode) + " goes from row " + std::to_string(first) + " to row " +
               std::to_string(last) + " of " + std::to_string(from.rows());
    });
    core::require(last - first <= std::numeric_limits<int>::max() - to.rows(), [&] {
        return "a batch of episodes has at most " + std::to_string(std::numeric_limits<int>::max()) + " rows";
    });
    struct Part {
        int of, to, begin, end;  // entries begin, ..., end - 1 of `of` are appended to `to` entries
    };
    const auto append = [](const char* name, const auto& source, auto& target, int row_width, const Part& part,
                           bool optional) {
        const auto is_whole = [&](std::size_t size, int entries) {
            return size == static_cast<std::size_t>(entries) * static_cast<std::size_t>(row_width);
        };
        if (optional && source.empty() && target.empty()) return;
        core::require(is_whole(source.size(), part.of) && is_whole(target.size(), part.to), [&] {
            return std::string(name) + " of " + std::to_string(source.size()) + " numbers for " +
                   std::to_string(part.of) + " times " + std::to_string(row_width) + " are not appended to " +
                   std::to_string(target.size()) + " for " + std::to_string(part.to) + " times " +
                   std::to_string(row_width);
        });
        target.insert(target.end(), source.begin() + static_cast<std::ptrdiff_t>(part.begin) * row_width,
                      source.begin() + static_cast<std::ptrdiff_t>(part.end) * row_width);
    };
    const Part rows{from.rows(), to.rows(), first, last}, one{from.count(), to.count(), episode, episode + 1};
    append("observations", from.observations, to.observations, Episodes::observation_width, rows, false);
    append("actions", from.actions, to.actions, Episodes::action_width, rows, false);
    append("targets", from.targets, to.targets, Episodes::target_width, rows, true);
    append("subgoals", from.subgoals, to.subgoals, 1, rows, true);
    append("returns", from.returns, to.returns, 1, one, true);
    append("endings", from.endings, to.endings, Episodes::observation_width, one, true);
    to.offsets.push_back(to.rows() + last - first);
}

/// See sampler.
template <class Episodes>
struct Sampler {
    const Episodes* dataset;  ///< where episodes are drawn from; has to outlive this
    /// Appends `count` episodes. Throws where the data set is empty.
    void operator()(int count, core::Random random, Episodes& episodes) const {
        core::require(dataset->count() > 0, "a data set to draw from holds at least one episode");
        for (int i = 0; i < count; ++i) append_episode(*dataset, random.below(dataset->count()), episodes);
    }
};
/// A source that draws episodes, with replacement, from a data set. It keeps a reference: the data set has to outlive
/// it and to stay where it is; what is changed there meanwhile is what is drawn from. So that of a Collector is one of
/// its latest episodes.
template <class Episodes>
Sampler<Episodes> sampler(const Episodes& dataset) {
    core::require(dataset.count() > 0, "a data set to draw from holds at least one episode");
    return {&dataset};
}
/// A data set that is gone with the expression cannot be drawn from.
template <class Episodes>
void sampler(const Episodes&& dataset) = delete;

/// See looking_ahead.
template <class Source>
struct LookingAhead {
    Source source;  ///< of episodes with targets of the next observation
    int steps;      ///< how far ahead targets lie: 1 or more
    /// Fills a cleared batch.
    template <class Episodes>
    requires SourceOf<Source, Episodes>
    void operator()(int count, core::Random random, Episodes& episodes) const {
        source(count, random, episodes);
        data::look_ahead(episodes, steps);
    }
};
/// A source whose targets lie `steps` steps ahead (data::look_ahead).
template <class Source>
LookingAhead<Source> looking_ahead(Source source, int steps) {
    return {std::move(source), steps};
}

/// The longest episode that a source can give, in steps; 0 where its type does not say.
template <class Source>
inline constexpr int horizon_of = 0;
/// That of the environment.
template <class World, class Expert>
inline constexpr int horizon_of<Recorder<World, Expert>> = env::horizon_of<World>;
/// That of the source within.
template <class Source>
inline constexpr int horizon_of<LookingAhead<Source>> = horizon_of<Source>;

/// Draws `count` episodes into a cleared batch. Throws unless the source gave as many as it was asked for, and they are
/// valid and have what is demanded of them.
template <class Source, class Episodes>
void draw(const Source& source, int count, core::Random random, Episodes& batch, const data::Demands& demands = {}) {
    source(count, random, batch);
    core::require(batch.count() == count, [&] {
        return "a source of episodes gave " + std::to_string(batch.count()) + " where " + std::to_string(count) +
               " were asked for";
    });
    data::validate(batch, demands, "a source of episodes");
}

}  // namespace midstream::train
