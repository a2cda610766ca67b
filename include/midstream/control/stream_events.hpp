/// \file
/// An observer that is learned from the residual stream and knows no environment: events are steps at which one of a
/// few independent components of a layer fires, and what is seen of an event is which (train/find_events.hpp finds
/// them).
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "midstream/core/contract.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/data/spaces.hpp"

namespace midstream::control {

/// An observer (control/observer.hpp) of up to `Kinds` kinds of events at layer `Layer` of a stream of this width.
/// Fresh, it knows no kind, and nothing ever happens: metacontrollers refuse such a one.
template <int Width, int Layer, int Kinds>
struct StreamEvents {
    static constexpr int width = Width,  ///< of the stream
        layer = Layer,                   ///< that is observed
        kinds = Kinds;                   ///< of events, at most
    /// 1 + the kind of the event, or 0 for none.
    using Observation = data::OneHots<Kinds + 1, 1>;

    core::Vector<float, Width> mean{};           ///< of the stream
    core::Matrix<float, Kinds, Width> filter{};  ///< how far kind k fires: filter_k . (e - mean)
    core::Vector<float, Kinds> threshold{};      ///< an event of kind k has its filter fire beyond this

    static constexpr void describe(auto&& part) {
        part("width", Width);
        part("layer", Layer);
        part("kinds", Kinds);
    }
    static void visit(auto& self, auto&& member) {
        member("mean", self.mean);
        member("filter", self.filter);
        member("threshold", self.threshold);
    }

    /// Is there a kind that can fire?
    bool knows_events() const {
        return std::any_of(std::begin(filter.values), std::end(filter.values), [](float v) { return v != 0; });
    }
    /// Throws core::Error unless it knows an event.
    void validate() const {
        core::require(knows_events(), "the observer knows no events: find them first (train/find_events.hpp)");
    }

    /// Of kinds that fire at once, the one that is farthest beyond its threshold is seen.
    template <class T>
    void observe(core::Rows<const T, Width> ahead, int row, std::int16_t* seen) const {
        const auto fires =
            ((core::map_row(ahead, row).template cast<float>() - core::map(mean)) * core::map(filter).transpose() -
             core::map(threshold))
                .eval();
        int kind = 0;
        seen[0] = fires.maxCoeff(&kind) > 0 ? static_cast<std::int16_t>(1 + kind) : std::int16_t{0};
    }
    static bool event(const std::int16_t* seen) { return seen[0] != 0; }
};

}  // namespace midstream::control
