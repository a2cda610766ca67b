#include "gridworld/program.hpp"

int midstream::examples::run_full(const std::string& stage, Settings settings) {
    return run<Full>(stage, std::move(settings));
}
