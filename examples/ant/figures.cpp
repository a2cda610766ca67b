/// \file
/// The command `figures`: of tables alone, so that no preset is compiled for it.
#include "common/figures/figures.hpp"

#include "common/figures/command.hpp"

int midstream::examples::run_figures(std::span<const std::string> arguments) {
    return figures_command("ant", arguments);
}
