#include "ant/program.hpp"

int midstream::examples::ant::run_full(const std::string& stage, Settings settings) {
    return run<Full>(stage, std::move(settings));
}
