/// \file
/// A loop around MuJoCo that knows nothing of midstream's environments: it owns mjModel and mjData, steps them by
/// mj_step, and asks an agent 20 times a second. Whoever has a simulator can begin from here.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <utility>
#include <vector>

#include "ant/presets.hpp"
#include "midstream/env/ant/observation.hpp"
#include "midstream/rl/agent_file.hpp"

namespace midstream::examples::simulator {

/// What the agent's file is made of; other types are another agent.
using Preset = ant::Demo;
using Trained = rl::TrainedAgent<Preset::Meta, Preset::Policy, Preset::View>;
inline constexpr env::AntWorld world = Preset::ant_world;
/// The ant's sensors: they turn qpos, qvel and what lies where into what the agent was trained to see.
using Sensors = env::AntSensors<world, env::AntCompass>;
using Layout = env::Layout<world.grid>;

struct Free {
    void operator()(mjModel* model) const { mj_deleteModel(model); }
    void operator()(mjData* data) const { mj_deleteData(data); }
};
using Model = std::unique_ptr<mjModel, Free>;
using Data = std::unique_ptr<mjData, Free>;

/// The body that the agent was trained in: its MJCF is a text, which a scene of one's own may hold as well.
inline Model load_model() {
    const auto ant = env::load_ant(env::ant_mjcf({}, world.time_step, world.integrator));
    return Model(mj_copyModel(nullptr, ant.get()));
}

/// A layout in which the task can be done.
inline Layout draw_layout(core::Random& random, const env::Task& task) {
    for (;;) {
        const Layout layout = env::sample_layout<world.grid>(random);
        const Sensors sensors(layout);
        if (sensors.distances().solvable(sensors.board(), task)) return layout;
    }
}

/// The ant in the middle of its cell, at rest, turned to somewhere.
inline env::AntState draw_pose(core::Random& random, const Layout& layout) {
    const auto [x, y] = Sensors::centre(layout.agent);
    const double yaw = 2 * std::numbers::pi * random.uniform();
    env::AntState state{.position = {x, y, env::AntRest::height, std::cos(yaw / 2), 0, 0, std::sin(yaw / 2)}};
    for (int joint = 0; joint < env::AntDimensions::joints; ++joint)
        state.position[7 + joint] = joint % 2 == 0 ? env::AntRest::hip : env::AntRest::ankle;
    return state;
}

/// A moment of an episode: where the ant is and what was decided there.
struct Moment {
    env::AntState state;
    rl::Decision<Preset::World::Action> decision;  ///< at the end of an episode: none
    int codes = 0;                                 ///< that were chosen so far: the last of them is in force
    int visited = 0;                               ///< colours of the task
};

enum class End { solved, wrong_colour, wall, fallen, diverged, time_up, fault };
inline constexpr std::array<const char*, 7> words{
    "solved", "a wrong colour", "the wall", "fallen", "physics diverged", "the time is up", "the agent is at fault"};

struct Episode {
    std::vector<Moment> moments;
    End end = End::fault;
};

/// One episode from this pose. The colours of the task are the referee's alone: the agent is never told.
inline Episode play(const mjModel& model, const Trained& trained, const Layout& layout, const env::AntState& start,
                    const env::Task& task, core::Random random) {
    const Data data(mj_makeData(&model));
    std::copy(start.position.begin(), start.position.end(), data->qpos);
    std::copy(start.velocity.begin(), start.velocity.end(), data->qvel);
    const Sensors sensors(layout);
    auto agent = trained.agent();
    agent.reset(random);

    Episode episode;
    Moment now;
    std::array<float, Sensors::Observation::width> seen;
    const auto look = [&] {
        std::copy_n(data->qpos, now.state.position.size(), now.state.position.begin());
        std::copy_n(data->qvel, now.state.velocity.size(), now.state.velocity.begin());
        return Sensors::cell_at(data->qpos[0], data->qpos[1]);
    };
    const auto end = [&](End how) {
        now.decision = {};
        episode.moments.push_back(now);
        episode.end = how;
        return episode;
    };
    for (int cell = look();;) {
        sensors.observe(data->qpos, data->qvel, seen.data());
        now.decision = agent.act(seen);  // allocates nothing, throws nothing
        if (now.decision.fault != rl::Fault::none) return end(End::fault);
        now.codes += now.decision.opened;
        episode.moments.push_back(now);

        for (int joint = 0; joint < model.nu; ++joint)
            data->ctrl[joint] = std::clamp(now.decision.action[static_cast<std::size_t>(joint)], -1.0f, 1.0f);
        for (int i = 0; i < world.frame_skip; ++i) mj_step(&model, data.get());

        if (std::ranges::any_of(data->warning, [](const mjWarningStat& warning) { return warning.number > 0; }))
            return end(End::diverged);
        const int before = std::exchange(cell, look());
        const int content = sensors.board().contents[static_cast<std::size_t>(cell)];
        if (data->qpos[2] < Preset::World::lowest || data->qpos[2] > Preset::World::highest) return end(End::fallen);
        if (cell != before && content == env::Board<world.grid>::wall) return end(End::wall);
        if (cell != before && content != env::Board<world.grid>::empty) {
            if (content != task[now.visited]) return end(End::wrong_colour);
            if (++now.visited == task.length) return end(End::solved);
        }
        if (agent.steps() == world.grid.horizon) return end(End::time_up);
    }
}

}  // namespace midstream::examples::simulator
