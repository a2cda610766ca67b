/// \file
/// The paper's gridworld: steps of a batch under random actions, and episodes recorded of the expert. Items are steps
/// and episodes.
#include "gemm_reference.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/env/record.hpp"
#include "models.hpp"

namespace {

using namespace midstream;
using namespace midstream::bench;

/// Random moves, drawn beforehand so that no generator is timed.
std::vector<std::int16_t> random_moves(std::size_t count) {
    core::Random random(5);
    std::vector<std::int16_t> moves(count);
    for (auto& move : moves) move = static_cast<std::int16_t>(random.below(env::move_count));
    return moves;
}

World world() { return World(env::TaskDistribution::paper_pretraining()); }

/// Plays a batch to its end by random moves and counts the steps.
struct RandomPlayer {
    std::vector<std::int16_t> moves = random_moves(1 << 16);
    std::size_t used = 0;
    core::Buffer<std::int16_t, World::Observation::width> observations{};

    std::int64_t play(env::Batched<World>& batch) {
        std::int64_t steps = 0;
        while (!batch.awaiting().empty()) {
            const auto rows = batch.awaiting().size();
            batch.observe(observations.resize(static_cast<int>(rows)));
            if (used + rows > moves.size()) used = 0;
            batch.act({moves.data() + used, static_cast<int>(rows)});
            used += rows;
            steps += static_cast<std::int64_t>(rows);
        }
        return steps;
    }
};

/// The reference: an agent moved over one board, nothing else. What a step costs at least.
void board_moves(benchmark::State& state) {
    const auto moves = random_moves(1 << 16);
    core::Random random(1);
    env::Board<World::world> board;
    board.assign(env::sample_layout<World::world>(random));
    int cell = board.layout.agent;
    for (auto _ : state) {
        for (const int move : moves) cell = board.moved(cell, move);
        benchmark::DoNotOptimize(cell);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(moves.size()));
}
BENCHMARK(board_moves);

/// Whole episodes of `range` instances: their resets (layouts with a legal path, and distances on them), observations,
/// actions. Items are steps.
void random_episodes(benchmark::State& state) {
    const int count = static_cast<int>(state.range(0));
    env::Batched<World> batch(world());
    RandomPlayer player;
    const core::Random random(2);
    std::int64_t steps = 0;
    for (auto _ : state) {
        batch.reset(count, random.fork(static_cast<std::uint64_t>(steps)));
        steps += player.play(batch);
    }
    state.SetItemsProcessed(steps);
}
BENCHMARK(random_episodes)->ArgName("batch")->Arg(64)->Arg(256);

/// As above without resets: one batch reset outside the clock, and stepped until all its episodes have ended.
void random_steps(benchmark::State& state) {
    const int count = static_cast<int>(state.range(0));
    env::Batched<World> fresh(world());
    fresh.reset(count, core::Random(3));
    env::Batched<World> batch = fresh;
    RandomPlayer player;
    std::int64_t steps = 0;
    for (auto _ : state) {
        state.PauseTiming();
        batch = fresh;
        state.ResumeTiming();
        steps += player.play(batch);
    }
    state.SetItemsProcessed(steps);
}
BENCHMARK(random_steps)->ArgName("batch")->Arg(256)->Arg(4096);

/// Successful episodes of the shortest-path expert, as pretraining draws them.
void expert_episodes(benchmark::State& state) {
    env::EpisodesOf<World> episodes;
    std::int64_t recorded = 0;
    for (auto _ : state) {
        episodes.clear();
        env::record(world(), env::ShortestPathExpert{}, 64, core::Random(4).fork(static_cast<std::uint64_t>(recorded)),
                    episodes);
        recorded += episodes.count();
    }
    state.SetItemsProcessed(recorded);
}
BENCHMARK(expert_episodes);

}  // namespace

int main(int argc, char** argv) { return run(argc, argv); }
