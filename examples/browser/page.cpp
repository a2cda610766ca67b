/// \file
/// What page.js calls: functions that take and return numbers.
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>

#include "browser/boards.hpp"

using namespace midstream;
using namespace midstream::examples;

namespace {

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

extern "C" {

/// The files of an agent and of probes of its model. Comes first.
int page_load(const void* agent, int agent_size, const void* probes, int probes_size) {
    const auto bytes = [](const void* first, int size) {
        return std::span<const std::byte>(static_cast<const std::byte*>(first), static_cast<std::size_t>(size));
    };
    return tried([&] {
        page.emplace(rl::load_agent<Trained>(bytes(agent, agent_size)),
                     Belief(io::SafetensorsReader("(probes)", bytes(probes, probes_size))));
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
