// A preset with another component does not go on from what a run left: its checkpoints are refused, by the first
// difference. Every kind of component is changed that parameters have no trace of.
#include <boost/test/unit_test.hpp>
#include <string>

#include "common/preset.hpp"
#include "common/stages/internal_rl.hpp"
#include "common/stages/raw_rl.hpp"
#include "gridworld/touch.hpp"
#include "io/files.hpp"
#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/model/transformer.hpp"
#include "midstream/train/muon.hpp"

using namespace midstream;
using examples::ChainPreset, examples::Run, examples::Settings;

namespace {

constexpr env::Pinpad pinpad{.size = 4, .colours = 3, .walls = 1, .horizon = 20};
constexpr model::TransformerShape shape{.depth = 2, .width = 16, .heads = 2, .mlp = 16, .context = 20, .buckets = 8};
constexpr control::MetacontrollerShape sizes{.read = 1, .write = 0, .code = 2};

/// What a preset is made of; variations change one line.
struct Parts {
    using World = env::GridworldPinpad<pinpad, env::Relative>;
    using Base = model::Autoregressive<World::Observation, World::Action, model::Transformer<shape>, World::Target>;
    using Form = control::LowRank<2>;
    using Switch = control::GumbelSwitch;
    using Scope = control::LastStep;
    using Future = control::FutureGru<16>;
    using Observer = examples::Touch<pinpad, env::Relative>;
    using View = rl::IdentityView<16>;
    using Optimiser = train::AdamW;
    static constexpr env::TieBreaking ties = env::TieBreaking::uniform;
    static constexpr examples::AsDrawn initialisation{};
    static constexpr examples::NarrowProposals meta_initialisation{};
    static env::TaskDistribution tasks() { return env::TaskDistribution::transition_rule(3, 3); }
};
struct Soft : Parts {
    using Switch = control::SoftSwitch;
};
struct EveryStep : Parts {
    using Scope = control::EveryStep;
};
struct Full : Parts {
    using Form = control::FullLinear;
};
struct Rank : Parts {
    using Form = control::LowRank<3>;
};
struct SeesResidual : Parts {
    using Observer = control::ResidualStream;
};
struct SeesEgocentric : Parts {
    using Observer = examples::Touch<pinpad, env::Egocentric>;
};
struct LooksBack : Parts {
    using Future = control::FutureHawk<16>;
};
struct Standardised : Parts {
    using View = rl::Normaliser<16>;
};
struct Deterministic : Parts {
    static constexpr env::TieBreaking ties = env::TieBreaking::deterministic;
};
struct WideProposals : Parts {
    static constexpr examples::AsDrawn meta_initialisation{};
};
struct NarrowerProposals : Parts {
    static constexpr examples::NarrowProposals meta_initialisation{.log_variance = -5};
};
struct OtherTasks : Parts {
    static env::TaskDistribution tasks() { return env::TaskDistribution(env::parse_task("0-2")); }
};
struct ByMuon : Parts {
    using Optimiser = train::Muon<>;
};
struct FartherBuckets : Parts {
    static constexpr model::TransformerShape farther{
        .depth = 2, .width = 16, .heads = 2, .mlp = 16, .context = 20, .buckets = 8, .max_distance = 64};
    using Base = model::Autoregressive<World::Observation, World::Action, model::Transformer<farther>, World::Target>;
};
struct OtherNorm : Parts {
    using Base = model::Autoregressive<World::Observation, World::Action, model::Transformer<shape>, World::Target,
                                       layer::LayerNorm>;
};
/// A switch of one's own, which nobody taught to describe itself.
struct MySwitch : control::HardSwitch {};
struct Mine : Parts {
    using Switch = MySwitch;
};

template <class P>
struct Preset : ChainPreset<typename P::World, typename P::Base,
                            control::Metacontroller<typename P::Base, sizes, typename P::Form, typename P::Switch,
                                                    typename P::Scope, typename P::Future, typename P::Observer>,
                            16> {
    static constexpr const char* name = "variation";
    static constexpr int subgoals = 3;
    using View = typename P::View;
    using BaseOptimiser = typename P::Optimiser;
    static BaseOptimiser base_optimiser(const Settings::Pretrain&) { return {}; }
    static constexpr auto initialisation = P::initialisation;
    static constexpr auto meta_initialisation = P::meta_initialisation;
    static env::TaskDistribution pretraining_tasks() { return P::tasks(); }
    static env::TaskDistribution unseen_tasks() { return env::TaskDistribution(env::ascending_task(3)); }
    static env::ShortestPathExpert expert(double epsilon) { return {.epsilon = epsilon, .tie_breaking = P::ties}; }
    static Settings settings() {
        Settings s;
        s.pretrain = {.steps = 10, .batch = 8, .learning_rate = 1e-3};
        s.steer = {.steps = 10, .batch = 8, .learning_rate = 1e-3};
        s.discover = {.steps = 10, .batch = 8, .learning_rate = 1e-3, .alpha = 0.1};
        s.internal = {.episodes = 100, .batch = 10, .learning_rate = 1e-3};
        s.raw = {.episodes = 100, .batch = 10, .learning_rate = 1e-3};
        return s;
    }
};

struct Descriptions {
    std::string pretrain, discover, refine, internal, raw, origin;
};
template <class P>
Descriptions descriptions(const std::string& folder, auto&& change) {
    Settings s = Preset<P>::settings();
    s.output = folder;
    change(s);
    const Run<Preset<P>> run(s);
    return {core::text(about_pretraining(run)), core::text(about_discovery(run)),
            core::text(about_refinement(run)),  core::text(about_internal_rl(run)),
            core::text(about_raw_rl(run)),      core::text(about_data_set(run, examples::Data::noisy))};
}
const auto unchanged = [](Settings&) {};

std::string said(const std::string& found, const std::string& expected) {
    BOOST_TEST_REQUIRE(core::parse_description(found).has_value());
    BOOST_TEST(found.find('<') == std::string::npos, found);  // nothing in a compiler's own words
    const auto difference = core::difference(found, expected);
    return difference ? difference->to_string() : "nothing";
}

}  // namespace

