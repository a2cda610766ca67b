/// \file
/// The paper on a grid: pretrain a sequence model on experts, discover abstract actions in its residual stream, and
/// learn a sparse-reward task with them. `gridworld all --preset demo` does everything; `gridworld --help` tells more.
#include "common/figures/figures.hpp"
#include "common/options/program.hpp"
#include "gridworld/presets.hpp"

int main(int argc, char** argv) {
    using namespace midstream::examples;
    return run_program(
        argc, argv,
        {"gridworld",
         "pretrain, steer, discover abstract actions, and learn with them",
         {{"demo", "a small world, minutes", Demo::settings(), run_demo},
          {"demo-touch", "the same, told of touches", DemoTouch::settings(), run_demo_touch},
          {"demo-compile", "the same by CompILE, a baseline", DemoCompile::settings(), run_demo_compile},
          {"full", "the paper's world, hours", Full::settings(), run_full},
          {"paper", "the paper's sizes", Paper::settings(), run_paper}},
         {{"figures", "the paper's figures from the tables of tools/sweep; see figures --help", run_figures}}});
}
