/// \file
/// What observations and actions are made of. A space says how many elements a row has and of which type, so that a
/// model can choose the layer that reads it and the distribution that writes it.
#pragma once

#include <cstdint>

namespace midstream::data {

/// Indices are 16-bit numbers.
inline constexpr int most_entries = 32768;

/// Each row is the `Count` positions of the ones in a 0/1 vector of `Dimension` entries.
template <int Dimension, int Count>
struct OneHots {
    static_assert(Dimension >= 1 && Dimension <= most_entries && Count >= 1,
                  "a space of one-hots has 1 to 32768 entries, of which at least 1 is a one");
    static constexpr int dimension = Dimension;  ///< entries of the 0/1 vector
    static constexpr int width = Count;
    template <class T>
    using Element = std::int16_t;
    static constexpr void describe(auto&& part) {
        part("dimension", Dimension);
        part("count", Count);
    }
};

/// Each row is `Width` real numbers.
template <int Width>
struct Dense {
    static_assert(Width >= 1, "a space of real numbers has at least 1; data::None has none");
    static constexpr int width = Width;
    template <class T>
    using Element = T;
    static constexpr void describe(auto&& part) { part("width", Width); }
};

/// Each row is `Groups` independent choices among `Classes`, as actions (one group) or prediction targets.
template <int Classes, int Groups = 1>
struct Categories {
    static_assert(Classes >= 1 && Classes <= most_entries && Groups >= 1,
                  "a space of categories has 1 to 32768 classes in at least 1 group");
    static constexpr int classes = Classes;  ///< choices in each group: 0, ..., classes - 1
    static constexpr int width = Groups;
    template <class T>
    using Element = std::int16_t;
    static constexpr void describe(auto&& part) {
        part("classes", Classes);
        part("groups", Groups);
    }
};

/// Each row is a point in R^Width, as continuous actions or controller codes.
template <int Width>
struct Continuous {
    static_assert(Width >= 1, "a space of real numbers has at least 1; data::None has none");
    static constexpr int width = Width;
    template <class T>
    using Element = T;
    static constexpr void describe(auto&& part) { part("width", Width); }
};

/// The absence of a space, for a model that predicts no observations.
struct None {
    static constexpr int width = 0;
    template <class T>
    using Element = std::int16_t;
};

}  // namespace midstream::data
