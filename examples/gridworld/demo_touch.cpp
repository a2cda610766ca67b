#include "gridworld/program.hpp"

int midstream::examples::run_demo_touch(const std::string& stage, Settings settings) {
    return run<DemoTouch>(stage, std::move(settings));
}
