// What the ant's components say of themselves, as rl/descriptions.cpp has it of all others.
#include "support/descriptions.hpp"

#include <boost/test/unit_test.hpp>

#include "midstream/env/ant/compass.hpp"
#include "midstream/env/ant/gait.hpp"
#include "midstream/env/ant/rider.hpp"
#include "midstream/env/ant/run.hpp"

using namespace midstream;
using test::all_different, test::every_field_counts, test::type_text, test::value_text;

namespace {
constexpr env::AntWorld plain{}, dense{.cell = 0.8}, precise{.integrator = env::AntIntegrator::runge_kutta};
template <env::AntWorld World, class ExtraObservation = env::NoExtraObservation>
std::string ant(const env::TaskDistribution& tasks = env::TaskDistribution::ant_pretraining()) {
    return value_text(env::AntPinpad<World, ExtraObservation>(tasks));
}
template <env::AntWorld World, class View>
std::string guided(env::AntRewardWeights reward_weights = {},
                   const env::TaskDistribution& tasks = env::TaskDistribution::ant_pretraining()) {
    return value_text(env::GuidedAntPinpad<World, View>(env::AntPinpad<World>(tasks), reward_weights));
}
}  // namespace

BOOST_AUTO_TEST_CASE(ants) {
    every_field_counts(env::AntWorld{});
    every_field_counts(env::AntDimensions{});
    every_field_counts(env::AntGait{});
    every_field_counts(env::AntRewardWeights{});
    every_field_counts(env::AntRunPay{});
    const auto unseen = env::TaskDistribution::ant_posttraining();
    const auto heavy = env::load_ant(env::ant_mjcf({.density = 6}, plain.time_step, plain.integrator));
    const auto strong = env::load_ant(env::ant_mjcf({.gear = 100}, plain.time_step, plain.integrator));
    const env::AntPinpad<plain> heavy_ant(unseen, heavy), strong_ant(unseen, strong);
    all_different({ant<plain>(), ant<dense>(), ant<precise>(), ant<plain, env::AntCompass>(), ant<plain>(unseen),
                   value_text(heavy_ant), value_text(strong_ant), guided<plain, env::AntRider>(),
                   guided<dense, env::AntRider>(), guided<plain, env::AntMap>(),
                   guided<plain, env::AntRider>({.effort = 1}), guided<plain, env::AntRider>({}, unseen),
                   value_text(env::AntRun<plain>()), value_text(env::AntRun<precise>()),
                   value_text(env::AntRun<plain>({.forward = 2}))});
    all_different({type_text<env::AntCompass>(), type_text<env::NoExtraObservation>()});
    // A model of one's own that is the same ant as by default is told from it, but not from itself.
    BOOST_TEST(value_text(heavy_ant) == value_text(env::AntPinpad<plain>(unseen, heavy)));
}
