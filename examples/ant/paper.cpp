#include "ant/program.hpp"

int midstream::examples::ant::run_paper(const std::string& stage, Settings settings) {
    return run<Paper>(stage, std::move(settings));
}
