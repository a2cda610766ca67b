/// \file
/// The stage `agent`: the trained hierarchy as one file, agent.safetensors, which is read back and plays the unseen
/// task as somebody else's program would have it play.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "common/files/tables.hpp"
#include "common/stages/internal_rl.hpp"
#include "common/stages/oracle.hpp"
#include "midstream/rl/play.hpp"

namespace midstream::examples {

template <class P>
core::Description about_agent(const Run<P>& run) {
    core::Description about{"agent"};
    return about.set("episodes", run.settings.steer.episodes).set("learned", about_internal_rl(run));
}

/// How the agent came about, for whoever finds its file.
template <class P>
std::string agent_origin(const Run<P>& run) {
    auto origin = fmt::format("preset {}, seed {}, internal RL of {} episodes", P::name, run.settings.seed,
                              run.settings.internal.episodes);
    if (run.given)
        origin += fmt::format("; base model and metacontroller from {}: {}", run.given->path, run.given->origin);
    return origin;
}

/// What the stages before have left, with an example: what it sees of the unseen task in a few steps. Codes are named
/// by the subgoals whose mean codes they are nearest to.
template <class P>
TrainedAgent<P> trained_agent(Run<P>& run) {
    TrainedAgent<P> trained;
    *trained.base = acting_base_model(run);
    *trained.meta = metacontroller(run);
    *trained.policy = *trained_policy(run).parameters;
    trained.acting = acting(run);
    trained.view = policy_view(run);
    if (run.given) {
        trained.labels = run.given->agent.labels;
    } else {
        const auto codes = mean_subgoal_codes(run);
        for (int subgoal = 0; subgoal < P::subgoals; ++subgoal)
            trained.labels.add(std::span<const float, P::Meta::code>(codes.view().row(subgoal), P::Meta::code),
                               fmt::format("subgoal {}", subgoal));
    }

    auto mind = trained.agent();
    auto world = run.rl_world();
    world.reset(run.stream(Stream::evaluation).fork(401));
    mind.reset(core::Random(1));
    std::vector<typename TrainedAgent<P>::ObservationElement> seen;
    constexpr std::size_t width = P::World::Observation::width;
    for (bool done = false; !done && mind.steps() < 8;) {
        seen.resize(seen.size() + width);
        world.observe(&seen[seen.size() - width]);
        const auto& decision = mind.act(
            std::span<const typename TrainedAgent<P>::ObservationElement, width>(&seen[seen.size() - width], width));
        done = world.step(decision.action.data()).done;
    }
    trained.record_example(seen);
    return trained;
}

/// Writes the file, reads it, and plays.
template <class P>
void write_agent(Run<P>& run) {
    once(run.folder, "agent", core::text(about_agent(run)), {"agent"}, [&] {
        const auto path = run.folder / "agent.safetensors";
        rl::save(path, trained_agent(run), {.floats = io::bfloat16, .origin = agent_origin(run)});  // half the bytes
        const auto trained = rl::load_agent<TrainedAgent<P>>(path);
        auto mind = trained.agent();
        const int count = run.settings.steer.episodes;
        mind.reset(count, run.stream(Stream::evaluation).fork(402));
        rl::Player player(typename Run<P>::Batch(run.rl_world()));
        player.play(count, run.stream(Stream::evaluation).fork(403), [&](auto awaiting, auto seen, auto actions) {
            const auto decided = mind.act(awaiting, seen);
            core::require(mind.fault() == rl::Fault::none, rl::to_string(mind.fault()));
            std::ranges::copy(decided.flat(), actions.flat().begin());
        });
        const auto returns = player.environment().returns();
        const auto lengths = player.environment().lengths();
        const auto successes = std::ranges::count_if(returns, [](float r) { return r > 0; });
        write_table(run.folder / "agent.csv", {"row", "episodes", "success", "length"},
                    {{0, static_cast<double>(count), static_cast<double>(successes) / count,
                      std::accumulate(lengths.begin(), lengths.end(), 0.0) / count}});
    });
}

}  // namespace midstream::examples