BOOST_AUTO_TEST_CASE(other_components_are_named) {
    const test::TemporaryFolder folder;
    const std::string output = folder / "run";
    const Descriptions run = descriptions<Parts>(output, unchanged);
    const auto discovery = [&]<class P>(P, const std::string& difference) {
        const Descriptions other = descriptions<P>(output, unchanged);
        BOOST_TEST(said(run.pretrain, other.pretrain) == "nothing");
        BOOST_TEST(said(run.raw, other.raw) == "nothing");
        BOOST_TEST(said(run.discover, other.discover) == difference);
        BOOST_TEST(said(run.refine, other.refine) == "discovered." + difference);
        BOOST_TEST(said(run.internal, other.internal) != "nothing");
    };
    discovery(Soft{},
              "passes.switching is control::GumbelSwitch{temperature=1, threshold=0.5}, expected "
              "control::SoftSwitch{threshold=0.5}");
    discovery(Mine{},
              "passes.switching is control::GumbelSwitch{temperature=1, threshold=0.5}, expected "
              "anonymous::MySwitch{threshold=0.5}");
    discovery(EveryStep{}, "metacontroller.scope is control::LastStep, expected control::EveryStep");
    discovery(Full{}, "metacontroller.form is control::LowRank{rank=2}, expected control::FullLinear");
    discovery(Rank{}, "metacontroller.form.rank is 2, expected 3");
    discovery(
        SeesResidual{},
        "metacontroller.observer is examples::Touch{see=env::Relative{world=env::Pinpad{size=4, colours=3, walls=1, "
        "horizon=20}}, world=env::Pinpad{size=4, colours=3, walls=1, horizon=20}}, expected "
        "control::ResidualStream");
    discovery(
        SeesEgocentric{},
        "metacontroller.observer.see is env::Relative{world=env::Pinpad{size=4, colours=3, walls=1, horizon=20}}, "
        "expected env::Egocentric{world=env::Pinpad{size=4, colours=3, walls=1, horizon=20}}");
    discovery(LooksBack{},
              "metacontroller.future.block.mixer is layer::Gru{input=16, hidden=16}, expected "
              "layer::HawkMixer{width=16, recurrent=layer::RgLru{width=16, heads=2, sharpness=8, least_decay=0.9, "
              "greatest_decay=0.999}, taps=4, heads=2}");
    discovery(WideProposals{},
              "initialisation is examples::NarrowProposals{log_variance=-4}, expected examples::AsDrawn");
    discovery(NarrowerProposals{}, "initialisation.log_variance is -4, expected -5");

    const auto pretraining = [&]<class P>(P, const std::string& difference) {
        const Descriptions other = descriptions<P>(output, unchanged);
        BOOST_TEST(said(run.pretrain, other.pretrain) == difference);
        BOOST_TEST(said(run.raw, other.raw) != "nothing");
        BOOST_TEST(said(run.internal, other.internal) != "nothing");
    };
    pretraining(Deterministic{}, "episodes.expert.tie_breaking is uniform, expected deterministic");
    pretraining(OtherTasks{}, "episodes.world.tasks.count is 3, expected 1");
    pretraining(FartherBuckets{}, "model.stack.block.mixer.shape.max_distance is 128, expected 64");
    pretraining(OtherNorm{},
                "model.norm is layer::RmsNorm{width=16, epsilon=1e-06}, expected layer::LayerNorm{width=16, "
                "epsilon=1e-05}");
    BOOST_TEST(said(run.pretrain, descriptions<ByMuon>(output, unchanged).pretrain)
                   .starts_with("learner.optimiser is train::AdamW{"));
    const auto standardised = descriptions<Standardised>(output, unchanged);
    BOOST_TEST(said(run.discover, standardised.discover) == "nothing");
    BOOST_TEST(said(run.internal, standardised.internal) ==
               "view is rl::IdentityView{width=16}, expected rl::Normaliser{width=16}");
    BOOST_TEST(said(run.origin, descriptions<Deterministic>(output, unchanged).origin) ==
               "expert.tie_breaking is uniform, expected deterministic");
}

