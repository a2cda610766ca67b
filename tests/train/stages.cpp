#include "midstream/train/stages.hpp"

#include <cstring>
#include <limits>

#include "io/files.hpp"
#include "midstream/env/gridworld/pinpad.hpp"
#include "midstream/env/gridworld/shortest_path.hpp"
#include "midstream/rl/collect.hpp"
#include "midstream/train/adamw.hpp"
#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;
using test::TinyModel;

constexpr auto small = test::tiny_meta(1, 2);
using Meta = control::Metacontroller<TinyModel, small, control::LowRank<2>>;
using Controllers = control::Supervised<TinyModel, 1, 3, control::LowRank<2>>;
template <class L>
using Learner = train::Learner<typename L::template Parameters<float>, train::AdamW>;

const auto dataset = test::random_episodes<TinyModel, float>(core::Random(3), {0, 5, 6, 13, 16, 25});
const auto base = test::random_model<TinyModel, float>(core::Random(1));
constexpr train::Constant rate{0.01};

template <class L>
Learner<L> begin(int shards) {
    Learner<L> learner{.shards = shards};
    L::initialise(*learner.parameters, core::Random(2));
    return learner;
}

/// Runs a stage from `learner.steps()` to `steps`; `report` as in stages.hpp.
struct Pretrain {
    using Trained = TinyModel;
    static void run(const auto& policy, auto& learner, std::int64_t steps, auto&& report) {
        train::pretrain<TinyModel>(policy, learner, train::sampler(dataset),
                                   {.steps = steps, .batch = 7, .lambda = 0.1}, rate, core::Random(4), report);
    }
};
struct Supervise {
    using Trained = Controllers;
    static void run(const auto& policy, auto& learner, std::int64_t steps, auto&& report) {
        train::supervise<Controllers>(policy, *base, learner, train::sampler(dataset), {.steps = steps, .batch = 7},
                                      rate, core::Random(4), report);
    }
};
struct Discover {
    using Trained = Meta;
    static void run(const auto& policy, auto& learner, std::int64_t steps, auto&& report) {
        train::discover<Meta>(
            policy, *base, learner, train::sampler(dataset), {.steps = steps, .batch = 7}, train::Ramp{0, 0.1, 1, 4},
            [](std::int64_t) { return typename Meta::Options{}; }, rate, core::Random(4), report);
    }
};

constexpr auto silent = [](std::int64_t, const train::LossSums&) { return true; };

template <class Stage>
void check_learns(int steps, double at_most) {
    auto learner = begin<typename Stage::Trained>(2);
    double first = 0, last = 0;
    Stage::run(core::Serial{}, learner, steps, [&](std::int64_t step, const train::LossSums& sums) {
        const double loss = sums.action / sums.steps;
        if (step <= 10) first += loss / 10;
        if (step > steps - 10) last += loss / 10;
        BOOST_TEST(sums.episodes == 7);
        return true;
    });
    BOOST_TEST(learner.steps() == steps);
    BOOST_TEST(last < at_most * first, "from " << first << " to " << last);
}
BOOST_AUTO_TEST_CASE(pretraining_learns_its_episodes_by_heart) { check_learns<Pretrain>(200, 0.3); }
BOOST_AUTO_TEST_CASE(supervised_controllers_learn) { check_learns<Supervise>(200, 0.8); }
BOOST_AUTO_TEST_CASE(discovery_learns) { check_learns<Discover>(200, 0.6); }

