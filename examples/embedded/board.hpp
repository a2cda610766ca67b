/// \file
/// What the program asks of the board that it runs on: board_mps2.cpp is a Cortex-M7, board_host.cpp this machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace board {

/// The image of the agent, in read-only memory.
std::span<const std::byte> image();
/// Writes text where somebody can read it.
void print(const char* text);
/// Instructions since some moment, in steps of 40; 0 where they are not counted. It starts anew every 2^24 steps.
std::uint32_t instructions();
/// The difference of two of these.
std::uint32_t instructions_between(std::uint32_t begin, std::uint32_t end);
/// Bytes of memory that were allocated and of the stack, each at most so far; 0 where nobody knows.
std::size_t heap_used();
std::size_t stack_used();
/// The end of the program.
[[noreturn]] void finish(bool fine);

}  // namespace board