BOOST_AUTO_TEST_CASE(settings_count_where_they_shape_and_nowhere_else) {
    const test::TemporaryFolder folder;
    const Descriptions run = descriptions<Parts>(folder / "run", unchanged);
    const auto with = [&](auto&& change) { return descriptions<Parts>(folder / "other", change); };
    const auto same = [&](auto&& change) {
        const Descriptions other = with(change);
        BOOST_TEST(said(run.pretrain, other.pretrain) == "nothing");
        BOOST_TEST(said(run.discover, other.discover) == "nothing");
        BOOST_TEST(said(run.refine, other.refine) == "nothing");
        BOOST_TEST(said(run.internal, other.internal) == "nothing");
        BOOST_TEST(said(run.raw, other.raw) == "nothing");
        BOOST_TEST(said(run.origin, other.origin) == "nothing");
    };
    same([](Settings& s) { s.threads = 7; });
    same([](Settings& s) { s.checkpoint_seconds = 7; });
    same([](Settings& s) { s.probe.steps = 7; });
    same([](Settings& s) { s.steer.episodes = 7; });
    same([](Settings& s) { s.discover.evaluation = 7; });
    same([](Settings& s) { s.codes.count = 7; });
    same([](Settings& s) { s.inspect.step = 7; });

    BOOST_TEST(said(run.pretrain, with([](Settings& s) { s.seed = 7; }).pretrain) == "seed is 1, expected 7");
    BOOST_TEST(said(run.pretrain, with([](Settings& s) { s.shards = 7; }).pretrain) ==
               "learner.shards is 4, expected 7");
    BOOST_TEST(said(run.pretrain, with([](Settings& s) { s.pretrain.beta2 = 0.5; }).pretrain) ==
               "settings.beta2 is 0.99, expected 0.5");
    BOOST_TEST(said(run.pretrain, with([](Settings& s) { s.constant_rates = true; }).pretrain) ==
               "rate.to is 0, expected 0.001");
    BOOST_TEST(said(run.pretrain, with([](Settings& s) { s.record.episodes = 7; }).pretrain) ==
               "episodes.recorded is 0, expected 7");

    BOOST_TEST(run.internal.find("advantages=rl::BatchNormalised{epsilon=0.001}") != std::string::npos);
    BOOST_TEST(said(run.internal, with([](Settings& s) { s.internal.advantages = "leave-one-out"; }).internal) ==
               "advantages is rl::BatchNormalised{epsilon=0.001}, expected rl::LeaveOneOut");
    const auto grouped = with([](Settings& s) { s.internal.group = 8; });
    BOOST_TEST(
        said(run.internal, grouped.internal).find("expected rl::Grouped{rule=rl::BatchNormalised") != std::string::npos,
        said(run.internal, grouped.internal));
    BOOST_TEST(said(run.raw, grouped.raw) == "nothing");
    // Where a bonus for entropy ends matters where there is one.
    BOOST_TEST(said(run.internal, with([](Settings& s) { s.internal.entropy_below = 1; }).internal) == "nothing");
    const auto paid = with([](Settings& s) { s.internal.entropy_weight = 1; });
    const auto held = with([](Settings& s) { s.internal.entropy_weight = 1, s.internal.entropy_below = 1; });
    BOOST_TEST(said(paid.internal, held.internal).find("entropy_below") != std::string::npos,
               said(paid.internal, held.internal));
    const auto forced = with([](Settings& s) { s.discover.forced_period = 1; });
    BOOST_TEST(said(run.pretrain, forced.pretrain) == "nothing");
    BOOST_TEST(said(run.discover, forced.discover).find("passes.switching") == 0, said(run.discover, forced.discover));
    BOOST_TEST(said(run.raw, forced.raw) == "nothing");

    const auto clean = with([](Settings& s) { s.record.clean_noise = 0.5; });
    BOOST_TEST(said(run.pretrain, clean.pretrain) == "nothing");
    BOOST_TEST(said(run.raw, clean.raw) == "nothing");
    BOOST_TEST(said(run.discover, clean.discover) == "episodes.expert.epsilon is 0, expected 0.5");

    const auto refined = with([](Settings& s) { s.discover.refine_steps = 7; });
    BOOST_TEST(said(run.discover, refined.discover) == "nothing");
    BOOST_TEST(said(run.refine, refined.refine) == "rate.last is 0, expected 7");
    BOOST_TEST(said(run.internal, refined.internal).starts_with("codes is discover{"));
    BOOST_TEST(said(run.internal, with([](Settings& s) { s.gain = 2; }).internal) == "acting.gain is 1, expected 2");
    BOOST_TEST(said(run.internal, with([](Settings& s) { s.internal.threshold = 0.25; }).internal) ==
               "settings.threshold is 0, expected 0.25");
    BOOST_TEST(said(run.raw, with([](Settings& s) { s.raw.clip = 0.5; }).raw) == "settings.clip is 0.2, expected 0.5");
    BOOST_TEST(said(run.internal, with([](Settings& s) { s.pretrain.steps = 7; }).internal) ==
               "codes.base.settings.steps is 10, expected 7");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_another_preset_is_refused) {
    const test::TemporaryFolder folder;
    Settings s = Preset<Parts>::settings();
    s.output = folder / "run";
    {
        const Run<Preset<Parts>> run(s);
        auto learner = new_meta_learner(run);
        learner.state.steps = 10;
        examples::Window window;
        io::save(run.folder / "discover.safetensors", core::text(about_discovery(run)), [&](auto&& member) {
            member("learner", learner);
            member("window", window);
        });
    }
    const auto load = [&]<class P>(P) {
        Run<Preset<P>> run(s);
        metacontroller(run);
    };
    load(Parts{});  // it is taken
    test::check_error(
        "discover.safetensors: belongs to something else: passes.switching is control::GumbelSwitch{temperature=1, "
        "threshold=0.5}, "
        "expected control::SoftSwitch{threshold=0.5}",
        [&] { load(Soft{}); });
    test::check_error(
        "belongs to something else: metacontroller.scope is control::LastStep, expected control::EveryStep",
        [&] { load(EveryStep{}); });
    test::check_error("belongs to something else: episodes.expert.tie_breaking is uniform, expected deterministic",
                      [&] { load(Deterministic{}); });
}
