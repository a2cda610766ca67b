#include "gridworld/program.hpp"

int midstream::examples::run_demo_compile(const std::string& stage, Settings settings) {
    return run<DemoCompile>(stage, std::move(settings));
}
