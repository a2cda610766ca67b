/// \file
/// What an encoder can be told instead of finding it in the residual stream: which colours are touched. What is learned
/// by itself is measured against it, and a base model that is trained along from random parameters, in which there is
/// nothing to be found yet, needs it.
#pragma once

#include <cstdint>
#include <type_traits>

#include "midstream/env/gridworld/observations.hpp"

namespace midstream::examples {

/// What the agent touches, taken from observations `See` and actions: 1 + the colour that this step's move leads onto,
/// or 0. An observer for the encoder of a metacontroller (control/observer.hpp) in which touching a colour is an event.
template <env::Pinpad World, template <env::Pinpad> class See>
struct Touch {
    using Observation = data::OneHots<World.colours + 1, 1>;
    static constexpr void describe(auto&& part) {
        part("see", std::type_identity<See<World>>{});
        part("world", World);
    }
    static void observe(const auto& episodes, int row, std::int16_t* seen) {
        const env::Offset move = env::move_offsets[episodes.action_rows().row(row)[0]];
        seen[0] = 0;
        for (int colour = 0; colour < World.colours; ++colour)
            if (See<World>::offset(episodes.observation_rows().row(row), colour) == move)
                seen[0] = static_cast<std::int16_t>(1 + colour);
    }
    template <class Element>
    static bool event(const Element* seen) {
        return seen[0] != 0;
    }
};

}  // namespace midstream::examples
