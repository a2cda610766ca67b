/// \file
/// How good an expert of the ant is: on the tasks it was trained on, and on the unseen one.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "ant/expert_settings.hpp"
#include "common/files/tables.hpp"
#include "common/page/table.hpp"
#include "midstream/core/openmp.hpp"
#include "midstream/env/record.hpp"
#include "midstream/env/tasks.hpp"

namespace midstream::examples::ant {

/// What an expert did in some episodes.
struct ExpertScore {
    int episodes = 0, successes = 0, truncated = 0, fallen = 0;
    double steps = 0;                   ///< of the successes, in all
    int longest = 0;                    ///< of the successes
    double saturated = 0, torques = 0;  ///< torques asked for beyond +-1, and torques
    double success() const { return static_cast<double>(successes) / episodes; }
    double length() const { return steps / std::max(successes, 1); }
    ExpertScore& operator+=(const ExpertScore& other) {
        episodes += other.episodes;
        successes += other.successes;
        truncated += other.truncated;
        fallen += other.fallen;
        steps += other.steps;
        longest = std::max(longest, other.longest);
        saturated += other.saturated;
        torques += other.torques;
        return *this;
    }
};

/// Plays an expert in `Ant`, an AntPinpad.
template <class Ant, class Expert>
ExpertScore evaluate_expert(const Expert& expert, const env::TaskDistribution& tasks, int episodes, core::Random random,
                            int threads) {
    constexpr int shards = 16;
    std::array<ExpertScore, shards> scores;
    core::OpenMP{threads}.for_each(shards, [&](int shard) {
        Ant ant(tasks);
        ExpertScore& score = scores[static_cast<std::size_t>(shard)];
        for (int i = shard; i < episodes; i += shards) {
            const float total = env::play(ant, expert, random.fork(static_cast<std::uint64_t>(i)),
                                          [&](const Ant&, const float* torques) {
                                              for (int k = 0; k < Ant::Action::width; ++k)
                                                  score.saturated += std::abs(torques[k]) > 1, ++score.torques;
                                          });
            ++score.episodes;
            score.truncated += ant.truncated();
            score.fallen += ant.torso()[2] < Ant::lowest || ant.torso()[2] > Ant::highest;
            if (total <= 0) continue;
            ++score.successes;
            score.steps += ant.steps();
            score.longest = std::max(score.longest, ant.steps());
        }
    });
    for (int shard = 1; shard < shards; ++shard) scores[0] += scores[static_cast<std::size_t>(shard)];
    return scores[0];
}

/// Sampled and mean actions on both distributions of tasks, as a table and as `expert-success.csv`.
template <class Ant, class Expert>
void report_expert(const Expert& expert, const ExpertSettings& s) {
    std::vector<std::vector<double>> rows;
    Table table{.header = {"tasks", "actions", "episodes", "success", "out of time", "fallen", "length", "longest",
                           "saturated"}};
    for (const bool unseen : {false, true})
        for (const float temperature : {1.0f, 0.0f}) {
            const auto tasks =
                unseen ? env::TaskDistribution::ant_posttraining() : env::TaskDistribution::ant_pretraining();
            const auto score = evaluate_expert<Ant>(expert.at(temperature), tasks, s.episodes,
                                                    core::Random(s.seed).fork(unseen ? 11 : 10), s.threads);
            const double all = score.episodes, truncated = score.truncated / all, fallen = score.fallen / all,
                         saturated = score.saturated / score.torques;
            rows.push_back({unseen ? 1.0 : 0.0, temperature, all, score.success(), truncated, fallen, score.length(),
                            static_cast<double>(score.longest), saturated});
            const auto share = [](double value) { return fmt::format("{:.3f}", value); };
            table.rows.push_back({unseen ? "unseen" : "pretraining", temperature > 0 ? "sampled" : "mean",
                                  fmt::format("{}", score.episodes), share(score.success()), share(truncated),
                                  share(fallen), fmt::format("{:.0f}", score.length()),
                                  fmt::format("{}", score.longest), share(saturated)});
        }
    write_table(
        std::filesystem::path(s.output) / "expert-success.csv",
        {"unseen", "temperature", "episodes", "success", "out_of_time", "fallen", "length", "longest", "saturated"},
        rows);
    print(table);
}

}  // namespace midstream::examples::ant
