/// \file
/// Two boards with the same layout, each with somebody who acts on it. Positions are cells, numbered row by row from
/// the upper left.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "gridworld/presets.hpp"
#include "midstream/analysis/linear_probe.hpp"
#include "midstream/rl/agent_file.hpp"

namespace midstream::examples {

using World = Demo::World;
using Trained = rl::TrainedAgent<Demo::Meta, Demo::Policy, Demo::View>;
using Hierarchy = Trained::Mind;                       // internal RL's policy chooses the codes
using Held = rl::Agent<rl::SteeredActor<Demo::Meta>>;  // the page does
using Alone = rl::Agent<rl::ModelActor<Demo::Base>>;   // there are none
using Code = std::array<float, Demo::Meta::code>;
using Probe = analysis::LinearProbe<Demo::Base::width, Demo::subgoals>;  // of which colour comes next
inline constexpr int colours = Demo::pinpad.colours, objects = Demo::pinpad.objects();

/// The probe of the layer from which the next colour is read best.
struct Belief {
    std::vector<Probe> probes = std::vector<Probe>(Demo::Base::depth + 1);  // by layer
    int layer = 0;

    explicit Belief(const io::SafetensorsReader& file) {
        io::load(file, "probes: " + core::text(core::describe<Probe>()),
                 [&](auto&& member) { member("layers", probes); });
        for (std::size_t l = 0; l < probes.size(); ++l)
            if (probes[l].accuracy > probes[static_cast<std::size_t>(layer)].accuracy) layer = static_cast<int>(l);
    }
    std::array<float, colours> read(const auto& actor) const {
        return probes[static_cast<std::size_t>(layer)].read(actor.layer(layer).row(0));
    }
};

/// Who acts on a board.
enum class Actor { hierarchy, code, alone };

/// What a board shows: read by page.js in this order.
struct Shown {
    std::int32_t agent = 0, steps = 0, progress = 0, opened = 0, done = 0, success = 0, fault = 0;
    float gate = 0;
    Code code{};
    std::array<float, env::move_count> probabilities{};
    std::array<float, colours> belief{};  // which colour comes next, as a probe reads it from the residual stream
};

/// A world and everybody who may act in it; one of them does.
struct Board {
    World world{env::TaskDistribution(env::ascending_task(colours))};
    std::optional<Hierarchy> hierarchy{};
    std::optional<Held> held{};
    std::optional<Alone> alone{};
    Actor actor = Actor::hierarchy;
    Code code{};  // that is held
    const Belief* belief = nullptr;
    Shown shown{};

    /// An episode ends at a wrong colour; where a code is held, at any.
    void begin(const env::Layout<Demo::pinpad>& layout, core::Random random) {
        world.begin(layout, actor == Actor::code ? env::Task{{}, 1} : env::ascending_task(colours));
        if (actor == Actor::hierarchy) hierarchy->reset(random);
        if (actor == Actor::code) held->reset(random);
        if (actor == Actor::alone) alone->reset(random);
        shown = {.agent = world.agent()};
    }

    void step() {
        if (shown.done || shown.fault) return;
        if (actor == Actor::hierarchy) return step_by(*hierarchy);
        if (actor == Actor::alone) return step_by(*alone);
        held->set_code(code);
        step_by(*held);
    }

private:
    void step_by(auto& mind) {
        std::array<Trained::ObservationElement, World::Observation::width> seen;
        world.observe(seen.data());
        const auto& decision = mind.act(seen);
        shown.fault = static_cast<std::int32_t>(decision.fault);
        if (shown.fault) return;
        const auto moves = Demo::Base::Distribution::probabilities(mind.distributions().row(0));
        std::copy_n(moves.data(), shown.probabilities.size(), shown.probabilities.begin());
        if constexpr (std::remove_reference_t<decltype(mind)>::code_width > 0)
            std::copy_n(mind.code().data(), shown.code.size(), shown.code.begin());
        if (belief) shown.belief = belief->read(mind.actor());
        shown.opened = decision.opened;
        shown.gate = decision.gate;
        const auto transition = world.step(decision.action.data());
        shown.agent = world.agent();
        shown.steps = world.steps();
        shown.progress = world.progress();
        shown.done = transition.done;
        shown.success = transition.reward > 0;
    }
};

/// A trained agent, and the two boards on which it acts.
struct Page {
    Trained trained;
    Belief belief;
    env::Layout<Demo::pinpad> layout{};
    std::array<Board, 2> boards{};
    core::Random seed{};
    std::array<Code, colours> codes{};  // the best found for each colour
    std::array<float, colours> code_success{};

    Page(Trained agent, Belief probes) : trained(std::move(agent)), belief(std::move(probes)) {
        for (Board& board : boards) board.belief = &belief;
        gain(trained.acting.gain);
    }
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;

    /// Everybody anew, with this gain; episodes have to begin again.
    void gain(float value) {
        trained.acting.gain = value;
        for (Board& board : boards) {
            board.hierarchy.emplace(trained.agent());
            board.held.emplace(rl::SteeredActor<Demo::Meta>({*trained.base, *trained.meta, trained.acting}));
            board.alone.emplace(rl::ModelActor<Demo::Base>(*trained.base, trained.acting.temperature));
        }
    }
    /// Both boards begin an episode on the layout.
    void begin() {
        for (Board& board : boards) board.begin(layout, seed);
    }
    /// The same on a layout drawn at random.
    void new_layout(std::uint64_t number) {
        seed = core::Random(number);
        World world = boards[0].world;
        world.reset(seed.fork(1));
        layout = world.layout();
        begin();
    }
    /// How often a code that is held leads to each colour first, in these layouts.
    std::array<float, colours> reached(const Code& code, int first, int layouts) {
        Board board = boards[0];
        board.actor = Actor::code;
        board.code = code;
        std::array<float, colours> share{};
        for (int i = 0; i < layouts; ++i) {
            const core::Random random = core::Random(8).fork(static_cast<std::uint64_t>(first + i));
            World world = board.world;
            world.reset(random);
            board.begin(world.layout(), random);
            while (!board.shown.done && !board.shown.fault) board.step();
            const int content = board.world.board().contents[static_cast<std::size_t>(board.shown.agent)];
            if (content >= 0 && content < colours)
                share[static_cast<std::size_t>(content)] += 1.0f / static_cast<float>(layouts);
        }
        return share;
    }
};

}  // namespace midstream::examples
