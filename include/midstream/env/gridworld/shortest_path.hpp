/// \file
/// The expert of gridworld-pinpad (C.1.1): the exact shortest-path policy.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "midstream/core/random.hpp"
#include "midstream/env/distances.hpp"

namespace midstream::env {

/// What to do where several moves begin a shortest leg.
enum class TieBreaking {
    uniform,       ///< any of them, equally likely: the paper's pretraining data
    deterministic  ///< the first in the order up, down, left, right: columns before rows wherever the way is free
};

/// By move, in the order of board.hpp.
using MoveProbabilities = std::array<double, move_count>;

/// Goes to the next colour by a shortest leg; with probability `epsilon` makes instead a uniformly random move that
/// does not end the episode (neither by a wrong colour nor by completing the task). Where no leg is left, as a random
/// move can bring about, it makes such moves until the horizon.
struct ShortestPathExpert {
    double epsilon = 0;                               ///< the probability of a random move
    TieBreaking tie_breaking = TieBreaking::uniform;  ///< among the moves that begin a shortest leg
    static constexpr void describe(const auto& self, auto&& part) {
        part("epsilon", self.epsilon);
        part("tie_breaking", self.tie_breaking);
    }

    /// The probability of every move from `cell` for an agent whose next colour is `colour`, and whose task is complete
    /// with it if `last`.
    template <Pinpad World>
    MoveProbabilities probabilities(const Board<World>& board, const Distances<World>& distances, int cell, int colour,
                                    bool last) const {
        const unsigned safe = safe_moves(board, cell, colour, last);
        unsigned best = distances.optimal_moves(board, cell, colour);
        if (best == 0)
            best = safe != 0 ? safe : (1u << move_count) - 1;
        else if (tie_breaking == TieBreaking::deterministic)
            best &= ~best + 1;  // the lowest bit
        const double random = safe != 0 ? epsilon : 0;
        MoveProbabilities result{};
        for (int move = 0; move < move_count; ++move) {
            if (best >> move & 1) result[move] += (1 - random) / std::popcount(best);
            if (safe >> move & 1) result[move] += random / std::popcount(safe);
        }
        return result;
    }

    /// The same for the state a gridworld-pinpad is in.
    template <class E>
    MoveProbabilities probabilities(const E& environment) const {
        return probabilities(environment.board(), environment.distances(), environment.agent(), environment.colour(),
                             environment.progress() + 1 == environment.task().length);
    }

    /// Draws a move; uses one number of the stream whatever the state.
    template <class E>
    std::array<std::int16_t, 1> act(const E& environment, core::Random& random) const {
        const MoveProbabilities chances = probabilities(environment);
        double left = random.uniform();
        int chosen = -1;
        for (int move = 0; move < move_count; ++move) {
            if (chances[move] <= 0) continue;
            chosen = move;  // so that rounding can only ever fall on a possible move
            left -= chances[move];
            if (left < 0) break;
        }
        return {static_cast<std::int16_t>(chosen)};
    }

private:
    /// The moves that do not end the episode, as bits.
    template <Pinpad World>
    static unsigned safe_moves(const Board<World>& board, int cell, int colour, bool last) {
        unsigned moves = 0;
        for (int move = 0; move < move_count; ++move) {
            const int next = board.moved(cell, move), content = board.contents[next];
            if (next == cell || content == Board<World>::empty || (content == colour && !last)) moves |= 1u << move;
        }
        return moves;
    }
};

}  // namespace midstream::env
