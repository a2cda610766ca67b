/// \file
/// The paper's second experiment: abstract actions of a MuJoCo ant that visits coloured cells. `ant all --preset demo`
/// does everything; `ant --help` tells more.
#include "ant/presets.hpp"
#include "common/figures/figures.hpp"
#include "common/options/program.hpp"

int main(int argc, char** argv) {
    using namespace midstream::examples;
    return run_program(
        argc, argv,
        {"ant",
         "pretrain, steer, discover abstract actions, and learn with them",
         {{"demo", "a small model", ant::Demo::settings(), ant::run_demo},
          {"full", "a larger one, and more of everything", ant::Full::settings(), ant::run_full},
          {"paper", "the paper's sizes", ant::Paper::settings(), ant::run_paper}},
         {{"expert", "train an expert by PPO, or measure one; see expert --help", ant::run_expert},
          {"figures", "the paper's figures from the tables of tools/sweep; see figures --help", run_figures}}});
}
