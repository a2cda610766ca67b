#include <midstream/env/ant/pinpad.hpp>

namespace env = midstream::env;

int main() {
    env::AntPinpad<> ant(env::TaskDistribution::ant_pretraining());
    ant.reset(midstream::core::Random(1));
    const float still[8] = {};
    return ant.step(still).done || ant.steps() != 1;
}
