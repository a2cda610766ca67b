#include "midstream/rl/play.hpp"

#include <boost/test/unit_test.hpp>

#include "rl/toys.hpp"

using namespace midstream;

BOOST_AUTO_TEST_CASE(everybody_is_asked_until_all_have_ended) {
    rl::Player player(env::Batched(test::Drift{}));
    std::vector<int> asked(20, 0);
    for (int again = 0; again < 2; ++again) {
        asked.assign(20, 0);
        player.play(20, core::Random(1), [&](std::span<const int> awaiting, auto observations, auto actions) {
            BOOST_TEST(observations.count == static_cast<int>(awaiting.size()));
            BOOST_TEST(actions.count == observations.count);
            for (std::size_t i = 0; i < awaiting.size(); ++i) {
                ++asked[static_cast<std::size_t>(awaiting[i])];
                actions.row(static_cast<int>(i))[0] = 3;
                // What is shown is of the instance that is asked.
                std::int16_t seen[3];
                player.environment().instance(awaiting[i]).observe(seen);
                BOOST_TEST(std::equal(seen, seen + 3, observations.row(static_cast<int>(i))));
            }
        });
    }
    const auto lengths = player.environment().lengths();
    BOOST_TEST(std::vector<int>(lengths.begin(), lengths.end()) == asked, boost::test_tools::per_element());
    player.play(0, core::Random(1), [](auto, auto, auto) { BOOST_ERROR("nobody is there to be asked"); });
}
