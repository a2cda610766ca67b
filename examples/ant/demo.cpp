#include "ant/program.hpp"

int midstream::examples::ant::run_demo(const std::string& stage, Settings settings) {
    return run<Demo>(stage, std::move(settings));
}