template <class Stage, class Policy>
std::vector<float> after_five(const Policy& policy) {
    auto learner = begin<typename Stage::Trained>(3);
    Stage::run(policy, learner, 5, silent);
    const auto values = core::flat<float>(*learner.parameters);
    return {values.begin(), values.end()};
}
template <class Stage>
void check_same_bits() {
    const auto expected = after_five<Stage>(core::Serial{});
    const auto same = [&](const std::vector<float>& found) {
        BOOST_TEST(std::memcmp(expected.data(), found.data(), expected.size() * sizeof(float)) == 0);
    };
    same(after_five<Stage>(core::Serial{}));
    same(after_five<Stage>(test::Backwards{}));
#ifdef _OPENMP
    for (const int threads : {1, 2, 3}) same(after_five<Stage>(core::OpenMP{threads}));
#endif
}
BOOST_AUTO_TEST_CASE(pretraining_has_the_same_bits_on_any_number_of_threads) { check_same_bits<Pretrain>(); }
BOOST_AUTO_TEST_CASE(supervision_has_the_same_bits_on_any_number_of_threads) { check_same_bits<Supervise>(); }
BOOST_AUTO_TEST_CASE(discovery_has_the_same_bits_on_any_number_of_threads) { check_same_bits<Discover>(); }

BOOST_AUTO_TEST_CASE(the_base_model_stays_as_it_is) {
    const auto before = base;
    after_five<Supervise>(core::Serial{});
    after_five<Discover>(core::Serial{});
    const auto a = core::flat<float>(*before), b = core::flat<float>(*base);
    BOOST_TEST(std::equal(a.begin(), a.end(), b.begin()));
}

BOOST_AUTO_TEST_CASE(the_report_follows_every_update_and_can_end_the_stage) {
    auto learner = begin<TinyModel>(1);
    std::vector<std::int64_t> steps;
    Pretrain::run(core::Serial{}, learner, 9, [&](std::int64_t step, const train::LossSums&) {
        steps.push_back(step);
        return step < 4;
    });
    BOOST_TEST(steps == (std::vector<std::int64_t>{1, 2, 3, 4}), boost::test_tools::per_element());
    BOOST_TEST(learner.steps() == 4);
    Pretrain::run(core::Serial{}, learner, 4, [&](std::int64_t, const train::LossSums&) {
        BOOST_ERROR("a stage that has ended is not continued");
        return true;
    });
}

BOOST_AUTO_TEST_CASE(the_loss_is_the_mean_over_steps_whatever_the_shards) {
    // One whole batch in one shard, and its two halves in two: the same gradient, of which the first AdamW step shows
    // only signs; so plain sums are compared.
    const auto whole = test::random_episodes<TinyModel, float>(core::Random(3));
    TinyModel::Tape<float> tape;
    core::Box<TinyModel::Parameters<float>> gradient, halves;
    train::pretraining_loss<TinyModel, float>(*base, whole, 0.1f, 1.0f / 16, tape, *gradient);
    for (int half = 0; half < 2; ++half) {
        train::EpisodesOf<TinyModel, float> part;
        train::append_episode(whole, 2 * half, part);
        train::append_episode(whole, 2 * half + 1, part);
        train::pretraining_loss<TinyModel, float>(*base, part, 0.1f, 1.0f / 16, tape, *halves);
    }
    const auto a = core::flat<float>(*gradient), b = core::flat<float>(*halves);
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::abs(a[i] - b[i]) < 1e-4f);
}

