/// \file
/// The residual stream one step ahead. What an action leads to shows in the next observation, and of the last action in
/// the one that the episode ended on, which is none of the rows: the first pass is run over all T + 1 of them.
#pragma once

#include <utility>
#include <vector>

#include "midstream/core/contract.hpp"
#include "midstream/data/episodes.hpp"

namespace midstream::train {

/// The episodes that a model reads.
template <class Model, class T>
using EpisodesOf = data::Episodes<typename Model::Observation, typename Model::Action, typename Model::Target, T>;

/// The working memory of a first pass over episodes and their endings.
template <class Base, class T>
struct StreamAhead {
    std::vector<int> offsets;  ///< of the sequences o_1, ..., o_{T+1}
    /// The observations o_1, ..., o_{T+1} of each episode, row by row.
    std::vector<typename Base::Observation::template Element<T>> observations;
    typename Base::template Tape<T> tape;  ///< of the first pass over these
    core::Buffer<T, Base::width> ahead;    ///< what `rows` returned last

    /// Where each episode's T + 1 observations lie.
    core::Sequences sequences() const { return {offsets}; }

    /// Layer `layer` of o_1, ..., o_{T+1} of every episode, T + 1 rows each, which layers above 0 must have the context
    /// for. Throws core::Error where an episode's ending is not known.
    core::Rows<const T, Base::width> whole(const typename Base::template Parameters<T>& base,
                                           const EpisodesOf<Base, T>& batch, int layer) {
        constexpr int width = Base::Observation::width;
        core::require(batch.endings.size() == static_cast<std::size_t>(batch.count()) * width,
                      "what the last action of an episode leads to is not known: record the episodes with their "
                      "endings (data::Episodes)");
        offsets.assign(1, 0);
        observations.clear();
        for (int episode = 0; episode < batch.count(); ++episode) {
            const auto append = [&](const auto& from, int first, int count) {
                const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first) * width;
                observations.insert(observations.end(), begin, begin + static_cast<std::ptrdiff_t>(count) * width);
            };
            append(batch.observations, batch.sequences().first(episode), batch.sequences().length(episode));
            append(batch.endings, episode, 1);
            offsets.push_back(offsets.back() + batch.sequences().length(episode) + 1);
        }
        Base::embed(base, {observations.data(), offsets.back()}, tape);
        Base::blocks(base, sequences(), 0, layer, tape);
        return tape.residual[static_cast<std::size_t>(layer)].view();
    }

    /// Layer `layer` of o_{t+1} for every row t of the batch.
    core::Rows<const T, Base::width> rows(const typename Base::template Parameters<T>& base,
                                          const EpisodesOf<Base, T>& batch, int layer) {
        const auto all = whole(base, batch, layer);
        ahead.resize(batch.rows());
        for (int episode = 0; episode < batch.count(); ++episode) {
            const int first = batch.sequences().first(episode), length = batch.sequences().length(episode);
            core::map(ahead.view().slice(first, length)) = core::map(all.slice(offsets[episode] + 1, length));
        }
        return std::as_const(ahead).view();
    }
};

}  // namespace midstream::train
