// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
// clang-format on

#include <cstring>
#include <limits>

#include "io/files.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/rl/ppo.hpp"
#include "midstream/train/adamw.hpp"
#include "rl/toys.hpp"
#include "support/gradient_check.hpp"
#include "support/misbehaving.hpp"
#ifdef _OPENMP
#include "midstream/core/openmp.hpp"
#endif

using namespace midstream;

namespace {

/// A point of the plane that is to stay near the origin, from anywhere within +-1. Who leaves +-2 is out; after 25
/// steps time is up.
struct Stay {
    static constexpr int horizon = 25;
    using Observation = data::Dense<3>;
    using Action = data::Continuous<2>;
    float at[2] = {0, 0};
    int steps = 0;
    bool out = false;
    void reset(core::Random random) {
        for (float& x : at) x = 2 * random.uniform<float>() - 1;
        steps = 0;
        out = false;
    }
    void observe(float* row) const {
        row[0] = 50 * at[0] + 300;  // normalisation will see to it
        row[1] = 0.01f * at[1];
        row[2] = 7;
    }
    env::Transition step(const float* action) {
        ++steps;
        for (int i = 0; i < 2; ++i) at[i] += 0.3f * std::clamp(action[i], -1.0f, 1.0f);
        out = std::abs(at[0]) > 2 || std::abs(at[1]) > 2;
        return {-std::hypot(at[0], at[1]) - (out ? 10.0f : 0.0f), out || steps == horizon};
    }
    bool truncated() const { return steps == horizon && !out; }
    bool completed() const { return std::hypot(at[0], at[1]) < 0.3f; }
};
static_assert(env::Environment<Stay> && env::HasTimeLimit<Stay>);

/// A line of cells, of which the right end pays and the left end ends it.
struct Line {
    static constexpr int cells = 6, horizon = 30;
    using Observation = data::Dense<cells>;
    using Action = data::Categories<2>;
    int cell = 0, steps = 0;
    void reset(core::Random random) {
        cell = 1 + random.below(cells - 2);
        steps = 0;
    }
    void observe(float* row) const {
        for (int i = 0; i < cells; ++i) row[i] = i == cell ? 1.0f : 0.0f;
    }
    env::Transition step(const std::int16_t* action) {
        ++steps;
        cell += *action == 1 ? 1 : -1;
        if (cell == cells - 1) return {1, true};
        return {0, cell == 0 || steps == horizon};
    }
};
static_assert(env::Environment<Line> && !env::HasTimeLimit<Line>);

/// Pays 1 at every step; each is the last of its episode, by `Truncated` or for good.
template <bool Truncated>
struct Moment {
    static constexpr int horizon = 1;
    using Observation = data::Dense<1>;
    using Action = data::Continuous<1>;
    void reset(core::Random) {}
    void observe(float* row) const { *row = 1; }
    env::Transition step(const float*) { return {1, true}; }
    bool truncated() const { return Truncated; }
};

constexpr rl::ActorCriticShape small{.width = 16, .layers = 2};
template <class E>
using AgentOf = rl::ActorCritic<typename E::Observation, typename E::Action, small>;
template <class E>
using TraineeOf = rl::PpoTrainee<AgentOf<E>, train::AdamW>;

template <class E>
TraineeOf<E> trainee_of(std::uint64_t seed = 1, int shards = 2) {
    TraineeOf<E> trainee{.learner = {.optimiser = {.weight_decay = 0}, .shards = shards}};
    AgentOf<E>::initialise(*trainee.learner.parameters, core::Random(seed));
    return trainee;
}

/// Random decisions whose density was, when they were made, that of now divided by one of `ratios`.
template <class Space>
struct Decisions {
    using Agent = rl::ActorCritic<data::Dense<3>, Space, rl::ActorCriticShape{.width = 6, .layers = 2}>;
    static constexpr int count = 12;
    std::vector<double> observations, old, advantages, returns, ratios;
    std::vector<typename Space::template Element<double>> actions;
    core::Box<typename Agent::template Parameters<double>> parameters, gradient;
    typename Agent::template Tape<double> tape;
    rl::PpoOptions options{.clip = 0.2f, .value_weight = 0.7f, .entropy_weight = 0.3f};

