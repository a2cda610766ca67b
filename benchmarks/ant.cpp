/// \file
/// The ant: whole episodes of batches under random torques, their resets and observations included, against the same
/// time steps by bare mj_step: the same states, the same torques, and no grid, no observation, no task. Items are
/// actions of five time steps. `ratio` is the time of the bare steps over that of the episodes; both are taken in
/// turns, so that it means something on a machine that is not idle too.
#include <chrono>
#include <cstring>
#include <memory>

#include "gemm_reference.hpp"
#include "midstream/core/parallel.hpp"
#include "midstream/env/ant/pinpad.hpp"
#include "midstream/env/batched.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

namespace {

using namespace midstream;
using namespace midstream::bench;

constexpr int shards = 4, instances = 16;

template <class Ant>
struct Shard {
    env::Batched<Ant> batch{Ant(env::TaskDistribution::ant_pretraining())};
    std::vector<float> torques = random_torques();
    core::Buffer<float, Ant::Observation::width> observations{};
    core::Buffer<float, Ant::Action::width> actions{};
    std::vector<env::AntState> begun{instances};
    std::vector<env::AntSimulation> bare{instances, env::AntSimulation(env::ant_model<Ant::ant_world>())};

    /// For every instance and step, drawn beforehand so that no generator is timed.
    static std::vector<float> random_torques() {
        core::Random random(5);
        std::vector<float> torques(static_cast<std::size_t>(instances) * Ant::horizon * Ant::Action::width);
        for (float& torque : torques) torque = 2 * random.uniform<float>() - 1;
        return torques;
    }
    const float* torques_of(int instance, int step) const {
        return torques.data() + static_cast<std::ptrdiff_t>(instance * Ant::horizon + step) * Ant::Action::width;
    }

    /// Whole episodes of all instances.
    void play(core::Random random) {
        batch.reset(instances, random);
        for (int step = 0; !batch.awaiting().empty(); ++step) {
            const int rows = static_cast<int>(batch.awaiting().size());
            batch.observe(observations.resize(rows));
            benchmark::DoNotOptimize(observations.view().data);
            actions.resize(rows);
            for (int i = 0; i < rows; ++i)
                std::copy_n(torques_of(batch.awaiting()[i], step), Ant::Action::width, actions.view().row(i));
            batch.act(actions.view());
        }
    }

    /// Where the episodes of `play` begin.
    void note(core::Random random) {
        Ant ant(batch.instance(0));
        for (int i = 0; i < instances; ++i) {
            ant.reset(random.fork(i));
            std::copy_n(ant.simulation().position(), env::AntState::positions, begun[i].position.begin());
            std::copy_n(ant.simulation().velocity(), env::AntState::velocities, begun[i].velocity.begin());
        }
    }
    /// The same by MuJoCo alone, in the same order.
    void play_bare() {
        for (int i = 0; i < instances; ++i) bare[i].begin(begun[i]);
        bool any = true;
        for (int step = 0; any; ++step) {
            any = false;
            for (int i = 0; i < instances; ++i) {
                if (step >= batch.lengths()[i]) continue;
                any = true;
                const float* now = torques_of(i, step);
                auto* data = const_cast<mjData*>(&bare[i].data());
                for (int joint = 0; joint < Ant::Action::width; ++joint)
                    data->ctrl[joint] = static_cast<double>(now[joint]);
                for (int substep = 0; substep < Ant::ant_world.frame_skip; ++substep)
                    mj_step(bare[i].model().get(), data);
            }
        }
    }
    /// Whether both came to the same state, bit by bit.
    bool agrees() const {
        for (int i = 0; i < instances; ++i)
            if (!batch.instance(i).diverged() &&
                std::memcmp(bare[i].position(), batch.instance(i).simulation().position(),
                            env::AntState::positions * sizeof(double)) != 0)
                return false;
        return true;
    }
};

template <env::AntIntegrator Integrator>
void episodes(benchmark::State& state) {
    using Ant = env::AntPinpad<env::AntWorld{.integrator = Integrator}>;
    using Clock = std::chrono::steady_clock;
    std::vector<Shard<Ant>> parts(shards);
    const auto for_each = [&](auto&& work) {
#ifdef _OPENMP
        core::OpenMP{static_cast<int>(state.range(0))}.for_each(shards, work);
#else
        core::Serial{}.for_each(shards, work);
#endif
    };
    const auto seconds = [](auto&& work) {
        const auto start = Clock::now();
        work();
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    double bare = 0, ours = 0;
    std::int64_t steps = 0;
    for (auto _ : state) {
        const core::Random random = core::Random(1).fork(static_cast<std::uint64_t>(steps));
        const double now = seconds([&] { for_each([&](int shard) { parts[shard].play(random.fork(shard)); }); });
        for_each([&](int shard) { parts[shard].note(random.fork(shard)); });
        bare += seconds([&] { for_each([&](int shard) { parts[shard].play_bare(); }); });
        ours += now;
        state.SetIterationTime(now);
        for (const auto& part : parts) {
            if (!part.agrees()) return state.SkipWithError("the bare steps came to other states");
            for (const int length : part.batch.lengths()) steps += length;
        }
    }
    state.SetItemsProcessed(steps);
    state.counters["bare_per_second"] = static_cast<double>(steps) / bare;
    state.counters["ratio"] = bare / ours;
}
void threads(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgName("threads")->Arg(1)->UseManualTime()->Unit(benchmark::kMillisecond);
#ifdef _OPENMP
    benchmark->Arg(2);
#endif
}
BENCHMARK(episodes<env::AntIntegrator::euler>)->Name("episodes_euler")->Apply(threads);
BENCHMARK(episodes<env::AntIntegrator::runge_kutta>)->Name("episodes_rk4")->Apply(threads);

}  // namespace

int main(int argc, char** argv) {
    benchmark::AddCustomContext("mujoco", mj_versionString());
    return run(argc, argv);
}
