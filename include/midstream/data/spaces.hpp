/// \file
/// What observations and actions are made of. A space says how many elements a row has and of which type, so that a
/// model can choose the layer that reads it and the distribution that writes it.
#pragma once

#include <cstdint>

namespace midstream::data {

/// Each row is the `Count` positions of the ones in a 0/1 vector of `Dimension` entries.
template <int Dimension, int Count>
struct OneHots {
    static constexpr int dimension = Dimension;
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
    static constexpr int width = Width;
    template <class T>
    using Element = T;
    static constexpr void describe(auto&& part) { part("width", Width); }
};

/// Each row is `Groups` independent choices among `Classes`, as actions (one group) or prediction targets.
template <int Classes, int Groups = 1>
struct Categories {
    static constexpr int classes = Classes;
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