    explicit Decisions(std::vector<double> wanted) : ratios(std::move(wanted)) {
        core::Random random(2);
        Agent::initialise(*parameters, core::Random(1));
        for (double& value : core::flat<double>(*parameters)) value += 0.3 * random.normal();
        for (int row = 0; row < count; ++row) {
            for (int i = 0; i < 3; ++i) observations.push_back(random.normal());
            for (int i = 0; i < Space::width; ++i) {
                if constexpr (std::is_integral_v<typename Space::template Element<double>>)
                    actions.push_back(static_cast<std::int16_t>(random.below(3)));
                else
                    actions.push_back(random.normal());
            }
            advantages.push_back(random.normal());
            returns.push_back(random.normal());
        }
        Agent::forward(*parameters, {observations.data(), count}, tape);
        for (int row = 0; row < count; ++row) old.push_back(log_p(row) - std::log(ratio(row)));
    }
    double ratio(int row) const { return ratios[static_cast<std::size_t>(row) % ratios.size()]; }
    double log_p(int row) {
        return Agent::Distribution::log_probability(tape.actor.distribution.view().row(row),
                                                    actions.data() + row * Space::width);
    }
    template <class Gradient>
    rl::PpoSums run(Gradient&& to, double weight) {
        return rl::ppo_loss<Agent, double>(
            *parameters, {{observations.data(), count}, {actions.data(), count}, old, advantages, returns}, options,
            weight, tape, to);
    }
    double loss(double weight) {
        const auto sums = run(core::Frozen{}, weight);
        return weight * (-sums.surrogate + static_cast<double>(options.value_weight) * sums.squared_error / 2 -
                         static_cast<double>(options.entropy_weight) * sums.entropy);
    }
};

template <class Space>
void check_loss(const std::vector<double>& ratios) {
    Decisions<Space> d(ratios);
    const auto sums = d.run(*d.gradient, 0.4);
    double surrogate = 0, clipped = 0, error = 0;
    for (int row = 0; row < d.count; ++row) {
        const auto i = static_cast<std::size_t>(row);
        const double r = d.ratio(row), a = d.advantages[i];
        surrogate += std::min(r * a, std::clamp(r, 0.8, 1.2) * a);
        clipped += std::clamp(r, 0.8, 1.2) * a < r * a;
        error += std::pow(*d.tape.value.view().row(row) - d.returns[i], 2);
    }
    BOOST_TEST(sums.surrogate == surrogate, boost::test_tools::tolerance(1e-6));  // the clip is a float
    BOOST_TEST(sums.clipped == clipped);
    BOOST_TEST(sums.squared_error == error, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(sums.decisions == d.count);
    BOOST_TEST(sums.divergence >= 0);
    test::check_gradient("loss", core::flat<double>(*d.parameters), core::flat<double>(*d.gradient),
                         [&] { return d.loss(0.4); });
}

/// Parameters, moments of the optimiser and of observations, and counters.
template <class Trainee>
std::vector<char> bytes_of(Trainee& trainee) {
    std::vector<char> bytes;
    const auto append = [&](const auto& values) {
        const auto* begin = reinterpret_cast<const char*>(std::data(values));
        bytes.insert(bytes.end(), begin, begin + std::size(values) * sizeof(*std::data(values)));
    };
    append(core::flat<float>(*trainee.learner.parameters));
    core::visit(trainee.learner.state, [&](std::string_view, auto& leaf) { append(std::span(leaf.values)); });
    append(std::span(&trainee.learner.state.steps, 1));
    append(std::span(&trainee.moments.count, 1));
    append(std::span(trainee.moments.mean.values));
    append(std::span(trainee.moments.square.values));
    append(std::span(&trainee.updates, 1));
    return bytes;
}

constexpr rl::PpoOptions few{.instances = 7, .steps = 9, .epochs = 2, .minibatches = 3, .era = 4};

template <class E, class Trainee, class Parallel>
rl::PpoReport go_on(Trainee& trainee, std::uint64_t updates, const Parallel& parallel, const rl::PpoOptions& options,
                    double rate = 0.01) {
    rl::Ppo<E, Trainee> ppo(E{}, trainee, options);
    rl::PpoReport report;
    while (trainee.updates < updates) report = ppo.update(parallel, rate, core::Random(3));
    return report;
}
}  // namespace

BOOST_AUTO_TEST_CASE(gradient_inside_the_clip_range) {
    check_loss<data::Continuous<2>>({1.0, 0.9, 1.1});
    check_loss<data::Categories<3>>({1.0, 0.9, 1.1});
}
BOOST_AUTO_TEST_CASE(gradient_inside_and_outside_the_clip_range) {
    check_loss<data::Continuous<2>>({1.0, 0.5, 1.7, 0.9, 1.1});
    check_loss<data::Categories<3>>({1.0, 0.5, 1.7, 0.9, 1.1});
}

BOOST_AUTO_TEST_CASE(variances_are_learned_and_the_same_everywhere) {
    Decisions<data::Continuous<2>> d({1.0});
    d.run(*d.gradient, 1);
    for (const double g : d.gradient->actor.spread.values) BOOST_TEST(g != 0);
    for (int row = 1; row < d.count; ++row)
        for (int i = 2; i < 4; ++i)
            BOOST_TEST(d.tape.actor.distribution.view().row(row)[i] == d.tape.actor.distribution.view().row(0)[i]);
}

BOOST_AUTO_TEST_CASE(learns_to_stay) {
    auto trainee = trainee_of<Stay>();
    const rl::PpoOptions options{
        .instances = 16, .steps = 32, .epochs = 4, .minibatches = 4, .advantages = {.discount = 0.9}};
    const auto before = go_on<Stay>(trainee, 2, core::Serial{}, options, 3e-3);
    trainee = trainee_of<Stay>();
    const auto after = go_on<Stay>(trainee, 60, core::Serial{}, options, 3e-3);
    BOOST_TEST(before.reward < -0.6);
    BOOST_TEST(after.reward > -0.3);
    BOOST_TEST(after.success > 0.9);
    BOOST_TEST(after.truncated > 0.9);
    BOOST_TEST(after.length > 23);
    BOOST_TEST(after.explained > 0.2);
    BOOST_TEST_MESSAGE("reward " << before.reward << " -> " << after.reward << ", explained " << after.explained);
}

BOOST_AUTO_TEST_CASE(learns_which_way_to_walk) {
    auto trainee = trainee_of<Line>();
    const rl::PpoOptions options{.instances = 16, .steps = 16, .epochs = 4, .minibatches = 2};
    const auto before = go_on<Line>(trainee, 1, core::Serial{}, options, 1e-2);
    auto again = trainee_of<Line>();
    const auto after = go_on<Line>(again, 40, core::Serial{}, options, 1e-2);
    BOOST_TEST(before.success < 0.8);
    BOOST_TEST(after.success > 0.98);
    BOOST_TEST(after.truncated == 0);
}

/// What the critic comes to think of a moment.
template <bool Truncated>
double worth() {
    using World = Moment<Truncated>;
    auto trainee = trainee_of<World>();
    go_on<World>(
        trainee, 150, core::Serial{},
        {.instances = 4, .steps = 8, .epochs = 4, .minibatches = 1, .advantages = {.discount = 0.5}, .value_weight = 1},
        3e-3);
    typename AgentOf<World>::template Tape<float> tape;
    float seen = 1;
    rl::Normaliser<1>::of(trainee.moments)(&seen, &seen);
    AgentOf<World>::criticise(*trainee.learner.parameters, {&seen, 1}, tape);
    return *tape.value.view().row(0);
}
BOOST_AUTO_TEST_CASE(who_runs_out_of_time_has_a_future_and_who_ends_has_none) {
    BOOST_TEST(worth<true>() == 2, boost::test_tools::tolerance(0.02));  // 1 / (1 - discount)
    BOOST_TEST(worth<false>() == 1, boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(the_report_counts) {
    auto trainee = trainee_of<Stay>();
    const auto report = go_on<Stay>(trainee, 3, core::Serial{}, few);
    BOOST_TEST(report.sums.decisions == 7 * 9);  // once per pass
    BOOST_TEST(report.epochs == 2);
    BOOST_TEST(trainee.learner.steps() == 3 * 2 * 3);
    BOOST_TEST(trainee.moments.count == 3 * 7 * 9);
    // 27 steps of an era: all that ended ran out of time or left.
    BOOST_TEST(report.episodes > 0);
    BOOST_TEST(report.length <= 25);
}

BOOST_AUTO_TEST_CASE(passes_end_where_the_policy_is_too_far_from_the_old_one) {
    auto trainee = trainee_of<Stay>();
    auto options = few;
    options.epochs = 10;
    options.divergence_limit = 1e-3;
    const auto report = go_on<Stay>(trainee, 1, core::Serial{}, options, 0.1);
    BOOST_TEST(report.epochs < 10);
    BOOST_TEST(report.sums.divergence > 1e-3 * report.sums.decisions);
}

BOOST_AUTO_TEST_CASE(the_same_bits_in_any_order_and_on_any_number_of_threads) {
    const auto after = [](const auto& parallel) {
        auto trainee = trainee_of<Stay>(1, 3);
        go_on<Stay>(trainee, 6, parallel, few);
        return bytes_of(trainee);
    };
    const auto expected = after(core::Serial{});
    BOOST_TEST((after(core::Serial{}) == expected));
    BOOST_TEST((after(test::Backwards{}) == expected));
#ifdef _OPENMP
    for (const int threads : {1, 2, 3}) BOOST_TEST((after(core::OpenMP{threads}) == expected));
#endif
}

BOOST_AUTO_TEST_CASE(a_run_resumed_between_eras_ends_with_the_bits_of_an_unbroken_one) {
    const test::TemporaryFolder folder;
    const auto file = folder / "run.safetensors";
    auto straight = trainee_of<Stay>();
    go_on<Stay>(straight, 12, core::Serial{}, few);
    {
        auto half = trainee_of<Stay>();
        go_on<Stay>(half, 8, core::Serial{}, few);
        io::save(file, "a run", [&](auto&& member) { member("trainee", half); });
        BOOST_TEST((bytes_of(half) != bytes_of(straight)));
    }
    auto resumed = trainee_of<Stay>(2);  // of which nothing must be left
    io::load(file, "a run", [&](auto&& member) { member("trainee", resumed); });
    go_on<Stay>(resumed, 12, core::Serial{}, few);
    BOOST_TEST((bytes_of(resumed) == bytes_of(straight)));
}

BOOST_AUTO_TEST_CASE(a_run_is_not_resumed_amid_an_era) {
    auto trainee = trainee_of<Stay>();
    go_on<Stay>(trainee, 3, core::Serial{}, few);
    BOOST_TEST(test::error_of([&] { go_on<Stay>(trainee, 4, core::Serial{}, few); }) ==
               "a run of PPO goes on where an era of 4 updates begins, not after update 3");
}

BOOST_AUTO_TEST_CASE(no_allocation_once_warm) {
    auto trainee = trainee_of<Stay>();
    rl::Ppo<Stay, TraineeOf<Stay>> ppo(Stay{}, trainee, few);
    const auto update = [&] { ppo.update(core::Serial{}, 0.01, core::Random(5)); };
    BOOST_TEST(test::allocations(update) > 0);  // the counter counts
    for (int i = 0; i < 12; ++i) BOOST_TEST(test::allocations(update) == 0);
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
    auto trainee = trainee_of<Stay>(1, 4);
    const auto make = [&](rl::PpoOptions options) { rl::Ppo<Stay, TraineeOf<Stay>>(Stay{}, trainee, options); };
    test::check_error("instances is 3, valid is 4", [&] { make({.instances = 3}); });
    test::check_error("steps is 0", [&] { make({.steps = 0}); });
    test::check_error("epochs is 0", [&] { make({.epochs = 0}); });
    test::check_error("minibatches is 9, valid is 1 to 8",
                      [&] { make({.instances = 4, .steps = 8, .minibatches = 9}); });
    test::check_error("clip is", [&] { make({.clip = -0.1f}); });
    test::check_error("era is 0", [&] { make({.era = 0}); });
    test::check_error("steps is 1048576, valid for 4096 instances is 1 to 262143",
                      [&] { make({.instances = 4096, .steps = 1 << 20}); });
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const float wrong : {nan, -1.0f}) {
        test::check_error("value_weight is", [&] { make({.value_weight = wrong}); });
        test::check_error("entropy_weight is", [&] { make({.entropy_weight = wrong}); });
        test::check_error("divergence_limit is", [&] { make({.divergence_limit = wrong}); });
        test::check_error("observation_limit is", [&] { make({.observation_limit = wrong}); });
    }
    trainee.learner.shards = 0;
    test::check_error("shards is 0", [&] { make({}); });
}

BOOST_AUTO_TEST_CASE(environments_that_break_their_word_are_named) {
    const auto run = [](test::Fault fault) {
        auto trainee = trainee_of<test::MisbehavingPoint>();
        rl::Ppo<test::MisbehavingPoint, decltype(trainee)> ppo({{fault}}, trainee,
                                                               {.instances = 4, .steps = 8, .minibatches = 2});
        ppo.update(core::Serial{}, 1e-3, core::Random(2));
    };
    using test::Fault;
    run(Fault::none);
    test::check_error("step 5 of the environment, whose horizon is 5", [&] { run(Fault::one_step_too_long); });
    test::check_error("step 5 of the environment, whose horizon is 5", [&] { run(Fault::never_ends); });
    test::check_error("the reward of the environment's step 2 is not finite", [&] { run(Fault::reward_not_a_number); });
    test::check_error("entry 1 of the observation of instance 0 after step 2 of its episode is not finite",
                      [&] { run(Fault::observation_not_a_number); });
}

BOOST_AUTO_TEST_CASE(learners_that_cannot_learn_are_refused) {
    auto trainee = trainee_of<Stay>();
    const auto initialised = trainee.learner.parameters;
    trainee.learner.parameters = {};
    rl::Ppo<Stay, decltype(trainee)> ppo({}, trainee, {.instances = 4, .steps = 8, .minibatches = 2});
    const auto update = [&] { ppo.update(core::Serial{}, 1e-3, core::Random(2)); };
    test::check_error("the parameters of the agent are all zero", update);
    trainee.learner.parameters = initialised;
    update();
    trainee.learner.shards = 3;
    test::check_error("the number of shards of a learner does not change", update);
}
