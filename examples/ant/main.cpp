/// \file
/// The paper's second experiment: abstract actions of a MuJoCo ant that visits coloured cells. `ant all --preset demo` does
/// everything; `ant --help` tells more.
#include "ant/presets.hpp"
#include "common/program.hpp"

int main(int argc, char** argv) {
    using namespace midstream::examples;
    return run_program(argc, argv, "ant", "pretrain, steer, discover abstract actions, and learn with them",
                       {{"demo", "the paper's world and a small model, half an hour", ant::Demo::settings(), ant::run_demo},
                        {"paper", "the paper's sizes", ant::Paper::settings(), ant::run_paper}});
}
