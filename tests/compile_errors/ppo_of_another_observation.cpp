// first: an agent needs to read the observations that its environment gives
#include "midstream/rl/ppo.hpp"
#include "midstream/train/adamw.hpp"
#include "world.hpp"

using Agent = ms::rl::ActorCritic<ms::data::Dense<3>, World::Action>;
using Trainee = ms::rl::PpoTrainee<Agent, ms::train::AdamW>;

int main() {
    Trainee trainee;
    ms::rl::Ppo<World, Trainee> ppo(World{}, trainee);
    ppo.update(ms::core::Serial{}, 1e-3, ms::core::Random(1));
}
