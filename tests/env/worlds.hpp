/// \file
/// Layouts drawn in text: A the agent, # a wall, a digit a colour, a dot nothing; rows are separated by blanks.
#pragma once

#include <algorithm>
#include <string>

#include "midstream/env/board.hpp"

namespace midstream::test {

template <env::Pinpad World>
env::Layout<World> draw(std::string picture) {
    std::erase_if(picture, [](char c) { return c == ' ' || c == '\n'; });
    core::require(static_cast<int>(picture.size()) == World.cells(), "this picture has not the size of its world");
    env::Layout<World> layout;
    int walls = 0;
    for (int cell = 0; cell < World.cells(); ++cell) {
        const char c = picture[cell];
        const auto here = static_cast<std::int16_t>(cell);
        if (c == 'A')
            layout.agent = here;
        else if (c == '#')
            layout.walls.at(walls++) = here;
        else if (c != '.')
            layout.colours.at(c - '0') = here;
    }
    return layout;
}

}  // namespace midstream::test
