/// \file
/// What episodes promise to whoever reads them, checked where they enter: files, sources of training, analyses. What
/// passes here is never out of bounds anywhere behind.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>

#include "midstream/core/contract.hpp"
#include "midstream/data/episodes.hpp"

namespace midstream::data {

/// How many values an entry of the space may take (0, 1, ... up to it, excluded); 0 where it is a real number.
template <class Space>
inline constexpr int entry_count = 0;
/// A position in the 0/1 vector.
template <int Dimension, int Count>
inline constexpr int entry_count<OneHots<Dimension, Count>> = Dimension;
/// A class.
template <int Classes, int Groups>
inline constexpr int entry_count<Categories<Classes, Groups>> = Classes;

/// Throws unless every entry of a row is valid in the space: indices in range, real numbers finite. `name(column)` says
/// what an entry is.
template <class Space, class Element, class Name>
void require_row(const Element* row, Name&& name) {
    for (int column = 0; column < Space::width; ++column) {
        const Element value = row[column];
        if constexpr (entry_count < Space >> 0) {
            if (value < 0 || value >= entry_count<Space>) [[unlikely]]
                core::require_range<int>(value, 0, entry_count<Space> - 1, name(column));
        } else if constexpr (std::is_floating_point_v<Element>) {
            core::require(core::is_finite(value), [&] { return name(column) + " is not finite"; });
        }
    }
}

/// Whether require_row would let a row pass.
template <class Space, class Element>
constexpr bool is_valid_row(const Element* row) {
    for (int column = 0; column < Space::width; ++column) {
        if constexpr (entry_count < Space >> 0) {
            if (row[column] < 0 || row[column] >= entry_count<Space>) return false;
        } else if constexpr (std::is_floating_point_v<Element>) {
            if (!core::is_finite(row[column])) return false;
        }
    }
    return true;
}

/// "entry 2 of ", before the name of a row.
inline std::string entry_of(int column) { return "entry " + std::to_string(column) + " of "; }

/// What somebody needs of episodes besides what all must have.
struct Demands {
    bool targets = false;  ///< those of all rows but an episode's last
    int subgoals = 0;      ///< if positive, the labels of all rows, from 0 to this, excluded
    bool endings = false;  ///< the observation that each episode ended on
};

/// Throws an Error that names the culprit unless offsets begin at 0 and ascend (every episode has a row), every array
/// has its length, indices are in range and real numbers finite (but for the unused target of an episode's last row).
/// Targets, subgoals, returns and endings may be absent (empty) where they are not demanded. Messages begin with
/// `origin`.
template <class Observation, class Action, class Target, class T>
void validate(const Episodes<Observation, Action, Target, T>& episodes, const Demands& demands = {},
              std::string_view origin = {}) {
    const auto require = [&](bool condition, auto&& message) {
        core::require(condition, [&] { return std::string(origin) + (origin.empty() ? "" : ": ") + message(); });
    };
    require(!episodes.offsets.empty() && episodes.offsets.front() == 0, [] { return "offsets do not begin with 0"; });
    for (std::size_t i = 1; i < episodes.offsets.size(); ++i)
        require(episodes.offsets[i] > episodes.offsets[i - 1],
                [&] { return "offsets [" + std::to_string(i) + "] does not ascend"; });
    const auto rows = static_cast<std::size_t>(episodes.rows());
    const auto require_size = [&](std::size_t size, std::size_t expected, bool demanded, const char* name) {
        require(size == expected || (size == 0 && !demanded), [&] {
            return std::string(name) + " has " + std::to_string(size) + " entries, expected " +
                   std::to_string(expected);
        });
        return size > 0;
    };
    require_size(episodes.observations.size(), rows * Observation::width, true, "observations");
    require_size(episodes.actions.size(), rows * Action::width, true, "actions");
    const bool targets = require_size(episodes.targets.size(), rows * Target::width, demands.targets, "targets");
    require_size(episodes.subgoals.size(), rows, demands.subgoals > 0, "subgoals");
    const auto count = static_cast<std::size_t>(episodes.count());
    require_size(episodes.returns.size(), count, false, "returns");
    const bool endings = require_size(episodes.endings.size(), count * Observation::width, demands.endings, "endings");

    const auto require_valid = [&]<class Space, class Element>(Space, const std::vector<Element>& values, int row,
                                                               const char* name) {
        require_row<Space>(values.data() + static_cast<std::ptrdiff_t>(row) * Space::width, [&](int column) {
            return std::string(origin) + (origin.empty() ? "" : ": ") + name + " [" + std::to_string(row) + ", " +
                   std::to_string(column) + "]";
        });
    };
    const core::Sequences sequences = episodes.sequences();
    for (int episode = 0; episode < sequences.count(); ++episode)
        for (int row = sequences.first(episode); row < sequences.first(episode + 1); ++row) {
            require_valid(Observation{}, episodes.observations, row, "observations");
            require_valid(Action{}, episodes.actions, row, "actions");
            if (targets && row + 1 < sequences.first(episode + 1))
                require_valid(Target{}, episodes.targets, row, "targets");
        }
    if (demands.subgoals > 0)
        for (std::size_t row = 0; row < rows; ++row)
            require(episodes.subgoals[row] >= 0 && episodes.subgoals[row] < demands.subgoals, [&] {
                return "subgoals [" + std::to_string(row) + "] is " + std::to_string(episodes.subgoals[row]) +
                       ", valid is 0 to " + std::to_string(demands.subgoals - 1);
            });
    if (endings)
        for (int episode = 0; episode < sequences.count(); ++episode)
            require_valid(Observation{}, episodes.endings, episode, "endings");
    for (std::size_t episode = 0; episode < episodes.returns.size(); ++episode)
        require(core::is_finite(episodes.returns[episode]),
                [&] { return "returns [" + std::to_string(episode) + "] is not finite"; });
}

}  // namespace midstream::data
