// A base model of width 64 comes close to the exact Bayes predictor of the paper's own world in minutes of one core: as
// egocentric observations, a start from geometry and heads that start apart make it (docs/laptop-scale.md).
#include <boost/test/unit_test.hpp>
#include <chrono>

#include "gridworld/presets.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/stages.hpp"

using namespace midstream;
using Preset = examples::PaperTasks<examples::GridworldPreset<
    env::Pinpad{}, env::Egocentric,
    model::TransformerShape{.depth = 4, .width = 64, .heads = 4, .mlp = 256, .context = 100, .max_distance = 32},
    examples::PaperMeta, 64>>;
using Base = Preset::Base;

BOOST_AUTO_TEST_CASE(a_small_base_model_is_close_to_bayes) {
    constexpr std::int64_t updates = 8500, last = updates / 20;
    const Preset::World world(Preset::pretraining_tasks());
    train::Learner<Base::Parameters<float>, train::AdamW> learner{.optimiser = {.beta2 = 0.99, .weight_decay = 0.03}};
    Preset::initialise_by_geometry(*learner.parameters, core::Random(1));
    Preset::initialise_heads(*learner.parameters);
    train::LossSums sums;
    const auto start = std::chrono::steady_clock::now();
    train::pretrain<Base>(core::Serial{}, learner, train::recorder(world, Preset::expert(0)),
                          {.steps = updates, .batch = 64, .lambda = 0.01},
                          train::WarmupLinearDecay{3e-3, updates / 50, updates}, core::Random(2),
                          [&](std::int64_t step, const train::LossSums& update) {
                              if (step > updates - last) sums += update;
                              return true;
                          });
    const double minutes = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / 60;
    BOOST_TEST_MESSAGE("action loss " << sums.action / sums.steps << " over the last " << last << " of " << updates
                                      << " updates, after " << minutes << " minutes");
    BOOST_TEST(sums.action / sums.steps <= 0.32);
}
