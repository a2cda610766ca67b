/// \file
/// Which agent is put on the board: the gridworld demo's, on weights of 8 bits.
#pragma once

#include "gridworld/presets.hpp"
#include "midstream/rl/agent_image.hpp"

namespace midstream::examples {

using World = Demo::World;
using Trained = rl::TrainedAgent<rl::EightBit<Demo::Meta>, rl::EightBit<Demo::Policy>, Demo::View>;

}  // namespace midstream::examples
