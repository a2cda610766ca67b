/// \file
/// The C functions of midstream_agent.h for the gridworld's demo. Another hierarchy is another `Trained`.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>

#include "gridworld/presets.hpp"
#include "library/midstream_agent.h"
#include "midstream/rl/agent_file.hpp"

using namespace midstream;
using Preset = examples::Demo;
using Trained = rl::TrainedAgent<Preset::Meta, Preset::Policy, Preset::View>;
using Element = Trained::ObservationElement;

struct midstream_agent {
    Trained trained;
    Trained::Mind mind;
    std::array<Element, Trained::Mind::Observation::width> observation{};
    bool opened = false;

    explicit midstream_agent(Trained loaded) : trained(std::move(loaded)), mind(trained.agent()) {}
};

int midstream_agent_observation_width(void) { return Trained::Mind::Observation::width; }
int midstream_agent_action_width(void) { return Trained::Mind::Action::width; }

midstream_agent* midstream_agent_create(const void* file, size_t size, char* message, size_t message_size) {
    try {
        const std::span<const std::byte> contents(static_cast<const std::byte*>(file), size);
        return std::make_unique<midstream_agent>(rl::load_agent<Trained>(contents)).release();
    } catch (const std::exception& error) {
        if (message != nullptr) std::snprintf(message, message_size, "%s", error.what());
        return nullptr;
    }
}

void midstream_agent_destroy(midstream_agent* agent) { delete agent; }

int midstream_agent_reset(midstream_agent* agent, uint64_t seed) {
    try {
        agent->mind.reset(core::Random(seed));
        return 0;
    } catch (const std::exception&) {
        return 1;
    }
}

int midstream_agent_act(midstream_agent* agent, const float* observation, float* action) {
    for (std::size_t i = 0; i < agent->observation.size(); ++i) {
        // Of what is no index, one that no space has: a fault.
        const bool index =
            observation[i] >= 0 && observation[i] < data::most_entries && observation[i] == std::floor(observation[i]);
        agent->observation[i] = index ? static_cast<Element>(observation[i]) : Element(-1);
    }
    const auto& decision = agent->mind.act(agent->observation);
    std::copy(decision.action.begin(), decision.action.end(), action);
    agent->opened = decision.opened;
    return static_cast<int>(decision.fault);
}

const char* midstream_agent_fault(int number) { return rl::to_string(static_cast<rl::Fault>(number)); }
int midstream_agent_opened(const midstream_agent* agent) { return agent->opened; }
