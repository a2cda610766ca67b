/// \file
/// An observer that is learned from the residual stream and knows no environment: events are steps at which the model
/// gives up a belief, and what is seen of an event is which (train/find_ended_beliefs.hpp finds them). For streams in
/// which no component is a kind of event, as StreamEvents needs it.
#pragma once

#include <cstdint>

#include "midstream/control/stream_events.hpp"
#include "midstream/core/contract.hpp"

namespace midstream::control {

/// An observer (control/observer.hpp) of up to `Kinds` beliefs at layer `Layer` of a stream of this width. A belief
/// ends where something begins to happen that makes the model doubt, and tells of one. Fresh, it knows none, and
/// nothing ever happens: metacontrollers refuse such a one.
template <int Width, int Layer, int Kinds>
struct EndedBeliefs {
    static constexpr int width = Width,  ///< of the stream
        layer = Layer,                   ///< that is observed
        kinds = Kinds;                   ///< of beliefs, at most
    /// 1 + the belief that ends, or 0 for none.
    using Observation = data::OneHots<Kinds + 1, 1>;

    StreamEvents<Width, Layer, 1> doubt{};        ///< fires where the model may have to give up a belief
    StreamEvents<Width, Layer, Kinds> beliefs{};  ///< and of these each where it is the one

    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("layer", Layer);
        part("kinds", Kinds);
    }
    static void visit(auto& self, auto&& member) {
        member("doubt", self.doubt);
        member("beliefs", self.beliefs);
    }

    /// Throws core::Error unless it knows a belief.
    void validate() const {
        core::require(doubt.knows_events() && beliefs.knows_events(),
                      "the observer knows no beliefs: find them first (train/find_ended_beliefs.hpp)");
    }

    /// Does doubt begin at this row of an episode's rows? Where it goes on it does not.
    template <class T>
    bool begins(core::Rows<const T, Width> ahead, int row) const {
        const auto fires = [&](int at) {
            std::int16_t seen = 0;
            doubt.observe(ahead, at, &seen);
            return seen != 0;
        };
        return fires(row) && (row == 0 || !fires(row - 1));
    }
    template <class T>
    void observe(core::Rows<const T, Width> ahead, int row, std::int16_t* seen) const {
        seen[0] = 0;
        if (begins(ahead, row)) beliefs.observe(ahead, row, seen);
    }
    static bool event(const std::int16_t* seen) { return seen[0] != 0; }
};

}  // namespace midstream::control
