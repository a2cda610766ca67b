#include "midstream/rl/in_turn.hpp"

#include "rl/toys.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using Policy = test::PolicyFor<env::Batched<test::Drift>>;
using Actor = rl::ModelActor<Policy>;
using Parameters = typename Policy::Parameters<float>;
constexpr int width = Policy::Observation::width;

namespace {
struct Cast {
    core::Box<Parameters> first = test::random_model<Policy, float>(core::Random(1), 0.3),
                          second = test::random_model<Policy, float>(core::Random(2), 0.3);
    rl::InTurn<Actor> turns{{Actor(*first), Actor(*second)}};
};
/// What somebody sees at a step: any rows will do.
std::vector<std::int16_t> rows_at(int step, std::size_t count) {
    std::vector<std::int16_t> rows;
    for (std::size_t i = 0; i < count; ++i)
        for (int k = 0; k < width; ++k)
            rows.push_back(static_cast<std::int16_t>(3 * k + (step + static_cast<int>(i) * k) % 3));
    return rows;
}
}  // namespace

BOOST_AUTO_TEST_CASE(whoever_is_in_charge_acts_as_if_alone) {
    Cast cast;
    const core::Random random(3);
    cast.turns.reset(3, random);
    // Instances 0 and 2 change hands at step 4, instance 1 does not.
    std::vector<std::vector<std::int16_t>> done(3);
    const std::vector<int> all{0, 1, 2};
    for (int step = 0; step < 9; ++step) {
        for (const int i : all)
            cast.turns.take_turn(i, i != 1 && step >= 4 ? 1 : 0, (i == 0) == (step < 4) && i != 1 ? 0 : 1);
        BOOST_TEST(cast.turns.in_charge(0) == (step < 4 ? 0 : 1));
        BOOST_TEST(cast.turns.in_charge(1) == 1);
        const auto seen = rows_at(step, 3);
        const auto actions = cast.turns.act(all, {seen.data(), 3});
        for (const int i : all) done[static_cast<std::size_t>(i)].push_back(*actions.row(i));
    }
    // By itself, from the stream of the turn.
    const auto alone = [&](const Parameters& parameters, int instance, std::uint64_t turn, int from, int to) {
        Actor actor(parameters);
        actor.reset(1, core::Random(9));
        actor.begin(0, random.fork(static_cast<std::uint64_t>(instance)).fork(turn));
        std::vector<std::int16_t> actions;
        const int only = 0;
        for (int step = from; step < to; ++step) {
            const auto seen = rows_at(step, 3);
            actions.push_back(*actor.act({&only, 1}, {seen.data() + instance * width, 1}).row(0));
        }
        return actions;
    };
    const auto joined = [](std::vector<std::int16_t> a, const std::vector<std::int16_t>& b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    };
    BOOST_TEST(done[0] == joined(alone(*cast.first, 0, 0, 0, 4), alone(*cast.second, 0, 1, 4, 9)));
    BOOST_TEST(done[1] == alone(*cast.second, 1, 0, 0, 9));
    BOOST_TEST(done[2] == joined(alone(*cast.second, 2, 0, 0, 4), alone(*cast.first, 2, 1, 4, 9)));
}

BOOST_AUTO_TEST_CASE(some_of_the_instances_can_act) {
    Cast cast;
    cast.turns.reset(3, core::Random(3));
    cast.turns.take_turn(2, 0, 1);
    const auto seen = rows_at(0, 1);
    const int last = 2;
    BOOST_TEST(cast.turns.act({&last, 1}, {seen.data(), 1}).count == 1);
    BOOST_TEST(cast.turns.in_charge(0) == -1);
    cast.turns.reset(3, core::Random(3));
    BOOST_TEST(cast.turns.in_charge(2) == -1);  // of the episodes before
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
    Cast cast;
    cast.turns.reset(2, core::Random(3));
    const auto says = [](const char* words) {
        return [words](const core::Error& error) { return std::string(error.what()).find(words) != std::string::npos; };
    };
    const auto seen = rows_at(0, 1);
    const int first = 0;
    BOOST_CHECK_EXCEPTION(cast.turns.act({&first, 1}, {seen.data(), 1}), core::Error,
                          says("nobody is in charge of instance 0"));
    BOOST_CHECK_EXCEPTION(cast.turns.take_turn(0, 0, 2), core::Error, says("an actor that takes turns"));
    BOOST_CHECK_EXCEPTION(cast.turns.take_turn(2, 0, 0), core::Error, says("an instance in which actors take turns"));
    BOOST_CHECK_EXCEPTION(rl::InTurn<Actor>({}), core::Error, says("somebody has to be there"));
}
