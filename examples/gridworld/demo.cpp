#include "gridworld/program.hpp"

int midstream::examples::run_demo(const std::string& stage, Settings settings) {
    return run<Demo>(stage, std::move(settings));
}
