/// \file
/// This machine as a board, to compare with.
#include <cstdio>
#include <cstdlib>

#include "embedded/board.hpp"

extern "C" const std::byte agent_image[], agent_image_end[];

namespace board {

std::span<const std::byte> image() { return {agent_image, agent_image_end}; }
void print(const char* text) { std::fputs(text, stdout); }
std::uint32_t instructions() { return 0; }
std::uint32_t instructions_between(std::uint32_t, std::uint32_t) { return 0; }
std::size_t heap_used() { return 0; }
std::size_t stack_used() { return 0; }
void finish(bool fine) { std::exit(fine ? 0 : 1); }

}  // namespace board
