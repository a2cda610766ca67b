#include "gridworld/program.hpp"

int midstream::examples::run_paper(const std::string& stage, Settings settings) {
    return run<Paper>(stage, std::move(settings));
}
