// What examples/corridor defines, checked as midstream's own parts are.
#include <boost/test/unit_test.hpp>

#include "support/layer_check.hpp"

#define main corridor_main  // the test has its own
#include "corridor/corridor.cpp"
#undef main

BOOST_AUTO_TEST_CASE(mixer_has_the_right_gradients) {
    static_assert(ms::layer::Block<MovingAverage<5>, double>);
    ms::test::check_layer_gradients<MovingAverage<5>>();
}

BOOST_AUTO_TEST_CASE(mixer_steps_as_it_reads_whole_sequences) {
    ms::test::check_step_equals_forward<MovingAverage<5>>();
}

BOOST_AUTO_TEST_CASE(expert_always_succeeds_and_only_the_first_observation_has_the_sign) {
    ms::env::EpisodesOf<Corridor> episodes;
    ms::env::record(Corridor{}, Expert{}, 200, Random(1), episodes, false);
    for (const float earned : episodes.returns) BOOST_TEST(earned == 1);
    constexpr int first_sign = Corridor::objects * Corridor::places, nothing = first_sign + Corridor::colours;
    for (int i = 0; i < episodes.count(); ++i)
        for (int row = episodes.sequences().first(i); row < episodes.sequences().first(i + 1); ++row) {
            const int seen = episodes.observation_rows().row(row)[Corridor::objects];
            BOOST_TEST((seen == nothing) == (row > episodes.sequences().first(i)));
        }
    ms::data::validate(episodes);  // every entry lies in its space
}
