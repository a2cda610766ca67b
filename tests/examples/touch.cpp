#include "gridworld/touch.hpp"

#include <boost/test/unit_test.hpp>

#include "env/worlds.hpp"
#include "midstream/core/tensor.hpp"

using namespace midstream;
using namespace midstream::env;
using examples::Touch;

namespace {
constexpr Pinpad paper{};
}  // namespace

/// Every observation tells what a move touches, and that is what the board says.
BOOST_AUTO_TEST_CASE(touch_is_what_a_move_leads_onto) {
    struct OneStep {
        std::int16_t observation[13], action[1];
        core::Rows<const std::int16_t, 13> observation_rows() const { return {observation, 1}; }
        core::Rows<const std::int16_t, 1> action_rows() const { return {action, 1}; }
    };
    core::Random random(6);
    int touched = 0;
    for (int i = 0; i < 2000; ++i) {
        Board<paper> board{};
        board.assign(sample_layout<paper>(random));
        const int agent = random.below(49), move = random.below(4);
        if (board.contents[agent] == Board<paper>::wall) continue;
        const int next = board.moved(agent, move);
        const int expected = next == agent ? 0 : std::max(0, 1 + board.contents[next]);
        const auto check = [&]<template <Pinpad> class See>() {
            OneStep step{};
            step.action[0] = static_cast<std::int16_t>(move);
            See<paper>::observe(board.layout, agent, step.observation);
            std::int16_t seen[1];
            Touch<paper, See>::observe(step, 0, seen);
            BOOST_TEST(seen[0] == expected);
            BOOST_TEST((Touch<paper, See>::event(seen) == (expected > 0)));
        };
        check.operator()<Absolute>();
        check.operator()<Egocentric>();
        check.operator()<Relative>();
        touched += expected > 0;
    }
    BOOST_TEST(touched > 100);
}
