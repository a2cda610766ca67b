// expect: this pinpad world is too small for its colours, its walls and the agent
#include "midstream/env/gridworld/pinpad.hpp"

using World =
    midstream::env::GridworldPinpad<midstream::env::Pinpad{.size = 3, .colours = 6, .walls = 3, .horizon = 9}>;
World world(midstream::env::TaskDistribution(midstream::env::parse_task("0-1")));
