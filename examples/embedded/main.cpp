/// \file
/// The demo's trained agent and its world on a microcontroller: no exceptions, no files, no operating system; all that
/// is allocated, is so before the first step. Prints what is done in each of 100 episodes of the unseen task, so that
/// two machines can be compared, and then what it took.
#include <array>

#include "embedded/agent.hpp"
#include "embedded/board.hpp"

using namespace midstream;
using examples::Trained;
using Mind = Trained::Mind;

// Budgets are the compiler's business.
static_assert(sizeof(rl::AgentImage<Trained>) <= 384 * 1024, "the agent takes too much read-only memory");
static_assert(Mind::bytes() <= 112 * 1024, "the agent takes too much memory");

namespace {

void print(const char* name, std::uint64_t number) {
    std::array<char, 24> digits{};
    std::size_t first = digits.size() - 1;
    do {
        digits[--first] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number > 0);
    board::print(name);
    board::print(digits.data() + first);
}

}  // namespace

int main() {
    const auto* image = rl::agent_image<Trained>(board::image());
    if (!image) {
        board::print("the image is not of this agent\n");
        board::finish(false);
    }
    Mind agent = image->agent();
    if (!rl::decides_as_recorded(*image, agent)) {
        board::print("the agent does not decide as when its image was made\n");
        board::finish(false);
    }
    examples::World world(examples::Demo::unseen_tasks());

    constexpr int episodes = 100;
    std::uint64_t solved = 0, decisions = 0, instructions = 0;
    std::uint32_t most = 0;
    std::size_t heap_at_start = 0;
    for (int episode = 0; episode < episodes; ++episode) {
        const core::Random random = core::Random(1).fork(static_cast<std::uint64_t>(episode));
        world.reset(random.fork(0));
        agent.begin(0, random.fork(1));
        if (episode == 0) heap_at_start = board::heap_used();
        std::array<char, examples::World::horizon + 3> line{};  // a letter for each move
        std::size_t length = 0;
        for (;;) {
            std::array<Trained::ObservationElement, examples::World::Observation::width> seen;
            world.observe(seen.data());
            const std::uint32_t begin = board::instructions();
            const auto& decision = agent.act(seen);
            const std::uint32_t took = board::instructions_between(begin, board::instructions());
            if (decision.fault != rl::Fault::none) {
                board::print(rl::to_string(decision.fault));
                board::finish(false);
            }
            instructions += took;
            most = std::max(most, took);
            ++decisions;
            // Small where a new code came into force.
            line[length++] = (decision.opened ? "uldr" : "ULDR")[decision.action[0]];
            const auto transition = world.step(decision.action.data());
            if (!transition.done) continue;
            solved += transition.reward > 0;
            line[length++] = transition.reward > 0 ? '+' : '-';
            break;
        }
        line[length] = '\n';
        board::print(line.data());
    }
    if (board::heap_used() != heap_at_start) {
        board::print("memory was allocated while the agent acted\n");
        board::finish(false);
    }
    print("solved ", solved);
    print(" of ", episodes);
    board::print("\n");
    if (most > 0) {
        print("instructions per decision: mean ", instructions / decisions);
        print(", most ", most);
        print("\nmemory: heap ", board::heap_used());
        print(", stack ", board::stack_used());
        board::print(" bytes\n");
    }
    board::finish(true);
}
