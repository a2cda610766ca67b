// An agent's example tells a sound copy from a changed one. (Files: agent_file.cpp; blocks of bytes: agent_image.cpp.)
#include "midstream/rl/trained_agent.hpp"

#include "io/files.hpp"
#include "rl/hierarchies.hpp"

using namespace midstream;
using H = test::Hierarchy<test::TinyModel, control::LowRank<2>, 1, 2>;

BOOST_AUTO_TEST_CASE(examples) {
    auto agent = H::trained();
    agent.verify_example();
    static_assert(!H::Whole::eight_bit && H::Small::eight_bit);
    agent.example.actions[2] = static_cast<std::int16_t>(agent.example.actions[2] == 0 ? 1 : 0);
    test::check_error("the agent decides otherwise than when its example was made: at step 2",
                      [&] { agent.verify_example(); });
    agent.example.actions.pop_back();
    test::check_error("an agent's example has as many actions as rows", [&] { agent.verify_example(); });
    test::check_error("rows of observations have 3 entries each, and are 4 in all", [&] {
        agent.record_example(std::vector<std::int16_t>{0, 3, 6, 1});
    });
    test::check_error("step 1: the observation is not of its space", [&] {
        agent.record_example(std::vector<std::int16_t>{0, 3, 6, 1, 3, 9});
    });
}
