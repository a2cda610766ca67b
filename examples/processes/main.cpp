// Pretraining by several processes (docs/how-to/processes.md): mpirun -n 2 processes 200
//
// Every process runs all of this. They share out the 8 shards of each batch, and end with the same parameters to the
// bit as one process alone; number 0 prints and saves.
#include <chrono>
#include <cstdio>
#include <midstream/core/mpi.hpp>
#include <midstream/midstream.hpp>
namespace ms = midstream;

constexpr ms::env::Pinpad rooms{.size = 5, .colours = 4, .walls = 1, .horizon = 50};
using World = ms::env::GridworldPinpad<rooms, ms::env::Egocentric>;
constexpr ms::model::TransformerShape shape{.depth = 4, .width = 128, .mlp = 512, .context = 50};
using Base = ms::model::Autoregressive<World::Observation, World::Action, ms::model::Transformer<shape>, World::Target>;

int pretrain(long updates) {
    const ms::core::MpiSession session;
    const ms::core::Mpi processes;
    ms::train::Learner<Base::Parameters<float>, ms::train::AdamW> learner{.shards = 8};
    Base::initialise(*learner.parameters, ms::core::Random(1));

    const World world(ms::env::TaskDistribution::transition_rule(4, 4));
    const auto begin = std::chrono::steady_clock::now();
    const auto report = [&](std::int64_t step, const ms::train::LossSums& sums) {
        if (processes.rank() == 0 && (step % 50 == 0 || step == updates)) {
            const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
            std::printf("%5ld: %.4f nats a step, %.2f updates/s\n", static_cast<long>(step), sums.action / sums.steps,
                        static_cast<double>(step) / passed.count());
        }
        return true;
    };
    ms::train::pretrain<Base>(processes, learner, ms::train::recorder(world, ms::env::ShortestPathExpert{}),
                              {.steps = updates, .batch = 64}, ms::train::Constant{1e-3}, ms::core::Random(2), report);
    if (processes.rank() == 0) {
        ms::io::save("base.safetensors", "my base model", [&](auto&& member) { member("base", *learner.parameters); });
        std::printf("base.safetensors: parameters %s, by %d processes\n",
                    ms::core::fingerprint<float>(ms::core::flat<float>(*learner.parameters)).c_str(), processes.size());
    }
    return 0;
}

int main(int argc, char** argv) {
    try {
        const auto updates = ms::core::parse_number(argc > 1 ? argv[1] : "200");
        ms::core::require(updates && *updates >= 1 && *updates < 1e9, "the argument is a number of updates, from 1 on");
        return pretrain(static_cast<long>(*updates));
    } catch (const std::exception& error) {  // mpirun ends the others
        std::fprintf(stderr, "processes: %s\n", error.what());
        return 1;
    }
}