BOOST_AUTO_TEST_CASE(schedules_and_options_are_asked_for_the_step_at_hand) {
    auto learner = begin<Meta>(1);
    learner.state.steps = 3;
    std::vector<std::int64_t> asked;
    train::discover<Meta>(
        core::Serial{}, *base, learner, train::sampler(dataset), {.steps = 6, .batch = 4}, train::Constant{0.1},
        [&](std::int64_t step) { return asked.push_back(step), typename Meta::Options{}; }, rate, core::Random(4),
        silent);
    BOOST_TEST(asked == (std::vector<std::int64_t>{3, 4, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sampling_draws_whole_episodes) {
    train::EpisodesOf<TinyModel, float> drawn;
    train::sampler(dataset)(50, core::Random(1), drawn);
    BOOST_REQUIRE(drawn.count() == 50);
    std::vector<int> times(static_cast<std::size_t>(dataset.count()), 0);
    for (int i = 0; i < drawn.count(); ++i) {
        const int first = drawn.offsets[static_cast<std::size_t>(i)], length = drawn.sequences().length(i);
        int found = -1;
        for (int j = 0; j < dataset.count(); ++j) {
            const int from = dataset.offsets[static_cast<std::size_t>(j)];
            const auto equal = [&](const auto& a, const auto& b, int width) {
                return std::equal(a.begin() + first * width, a.begin() + (first + length) * width,
                                  b.begin() + from * width);
            };
            if (length == dataset.sequences().length(j) && equal(drawn.observations, dataset.observations, 3) &&
                equal(drawn.actions, dataset.actions, 1) && equal(drawn.targets, dataset.targets, 2) &&
                equal(drawn.subgoals, dataset.subgoals, 1))
                found = j;
        }
        BOOST_REQUIRE(found >= 0);
        ++times[static_cast<std::size_t>(found)];
    }
    for (const int t : times) BOOST_TEST(t > 0);
    const train::EpisodesOf<TinyModel, float> empty;
    BOOST_CHECK_THROW(train::sampler(empty), core::Error);
}

BOOST_AUTO_TEST_CASE(recording_an_expert_as_a_source) {
    constexpr env::Pinpad world{.size = 4, .colours = 3, .walls = 1, .horizon = 20};
    using World = env::GridworldPinpad<world>;
    using Model =
        model::Autoregressive<World::Observation, World::Action, model::Hawk<test::policy_shape>, World::Target>;
    Learner<Model> learner{.shards = 2};
    Model::initialise(*learner.parameters, core::Random(1));
    const auto source =
        train::recorder(World(env::TaskDistribution(env::parse_task("0-2"))), env::ShortestPathExpert{});
    double first = 0, last = 0;
    train::pretrain<Model>(core::Serial{}, learner, source, {.steps = 60, .batch = 16, .lambda = 0.01}, rate,
                           core::Random(2), [&](std::int64_t step, const train::LossSums& sums) {
                               (step == 1 ? first : last) = (sums.action + sums.target) / sums.steps;
                               return true;
                           });
    BOOST_TEST(last < 0.8 * first);
}

BOOST_AUTO_TEST_CASE(batches_smaller_than_the_shards_are_refused) {
    auto learner = begin<TinyModel>(8);
    BOOST_CHECK_THROW(Pretrain::run(core::Serial{}, learner, 1, silent), core::Error);
    learner.shards = 0;
    BOOST_CHECK_THROW(Pretrain::run(core::Serial{}, learner, 1, silent), core::Error);
}

BOOST_AUTO_TEST_CASE(a_learner_that_was_never_initialised_is_refused) {
    Learner<TinyModel> model;
    test::check_error("the parameters of the model are all zero",
                      [&] { Pretrain::run(core::Serial{}, model, 1, silent); });
    Learner<Controllers> controllers;
    test::check_error("the parameters of the controllers are all zero",
                      [&] { Supervise::run(core::Serial{}, controllers, 1, silent); });
    Learner<Meta> meta;
    test::check_error("the parameters of the metacontroller are all zero",
                      [&] { Discover::run(core::Serial{}, meta, 1, silent); });
    auto learner = begin<Controllers>(1);
    auto frozen = base;
    const auto supervise = [&] {
        train::supervise<Controllers>(core::Serial{}, *frozen, learner, train::sampler(dataset),
                                      {.steps = 1, .batch = 4}, rate, core::Random(4), silent);
    };
    frozen->action_head.bias.values[1] = std::numeric_limits<float>::infinity();
    test::check_error("the frozen model's parameters \"action_head.bias\" are not finite", supervise);
    frozen = {};
    test::check_error("the parameters of the frozen model are all zero", supervise);
}

/// What the stages say of a batch of these episodes.
template <class Stage>
void check_refused(const std::string& why, const train::EpisodesOf<TinyModel, float>& episodes) {
    auto learner = begin<typename Stage::Trained>(2);
    const auto parameters = learner.parameters;
    test::check_error(why, [&] { Stage::run_on(train::sampler(episodes), learner); });
    const std::span<const float> a = core::flat<float>(*parameters), b = core::flat<float>(*learner.parameters);
    BOOST_TEST(std::equal(a.begin(), a.end(), b.begin()));
}
struct PretrainOn {
    using Trained = TinyModel;
    static void run_on(const auto& source, auto& learner) {
        train::pretrain<TinyModel>(core::Serial{}, learner, source, {.steps = 1, .batch = 20, .lambda = 0.1}, rate,
                                   core::Random(4), silent);
    }
};
struct SuperviseOn {
    using Trained = Controllers;
    static void run_on(const auto& source, auto& learner) {
        train::supervise<Controllers>(core::Serial{}, *base, learner, source, {.steps = 1, .batch = 20}, rate,
                                      core::Random(4), silent);
    }
};
struct DiscoverOn {
    using Trained = Meta;
    static void run_on(const auto& source, auto& learner) {
        train::discover<Meta>(
            core::Serial{}, *base, learner, source, {.steps = 1, .batch = 20}, train::Constant{0.1},
            [](std::int64_t) { return typename Meta::Options{}; }, rate, core::Random(4), silent);
    }
};

BOOST_AUTO_TEST_CASE(batches_that_are_not_valid_are_named_before_anything_is_learned) {
    const auto with = [](auto&& change) {
        auto episodes = dataset;
        change(episodes);
        return episodes;
    };
    using E = train::EpisodesOf<TinyModel, float>;
    const auto everywhere = [&](const std::string& why, const E& episodes) {
        check_refused<PretrainOn>(why, episodes);
        check_refused<SuperviseOn>(why, episodes);
        check_refused<DiscoverOn>(why, episodes);
    };
    everywhere("is 9, valid is 0 to 8", with([](E& e) { e.observations[10] = 9; }));
    everywhere("is -1, valid is 0 to 8", with([](E& e) { e.observations[10] = -1; }));
    everywhere("is 4, valid is 0 to 3", with([](E& e) { e.actions[7] = 4; }));
    everywhere("is 5, valid is 0 to 4", with([](E& e) { e.targets[2] = 5; }));
    everywhere("is not finite", with([](E& e) { e.returns[1] = std::numeric_limits<float>::quiet_NaN(); }));
    check_refused<SuperviseOn>("is -1, valid is 0 to 2", with([](E& e) { e.subgoals[3] = -1; }));
    check_refused<SuperviseOn>("is 3, valid is 0 to 2", with([](E& e) { e.subgoals[3] = 3; }));
    check_refused<SuperviseOn>("subgoals has 0 entries", with([](E& e) { e.subgoals.clear(); }));
    check_refused<PretrainOn>("targets has 0 entries", with([](E& e) { e.targets.clear(); }));
    everywhere("subgoals of 3 numbers for 25 times 1", with([](E& e) { e.subgoals.resize(3); }));
    everywhere("observations of 3 numbers for 25 times 3", with([](E& e) { e.observations.resize(3); }));
}

BOOST_AUTO_TEST_CASE(what_a_stage_does_not_need_may_be_absent) {
    auto bare = dataset;
    bare.subgoals.clear();
    bare.returns.clear();
    auto model = begin<TinyModel>(2);
    PretrainOn::run_on(train::sampler(bare), model);
    bare.targets.clear();
    auto meta = begin<Meta>(2);
    DiscoverOn::run_on(train::sampler(bare), meta);
    BOOST_TEST(meta.steps() == 1);
    // Nor are episodes with and without labels mixed.
    auto whole = dataset;
    test::check_error("targets of 0 numbers for 25 times 2 are not appended to 50 for 25 times 2",
                      [&] { train::append_episode(bare, 0, whole); });
    test::check_error("the number of an episode is 5, valid is 0 to 4",
                      [&] { train::append_episode(dataset, 5, whole); });
}

/// Gives as many episodes as it likes.
struct Stingy {
    int less;
    void operator()(int count, core::Random random, train::EpisodesOf<TinyModel, float>& episodes) const {
        train::sampler(dataset)(count - less, random, episodes);
    }
};

BOOST_AUTO_TEST_CASE(sources_that_do_not_give_what_they_are_asked_for_are_refused) {
    auto learner = begin<TinyModel>(2);
    test::check_error("gave 9 where 10 were asked for", [&] { PretrainOn::run_on(Stingy{1}, learner); });
    test::check_error("gave 0 where 10 were asked for", [&] { PretrainOn::run_on(Stingy{10}, learner); });
    test::check_error("gave 11 where 10 were asked for", [&] { PretrainOn::run_on(Stingy{-1}, learner); });
    BOOST_TEST(learner.steps() == 0);
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
    auto learner = begin<TinyModel>(2);
    const auto run = [&](train::PretrainOptions options, double learning_rate = 0.01) {
        train::pretrain<TinyModel>(core::Serial{}, learner, train::sampler(dataset), options,
                                   train::Constant{learning_rate}, core::Random(4), silent);
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    test::check_error("batch is 1, valid is 2 (an episode for each shard)", [&] { run({.steps = 1, .batch = 1}); });
    test::check_error("lambda is", [&] { run({.steps = 1, .batch = 4, .lambda = nan}); });
    test::check_error("lambda is", [&] { run({.steps = 1, .batch = 4, .lambda = -1}); });
    test::check_error("the number of steps", [&] { run({.steps = -1, .batch = 4}); });
    test::check_error("the learning rate of update 1 is", [&] { run({.steps = 1, .batch = 4}, nan); });
    run({.steps = 0, .batch = 4});
    BOOST_TEST(learner.steps() == 0);
    test::check_error("the number of shards does not change", [&] {
        Pretrain::run(core::Serial{}, learner, 5, [&](std::int64_t, const train::LossSums&) {
            learner.shards = 3;
            return true;
        });
    });
}

BOOST_AUTO_TEST_CASE(a_data_set_may_change_while_it_is_drawn_from) {
    auto changing = dataset;
    const auto source = train::sampler(changing);
    train::EpisodesOf<TinyModel, float> drawn;
    changing.clear();
    test::check_error("holds at least one episode", [&] { source(3, core::Random(1), drawn); });
    train::append_episode(dataset, 2, changing);
    source(3, core::Random(1), drawn);
    BOOST_TEST(drawn.count() == 3);
    BOOST_TEST(drawn.sequences().length(0) == dataset.sequences().length(2));
}

BOOST_AUTO_TEST_CASE(episodes_of_a_collector_are_a_data_set) {
    using World = env::Batched<test::Drift>;
    using Policy = test::PolicyFor<World>;
    rl::Collector<World, Policy> collector{World(test::Drift{})};
    collector.collect(*test::random_model<Policy, float>(core::Random(1), 0.3), 6, core::Random(2));
    Learner<Policy> learner{.shards = 2};
    Policy::initialise(*learner.parameters, core::Random(1));
    train::pretrain<Policy>(core::Serial{}, learner, train::sampler(collector.episodes()), {.steps = 3, .batch = 8},
                            rate, core::Random(3), silent);
    BOOST_TEST(learner.steps() == 3);
}

namespace {
/// Deals out the data set's episodes in order, whoever asks.
struct Dealt {
    int* next;
    void operator()(int count, core::Random, auto& episodes) const {
        for (int i = 0; i < count; ++i) train::append_episode(dataset, (*next)++ % dataset.count(), episodes);
    }
};
/// Updates before `late` go without the signal.
core::Box<Meta::Parameters<float>> discovered_in_shards(int shards, double signal, std::int64_t steps = 4,
                                                        std::int64_t late = 0) {
    auto learner = begin<Meta>(shards);
    int next = 0;
    train::discover<Meta>(
        core::Serial{}, *base, learner, Dealt{&next}, {.steps = steps, .batch = 6}, train::Constant{0.1},
        [&](std::int64_t step) { return Meta::Options{.noise = 0, .signal = step < late ? 0 : signal}; }, rate,
        core::Random(4), [](auto, const auto&) { return true; });
    return learner.parameters;
}
}  // namespace

/// Means are normalised over the whole batch, forth and back: how it is split among shards is no part of the objective.
BOOST_AUTO_TEST_CASE(discovery_does_not_depend_on_the_number_of_shards) {
    for (const double signal : {0.0, 0.8}) {
        auto one = discovered_in_shards(1, signal), three = discovered_in_shards(3, signal);
        // What is normalised has no mean of its own: its bias goes where rounding takes it.
        for (const auto& each : {&one, &three})
            std::fill_n((*each)->inference.encoder.second.bias.values, signal > 0 ? Meta::code : 0, 0.0f);
        std::fill_n(one->proposals.mean.values, Meta::code, 0.0f);
        std::fill_n(three->proposals.mean.values, Meta::code, 0.0f);
        const auto a = core::flat<float>(*one), b = core::flat<float>(*three);
        double apart = 0;
        for (std::size_t i = 0; i < a.size(); ++i) apart = std::max(apart, std::abs(static_cast<double>(a[i] - b[i])));
        BOOST_TEST(apart < 2e-3, "signal " << signal << ": " << apart);
    }
}

/// The running moments follow those of the batches, and nothing else touches them.
BOOST_AUTO_TEST_CASE(running_moments_belong_to_the_parameters) {
    const auto start = begin<Meta>(1);
    const auto plain = discovered_in_shards(2, 0);
    for (int i = 0; i < Meta::code; ++i) {
        BOOST_TEST(start.parameters->proposals.variance.values[i] == 1);
        BOOST_TEST(plain->proposals.variance.values[i] == 1);  // no decay, no step of the optimiser
    }
    // One update: the moments of its batch under the parameters before it.
    const auto after = discovered_in_shards(2, 0.8, 1);
    int next = 0;
    train::EpisodesOf<TinyModel, float> batch;
    Dealt{&next}(6, core::Random(), batch);
    train::DiscoveryTape<Meta, float> tape;
    train::propose_pass<Meta, float>(*base, *start.parameters, batch, {.signal = 0.8}, tape);
    const auto moments = Meta::moments(tape.meta);
    for (int i = 0; i < Meta::code; ++i) {
        BOOST_TEST(after->proposals.mean.values[i] == moments.mean.values[i], boost::test_tools::tolerance(1e-4));
        BOOST_TEST(after->proposals.variance.values[i] == moments.variance(i), boost::test_tools::tolerance(1e-4));
    }
}

/// A signal that comes late begins with the moments of its first batch, not with a share of them.
BOOST_AUTO_TEST_CASE(running_moments_count_the_batches_that_they_are_of) {
    const auto before = discovered_in_shards(2, 0.8, 3, 3), after = discovered_in_shards(2, 0.8, 4, 3);
    BOOST_TEST(before->proposals.batches.values[0] == 0);
    BOOST_TEST(after->proposals.batches.values[0] == 1);
    int next = 3 * 6;
    train::EpisodesOf<TinyModel, float> batch;
    Dealt{&next}(6, core::Random(), batch);
    train::DiscoveryTape<Meta, float> tape;
    train::propose_pass<Meta, float>(*base, *before, batch, {.signal = 0.8}, tape);
    const auto moments = Meta::moments(tape.meta);
    for (int i = 0; i < Meta::code; ++i) {
        BOOST_TEST(after->proposals.mean.values[i] == moments.mean.values[i], boost::test_tools::tolerance(1e-3));
        BOOST_TEST(after->proposals.variance.values[i] == moments.variance(i), boost::test_tools::tolerance(1e-3));
    }
}
