/// \file
/// Declares the command `figures`, for programs to name it and to define it in a source file of its own.
#pragma once

#include <span>
#include <string>

namespace midstream::examples {

/// See examples::Command.
int run_figures(std::span<const std::string> arguments);

}  // namespace midstream::examples
