/// \file
/// Packed batches: sequences of different lengths lie end to end in one matrix of rows; nothing is padded.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "midstream/core/tensor.hpp"

namespace midstream::core {

/// A view of where sequences begin: sequence s owns rows offsets[s] up to, not including, offsets[s + 1] of a batch,
/// which may hold more sequences than these. What layers are given is the rows of these sequences alone, where
/// sequence s begins at row(s). Without offsets there are no sequences, as for layers that do not look at them.
struct Sequences {
    std::span<const int> offsets;  ///< one more than there are sequences, or none at all

    /// How many sequences these are.
    int count() const { return offsets.empty() ? 0 : static_cast<int>(offsets.size()) - 1; }
    /// Rows of all of them together: their steps.
    int rows() const { return offsets.empty() ? 0 : offsets.back() - offsets.front(); }
    /// Where a sequence begins in the batch that these are a part of; first(count()) is where the last one ends.
    int first(int sequence) const {
        check(sequence >= 0 && sequence < static_cast<int>(offsets.size()),
              [&] { return "sequence " + std::to_string(sequence) + " of " + std::to_string(count()) + " sequences"; });
        return offsets[static_cast<std::size_t>(sequence)];
    }
    /// Where a sequence begins among the rows of these sequences alone.
    int row(int sequence) const { return first(sequence) - first(0); }
    /// Steps of a sequence.
    int length(int sequence) const { return first(sequence + 1) - first(sequence); }
};

/// The same rows in lockstep order: all first steps, then all second steps, ..., longest sequences first within a step.
/// The rows of step t are consecutive, and the state after step t - 1 of the sequences still running is the leading
/// part of the rows of step t - 1: recurrences need no gathering.
struct Lockstep {
    std::vector<int> order;   ///< sequences, longest first
    std::vector<int> starts;  ///< starts[t] is the first row of step t; starts.back() the number of rows
    std::vector<int> rows;    ///< rows[i] is the packed row that stands at i in lockstep order

    /// Steps of the longest sequence.
    int steps() const { return static_cast<int>(starts.size()) - 1; }
    /// The first row of a step; start(steps()) is the number of rows.
    int start(int step) const { return starts[static_cast<std::size_t>(step)]; }
    /// How many sequences have a step of this number; they are the first ones of `order`.
    int active(int step) const { return start(step + 1) - start(step); }

    /// Recomputes the order for these sequences, reusing memory. The vectors' capacities are their only state.
    void assign(Sequences sequences) {
        order.resize(static_cast<std::size_t>(sequences.count()));
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](int a, int b) {
            const int la = sequences.length(a), lb = sequences.length(b);
            return la != lb ? la > lb : a < b;
        });
        const int longest = order.empty() ? 0 : sequences.length(order.front());
        starts.resize(static_cast<std::size_t>(longest) + 1);
        rows.resize(static_cast<std::size_t>(sequences.rows()));
        int row = 0;
        for (int step = 0; step < longest; ++step) {
            starts[static_cast<std::size_t>(step)] = row;
            for (const int sequence : order) {
                if (sequences.length(sequence) <= step) break;
                rows[static_cast<std::size_t>(row++)] = sequences.row(sequence) + step;
            }
        }
        starts[static_cast<std::size_t>(longest)] = row;
    }

    /// target row i = source row rows[i]: from packed to lockstep order.
    template <class T, int Width>
    void gather(In<T, Width> source, Rows<T, Width> target) const {
        for (int i = 0; i < target.count; ++i)
            std::copy_n(source.row(rows[static_cast<std::size_t>(i)]), Width, target.row(i));
    }
    /// target row rows[i] = source row i: back to packed order.
    template <class T, int Width>
    void scatter(In<T, Width> source, Rows<T, Width> target) const {
        for (int i = 0; i < source.count; ++i)
            std::copy_n(source.row(i), Width, target.row(rows[static_cast<std::size_t>(i)]));
    }
};

}  // namespace midstream::core
