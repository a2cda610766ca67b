/// \file
/// What page.html calls: two boards with the same layout, each with somebody who acts on it. Functions take and return
/// numbers; positions are cells, numbered row by row.
#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>

#include "gridworld/presets.hpp"
#include "midstream/rl/agent_file.hpp"

namespace midstream::examples {
namespace {

using World = Demo::World;
using Trained = rl::TrainedAgent<Demo::Meta, Demo::Policy, Demo::View>;
using Hierarchy = Trained::Mind;                       // internal RL's policy chooses the codes
using Held = rl::Agent<rl::SteeredActor<Demo::Meta>>;  // the page does
using Alone = rl::Agent<rl::ModelActor<Demo::Base>>;   // there are none
using Code = std::array<float, Demo::Meta::code>;
constexpr int colours = Demo::pinpad.colours, objects = Demo::pinpad.objects();

/// Who acts on a board.
enum class Actor { hierarchy, code, alone };

/// What a board shows: read by page.html in this order.
struct Shown {
    std::int32_t agent = 0, steps = 0, progress = 0, opened = 0, done = 0, success = 0, fault = 0;
    float gate = 0;
    Code code{};
    std::array<float, env::move_count> probabilities{};
};

struct Board {
    World world{env::TaskDistribution(env::ascending_task(colours))};
    std::optional<Hierarchy> hierarchy{};
    std::optional<Held> held{};
    std::optional<Alone> alone{};
    Actor actor = Actor::hierarchy;
    Code code{};  // that is held
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
        const float* logits = mind.distributions().row(0);
        float sum = 0;
        for (int move = 0; move < env::move_count; ++move)
            sum += shown.probabilities[move] =
                std::exp(logits[move] - *std::max_element(logits, logits + env::move_count));
        for (float& probability : shown.probabilities) probability /= sum;
        if constexpr (std::remove_reference_t<decltype(mind)>::code_width > 0)
            std::copy_n(mind.code().data(), shown.code.size(), shown.code.begin());
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

/// Everything; made by `load`.
struct Page {
    Trained trained;
    env::Layout<Demo::pinpad> layout{};
    std::array<Board, 2> boards{};
    core::Random seed{};
    std::array<Code, colours> codes{};  // the best found for each colour
    std::array<float, colours> code_success{};

    explicit Page(Trained agent) : trained(std::move(agent)) { gain(trained.acting.gain); }

    void gain(float value) {
        trained.acting.gain = value;
        for (Board& board : boards) {
            board.hierarchy.emplace(trained.agent());
            board.held.emplace(rl::SteeredActor<Demo::Meta>({*trained.base, *trained.meta, trained.acting}));
            board.alone.emplace(rl::ModelActor<Demo::Base>(*trained.base, trained.acting.temperature));
        }
    }
    void begin() {
        for (Board& board : boards) board.begin(layout, seed);
    }
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

std::optional<Page> page;
std::string message;

/// 0, or 1 with the reason in `message`.
int tried(auto&& work) {
    try {
        work();
        return 0;
    } catch (const std::exception& error) {
        message = error.what();
        return 1;
    }
}

}  // namespace
}  // namespace midstream::examples

using namespace midstream;
using namespace midstream::examples;

extern "C" {

/// The file of an agent. Comes first.
int page_load(const void* bytes, int size) {
    return tried([&] {
        page.emplace(rl::load_agent<Trained>(
            std::span<const std::byte>(static_cast<const std::byte*>(bytes), static_cast<std::size_t>(size))));
    });
}
const char* page_message() { return message.c_str(); }

/// Both boards begin an episode on a layout drawn at random.
int page_layout(int seed) {
    return tried([&] { page->new_layout(static_cast<std::uint64_t>(seed)); });
}
/// Both begin anew on the same layout.
int page_begin() {
    return tried([&] { page->begin(); });
}
/// The cell of a colour, of a wall, or (the last) of the agent's beginning.
int page_cell(int object) { return object < objects ? page->layout.object(object) : page->layout.agent; }
/// Puts it somewhere else; refused where the task could not be solved then, or something else is there.
int page_move(int object, int cell) {
    return tried([&] {
        auto layout = page->layout;
        for (int other = 0; other <= objects; ++other)
            core::require(other == object || page_cell(other) != cell, "there is something in this cell");
        auto& moved = object < colours   ? layout.colours[static_cast<std::size_t>(object)]
                      : object < objects ? layout.walls[static_cast<std::size_t>(object - colours)]
                                         : layout.agent;
        moved = static_cast<std::int16_t>(cell);
        World(layout, env::ascending_task(colours));
        page->layout = layout;
        page->begin();
    });
}
/// Who acts on a board (Actor's number).
int page_actor(int board, int actor) {
    return tried([&] {
        page->boards[static_cast<std::size_t>(board)].actor = static_cast<Actor>(actor);
        page->begin();
    });
}
/// The gain that agents act with: at first that of the file.
float page_gain_now() { return page->trained.acting.gain; }
/// Another, with which both boards begin anew.
int page_gain(float gain) {
    return tried([&] {
        page->gain(gain);
        page->begin();
    });
}
/// One step of a board; returns what it shows.
const Shown* page_step(int board) {
    page->boards[static_cast<std::size_t>(board)].step();
    return &page->boards[static_cast<std::size_t>(board)].shown;
}
const Shown* page_shown(int board) { return &page->boards[static_cast<std::size_t>(board)].shown; }

/// Draws a code from N(0, I), holds it in `layouts` layouts, and keeps it where no code yet led to a colour as often.
/// To be called some dozens of times.
int page_try_code(int number, int layouts) {
    return tried([&] {
        core::Random random = core::Random(7).fork(static_cast<std::uint64_t>(number));
        Code code;
        for (float& value : code) value = random.normal<float>();
        const auto share = page->reached(code, 0, layouts);
        for (std::size_t colour = 0; colour < colours; ++colour)
            if (share[colour] > page->code_success[colour]) {
                page->code_success[colour] = share[colour];
                page->codes[colour] = code;
            }
    });
}
/// After that: how often the codes that were kept lead to their colours, in as many layouts that were not searched
/// with.
int page_measure_codes(int layouts) {
    return tried([&] {
        for (std::size_t colour = 0; colour < colours; ++colour)
            page->code_success[colour] = page->reached(page->codes[colour], 1000, layouts)[colour];
    });
}
/// How often the code for a colour led there.
float page_code_success(int colour) { return page->code_success[static_cast<std::size_t>(colour)]; }
/// The code to be held on a board is that for a colour.
int page_hold(int board, int colour) {
    page->boards[static_cast<std::size_t>(board)].code = page->codes[static_cast<std::size_t>(colour)];
    return page_actor(board, static_cast<int>(Actor::code));
}

/// Solved of `count` episodes on other layouts.
int page_solved(int board, int first, int count) {
    int solved = 0;
    const auto failed = tried([&] {
        Board copy = page->boards[static_cast<std::size_t>(board)];
        for (int i = 0; i < count; ++i) {
            World world = copy.world;
            const core::Random random = core::Random(9).fork(static_cast<std::uint64_t>(first + i));
            world.reset(random.fork(0));
            copy.begin(world.layout(), random.fork(1));
            while (!copy.shown.done && !copy.shown.fault) copy.step();
            solved += copy.shown.success;
        }
    });
    return failed ? -1 : solved;
}
}
