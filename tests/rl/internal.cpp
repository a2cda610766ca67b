// Internal RL's environment, played live and recomputed afterwards from what was seen, done and decided.
#include "midstream/rl/internal.hpp"

#include "midstream/rl/collect.hpp"
#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

template <int Read, int Write, class Switching = control::SoftSwitch, class Form = control::LowRank<2>>
using Meta = control::Metacontroller<TinyModel, test::tiny_meta(Read, Write), Form, Switching>;
using World = test::Logged<env::Batched<test::Drift>>;

/// Notes the code in force and the number of decisions of every instance before every step.
struct Notes {
    struct Step {
        std::array<float, 3> code;
        int decisions;
    };
    std::vector<std::vector<Step>> steps;

    template <class I>
    void operator()(const I& internal, std::span<const int> running) {
        for (const int i : running) {
            if (static_cast<int>(steps.size()) <= i) steps.resize(static_cast<std::size_t>(i) + 1);
            Step step{{}, internal.decisions()[static_cast<std::size_t>(i)]};
            std::copy_n(internal.code(i), 3, step.code.begin());
            steps[static_cast<std::size_t>(i)].push_back(step);
        }
    }
};

/// Parameters in which codes and histories matter to the switch, whose output has this bias.
template <class M>
core::Box<typename M::template Parameters<float>> decided_meta(float bias) {
    auto parameters = test::random_model<M, float>(core::Random(2), 0.5);
    core::map(parameters->switching.past.weight).template bottomRows<M::history>() *= 4;
    core::map(parameters->switching.code) *= 2;
    core::map(parameters->switching.output.weight) *= 3;
    parameters->switching.output.bias.values[0] = bias;
    return parameters;
}

/// Plays `count` episodes with random codes, and keeps what there is to check.
template <class M>
struct Played {
    static constexpr int count = 60;
    core::Box<TinyModel::Parameters<float>> base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    core::Box<typename M::template Parameters<float>> meta;
    rl::Internal<World, M, Notes> internal;
    core::Random random{6};
    std::vector<std::vector<std::array<float, 8>>> asked{count};  ///< what was observed at each decision
    std::vector<std::vector<std::array<float, 3>>> given{count};  ///< and what was said

    explicit Played(rl::ActingOptions<M> options = {}, float bias = 0)
        : meta(decided_meta<M>(bias)), internal(World(env::Batched(test::Drift{})), {*base, *meta, options}) {
        internal.reset(count, random);
        BOOST_TEST(internal.awaiting().size() == static_cast<std::size_t>(count));  // everybody is asked at the start
        core::Buffer<float, 8> observations;
        core::Buffer<float, 3> codes;
        core::Random noise(7);
        while (!internal.awaiting().empty()) {
            const auto awaiting = internal.awaiting();
            internal.observe(observations.resize(static_cast<int>(awaiting.size())));
            codes.resize(static_cast<int>(awaiting.size()));
            for (std::size_t i = 0; i < awaiting.size(); ++i) {
                const auto instance = static_cast<std::size_t>(awaiting[i]);
                float* code = codes.view().row(static_cast<int>(i));
                for (int c = 0; c < 3; ++c) code[c] = noise.normal<float>();
                const float* e = observations.view().row(static_cast<int>(i));
                std::copy_n(e, 8, asked[instance].emplace_back().begin());
                std::copy_n(code, 3, given[instance].emplace_back().begin());
            }
            internal.act(codes.view());
        }
    }
    double decisions_per_step() const {
        double decisions = 0, steps = 0;
        for (int i = 0; i < count; ++i)
            decisions += internal.decisions()[static_cast<std::size_t>(i)], steps += this->steps(i);
        return decisions / steps;
    }
    int steps(int i) const { return internal.lengths()[static_cast<std::size_t>(i)]; }
    /// Was the policy asked just before step t?
    bool opened(int i, int t) {
        const auto& steps = internal.watcher().steps[static_cast<std::size_t>(i)];
        const auto at = static_cast<std::size_t>(t);
        return steps[at].decisions > (t > 0 ? steps[at - 1].decisions : 0);
    }
};

/// An episode of a play, recomputed as whole sequences: the unsteered first pass, the switch's logits, the steered
/// second pass with the codes that were in force.
template <class M>
struct Replayed {
    train::EpisodesOf<TinyModel, float> episode;
    core::Buffer<float, M::width> e_read, e_write;
    TinyModel::Tape<float> base;
    std::vector<float> logits, logits_of_later_history, logits_of_reset_history;

    Replayed(Played<M>& played, int instance) {
        const auto& history = played.internal.environment().history(instance);
        const int rows = played.steps(instance);
        episode.offsets = {0, rows};
        episode.observations = history.observations;
        episode.actions = history.actions;
        const auto sequences = episode.sequences();
        TinyModel::embed(*played.base, episode.observation_rows(), base);
        TinyModel::blocks(*played.base, sequences, 0, std::max(M::read, M::write), base);
        core::map(e_read.resize(rows)) = core::map(base.residual[M::read].view());
        core::map(e_write.resize(rows)) = core::map(base.residual[M::write].view());

        core::Buffer<float, 3> codes;
        codes.resize(rows);
        for (int t = 0; t < rows; ++t)
            std::copy_n(played.internal.watcher()
                            .steps[static_cast<std::size_t>(instance)][static_cast<std::size_t>(t)]
                            .code.begin(),
                        3, codes.view().row(t));

        core::Buffer<float, M::history> histories;
        typename M::History::template Tape<float> tape;
        M::History::forward(played.meta->inference.history, sequences, e_read.view(), histories.resize(rows), tape);
        const auto logit = [&](int t, const float* past_history) {
            Eigen::Matrix<float, 1, M::past> past;
            past.template head<M::width>() = core::map_row(e_read.view(), t);
            if (past_history)
                past.template tail<M::history>() = Eigen::Map<const Eigen::Matrix<float, 1, M::history>>(past_history);
            else
                past.template tail<M::history>().setZero();
            Eigen::Matrix<float, 1, M::Unit::hidden_width> hidden =
                past * core::map(played.meta->switching.past.weight) + core::map(played.meta->switching.past.bias);
            if (t > 0) hidden += core::map_row(codes.view(), t - 1) * core::map(played.meta->switching.code);
            return hidden.cwiseMax(0.0f).dot(core::map(played.meta->switching.output.weight).col(0)) +
                   played.meta->switching.output.bias.values[0];
        };
        // The history that begins anew at every decision, for comparison.
        std::vector<std::array<float, M::history>> reset_histories;
        core::Buffer<float, M::history> part;
        int begin = 0;
        for (int t = 0; t < rows; ++t) {
            if (t > 0 && played.opened(instance, t)) begin = t;
            const std::vector<int> offsets{0, t + 1 - begin};
            M::History::forward(played.meta->inference.history, {offsets}, e_read.view().slice(begin, t + 1 - begin),
                                part.resize(t + 1 - begin), tape);
            std::copy_n(part.view().row(t - begin), M::history, reset_histories.emplace_back().begin());
        }
        for (int t = 0; t < rows; ++t) {
            logits.push_back(logit(t, t > 0 ? histories.view().row(t - 1) : nullptr));
            logits_of_later_history.push_back(logit(t, histories.view().row(t)));
            logits_of_reset_history.push_back(
                logit(t, t > 0 ? reset_histories[static_cast<std::size_t>(t) - 1].data() : nullptr));
        }

        core::Buffer<float, M::Decoder::components> coefficients;
        typename M::Decoder::Bank::template Tape<float> bank;
        M::Decoder::template decode<float>(played.meta->decoder, codes.view(), coefficients.resize(rows));
        M::Decoder::Bank::template forward<float>(played.meta->decoder.bank, e_write.view(), coefficients.view(),
                                                  base.residual[M::write].view(), bank);
        TinyModel::blocks(*played.base, sequences, M::write, TinyModel::depth, base);
        TinyModel::heads(*played.base, base);
    }
};

bool reaches(float logit, double at) {
    const auto threshold = static_cast<float>(at);
    return 1 / (1 + std::exp(-logit)) >= threshold;
}

template <class M>
void check_replay(rl::ActingOptions<M> options = {}) {
    const double threshold = options.switching.threshold;
    // Of several switches the one that opens nearest to half of the time.
    float bias = 0;
    double nearest = 1;
    for (float tried = -10; tried <= 10; tried += 0.5f) {
        const double distance = std::abs(Played<M>(options, tried).decisions_per_step() - 0.5);
        if (distance < nearest) nearest = distance, bias = tried;
    }
    Played<M> played(options, bias);
    int later = 0, reset = 0, unsteered = 0;
    for (int i = 0; i < Played<M>::count; ++i) {
        Replayed<M> replay(played, i);
        const int rows = played.steps(i);
        // What was sampled from the model, drawn once more from the recomputed distributions.
        core::Random stream = played.random.fork(static_cast<std::uint64_t>(i) + 1);
        TinyModel::Tape<float> plain;
        TinyModel::forward(*played.base, replay.episode.sequences(), replay.episode.observation_rows(), plain);
        std::size_t decision = 0;
        for (int t = 0; t < rows; ++t) {
            std::int16_t action, without;
            core::Random same = stream;
            TinyModel::Distribution::sample(replay.base.action.view().row(t), stream, &action, options.temperature);
            TinyModel::Distribution::sample(plain.action.view().row(t), same, &without, options.temperature);
            BOOST_TEST(action == replay.episode.actions[static_cast<std::size_t>(t)],
                       "episode " << i << ", step " << t);
            unsteered += without != action;

            const bool opened = played.opened(i, t);
            BOOST_TEST(opened == (t == 0 || reaches(replay.logits[static_cast<std::size_t>(t)], threshold)),
                       "episode " << i << ", step " << t);
            if (t > 0) {
                later += opened != reaches(replay.logits_of_later_history[static_cast<std::size_t>(t)], threshold);
                reset += opened != reaches(replay.logits_of_reset_history[static_cast<std::size_t>(t)], threshold);
            }
            if (opened) {
                // The policy sees the unsteered stream at its decisions, and its word is in force from there on.
                for (int c = 0; c < 8; ++c)
                    BOOST_TEST(
                        std::abs(played.asked[static_cast<std::size_t>(i)][decision][static_cast<std::size_t>(c)] -
                                 replay.e_read.view().row(t)[c]) < 1e-4f);
                ++decision;
            }
            BOOST_TEST(
                (played.internal.watcher().steps[static_cast<std::size_t>(i)][static_cast<std::size_t>(t)].code ==
                 played.given[static_cast<std::size_t>(i)][decision - 1]));
        }
        BOOST_TEST(static_cast<int>(decision) == played.internal.decisions()[static_cast<std::size_t>(i)]);
        BOOST_TEST(decision == played.given[static_cast<std::size_t>(i)].size());
    }
    // The play was one in which every mistake would have shown.
    BOOST_TEST(nearest < 0.2);
    BOOST_TEST(later > 5);
    BOOST_TEST(reset > 5);
    BOOST_TEST(unsteered > 5);
}

BOOST_AUTO_TEST_CASE(reads_below_where_it_writes) { check_replay<Meta<1, 2>>(); }
BOOST_AUTO_TEST_CASE(reads_where_it_writes) { check_replay<Meta<2, 2>>(); }
BOOST_AUTO_TEST_CASE(reads_above_where_it_writes) { check_replay<Meta<3, 1>>(); }
BOOST_AUTO_TEST_CASE(writes_to_the_embedding_and_to_the_last_layer) {
    check_replay<Meta<0, 0>>();
    check_replay<Meta<1, 3>>();
}
BOOST_AUTO_TEST_CASE(full_linear_controllers) { check_replay<Meta<1, 1, control::SoftSwitch, control::FullLinear>>(); }
BOOST_AUTO_TEST_CASE(another_threshold_and_temperature) {
    check_replay<Meta<1, 2>>({.switching = {.threshold = 0.7}, .temperature = 0.5f});
}

/// The policy run at every step, or at none, is one of the known mistakes: count who is asked.
BOOST_AUTO_TEST_CASE(the_policy_is_asked_at_the_start_and_at_switches_alone) {
    for (const float bias : {-100.0f, 100.0f}) {
        Played<Meta<1, 2>> played;
        const auto meta = decided_meta<Meta<1, 2>>(bias);
        rl::Internal<World, Meta<1, 2>> internal(World(env::Batched(test::Drift{})), {*played.base, *meta});
        internal.reset(20, core::Random(3));
        core::Buffer<float, 3> codes;
        std::vector<int> asked(20, 0);
        int calls = 0;
        while (!internal.awaiting().empty()) {
            for (const int i : internal.awaiting()) ++asked[static_cast<std::size_t>(i)];
            internal.act(codes.zeros(static_cast<int>(internal.awaiting().size())));
            ++calls;
        }
        if (bias < 0) BOOST_TEST(calls == 1);  // one call plays all episodes to their ends
        for (int i = 0; i < 20; ++i) {
            const auto at = static_cast<std::size_t>(i);
            BOOST_TEST(asked[at] == (bias < 0 ? 1 : internal.lengths()[at]));
            BOOST_TEST(internal.decisions()[at] == asked[at]);
            BOOST_TEST(internal.lengths()[at] >= 4);
        }
    }
}

BOOST_AUTO_TEST_CASE(switches_that_are_not_learned) {
    Played<Meta<1, 2, control::AlwaysSwitch>> always;
    for (int i = 0; i < always.count; ++i)
        for (int t = 0; t < always.steps(i); ++t) BOOST_TEST(always.opened(i, t));
    for (const int period : {1, 3, 5}) {
        Played<Meta<1, 2, control::FixedPeriod>> fixed({.switching = {.period = period}});
        for (int i = 0; i < fixed.count; ++i)
            for (int t = 0; t < fixed.steps(i); ++t) BOOST_TEST(fixed.opened(i, t) == (t % period == 0));
    }
}

BOOST_AUTO_TEST_CASE(hard_switches_act_by_their_own_threshold) {
    check_replay<Meta<1, 2, control::HardSwitch>>({.switching = {.threshold = 0.2}});
}

/// Does at most so many gates in a row, and remembers how many there were.
struct Sprints {
    int most = 2;
    static constexpr bool learned = true;
    struct State {
        int run = 0;
    };
    template <class T>
    control::Gate<T> gate(T, int step, core::Random& random, State& state) const {
        return {acting(0, step, random, state) ? T(1) : T(0), T(0)};
    }
    bool acting(float, int, core::Random&, State& state) const {
        state.run = state.run < most ? state.run + 1 : 0;
        return state.run > 0;
    }
};

/// The share of open gates in training, first steps aside, of a switch that is not asked what it makes of logits.
template <class Switching>
double trained_share(const Switching& switching) {
    using M = Meta<1, 2, Switching>;
    const auto base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    const auto meta = decided_meta<M>(0);
    double open = 0, steps = 0;
    train::DiscoveryTape<M, float> tape;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto episodes = test::random_episodes<TinyModel, float>(core::Random(seed));
        train::steered_pass<M, float>(*base, *meta, episodes, core::Random(seed), {.switching = switching}, tape);
        for (const float gate : tape.meta.switching.gates.view().flat()) open += gate > 0.5f;
        open -= episodes.count();
        steps += episodes.rows() - episodes.count();
    }
    return open / steps;
}
template <class Switching>
double acting_share(const Switching& switching) {
    double open = 0, steps = 0;
    Played<Meta<1, 2, Switching>> played({.switching = switching});
    for (int i = 0; i < played.count; ++i)
        for (int t = 1; t < played.steps(i); ++t) open += played.opened(i, t), ++steps;
    return open / steps;
}

BOOST_AUTO_TEST_CASE(switches_act_as_they_were_trained) {
    for (const double probability : {0.25, 0.6}) {
        BOOST_TEST(std::abs(trained_share(control::RandomHold{probability}) - probability) < 0.04);
        BOOST_TEST(std::abs(acting_share(control::RandomHold{probability}) - probability) < 0.08);
    }
    // A memory of its own for every sequence and every instance: the gates of a sprint, from its second step on.
    Played<Meta<1, 2, Sprints>> sprints;
    for (int i = 0; i < sprints.count; ++i)
        for (int t = 1; t < sprints.steps(i); ++t) BOOST_TEST(sprints.opened(i, t) == (t % 3 != 0));
    using M = Meta<1, 2, Sprints>;
    const auto episodes = test::random_episodes<TinyModel, float>(core::Random(3));
    train::DiscoveryTape<M, float> tape;
    train::steered_pass<M, float>(*sprints.base, *sprints.meta, episodes, core::Random(4), {}, tape);
    for (int s = 0; s < episodes.count(); ++s)
        for (int t = 0; t < episodes.sequences().length(s); ++t)
            BOOST_TEST(tape.meta.switching.gates.view().data[episodes.sequences().first(s) + t] ==
                       (t == 0 || t % 3 != 0 ? 1.0f : 0.0f));
}

BOOST_AUTO_TEST_CASE(switches_a_least_distance_apart) {
    const control::LeastDistance<control::RandomHold> spaced{.inner = {0.7}, .distance = 3};
    Played<Meta<1, 2, control::LeastDistance<control::RandomHold>>> played({.switching = spaced});
    int gates = 0;
    for (int i = 0; i < played.count; ++i)
        for (int t = 1, last = 0; t < played.steps(i); ++t)
            if (played.opened(i, t)) {
                BOOST_TEST(t - last >= 3);
                last = t;
                ++gates;
            }
    BOOST_TEST(gates > 20);
    BOOST_TEST(std::abs(trained_share(spaced) - acting_share(spaced)) < 0.06);
}

BOOST_AUTO_TEST_CASE(impossible_options_are_refused) {
    using M = Meta<1, 2, control::FixedPeriod>;
    BOOST_CHECK_THROW(Played<M>({.switching = {.period = 0}}), core::Error);
    BOOST_CHECK_THROW(Played<M>({.temperature = -1}), core::Error);
    BOOST_CHECK_THROW((Played<Meta<1, 2>>({.switching = {.threshold = 1.5}})), core::Error);
}

BOOST_AUTO_TEST_CASE(a_second_play_is_not_touched_by_the_first) {
    Played<Meta<3, 1>> once, twice;
    // `twice` has played other episodes; then the same as `once`.
    const auto play = [](auto& internal, int count) {
        core::Buffer<float, 3> codes;
        internal.reset(count, core::Random(9));
        while (!internal.awaiting().empty()) internal.act(codes.zeros(static_cast<int>(internal.awaiting().size())));
        std::vector<std::int16_t> actions;
        for (int i = 0; i < count; ++i) {
            const auto& history = internal.environment().history(i);
            actions.insert(actions.end(), history.actions.begin(), history.actions.end());
        }
        return actions;
    };
    rl::Internal<World, Meta<3, 1>> fresh(World(env::Batched(test::Drift{})), {*once.base, *once.meta});
    BOOST_TEST(play(fresh, 10) == play(twice.internal, 10), boost::test_tools::per_element());
}

// An internal environment is an environment, to which everything applies: collecting, and steering its policy in turn.
using Inner = rl::Internal<World, Meta<1, 2>>;
using Pilot = test::PolicyFor<Inner>;
using Upper = control::Metacontroller<Pilot, test::tiny_upper, control::LowRank<2>>;
using Outer = rl::Internal<Inner, Upper>;
static_assert(env::BatchEnvironment<Inner> && env::BatchEnvironment<Outer>);

BOOST_AUTO_TEST_CASE(policies_are_collected_by_decisions) {
    Played<Meta<1, 2>> played;
    const auto pilot = test::random_model<Pilot, float>(core::Random(4), 0.3);
    rl::Collector<Inner, Pilot> collector(Inner(World(env::Batched(test::Drift{})), {*played.base, *played.meta}));
    collector.collect(*pilot, 20, core::Random(5));
    const auto& episodes = collector.episodes();
    int steps = 0;
    for (int i = 0; i < 20; ++i) {
        BOOST_TEST(episodes.sequences().length(i) == collector.environment().decisions()[static_cast<std::size_t>(i)]);
        steps += collector.lengths()[static_cast<std::size_t>(i)];
    }
    BOOST_TEST(episodes.rows() < steps);
    Pilot::Tape<float> tape;
    Pilot::forward(*pilot, episodes.sequences(), episodes.observation_rows(), tape);
    for (int row = 0; row < episodes.rows(); ++row)
        BOOST_TEST(std::abs(Pilot::Distribution::log_probability(tape.action.view().row(row),
                                                                 episodes.action_rows().row(row)) -
                            collector.log_probabilities()[static_cast<std::size_t>(row)]) < 1e-3f);
}

BOOST_AUTO_TEST_CASE(hierarchies_nest) {
    Played<Meta<1, 2>> played;
    const auto pilot = test::random_model<Pilot, float>(core::Random(4), 0.3);
    auto upper = test::random_model<Upper, float>(core::Random(5), 0.5);
    Outer outer(Inner(World(env::Batched(test::Drift{})), {*played.base, *played.meta}), {*pilot, *upper});
    core::Buffer<float, 2> codes;
    outer.reset(20, core::Random(6));
    while (!outer.awaiting().empty()) outer.act(codes.zeros(static_cast<int>(outer.awaiting().size())));
    int outer_decisions = 0, inner_decisions = 0, steps = 0;
    for (std::size_t i = 0; i < 20; ++i) {
        BOOST_TEST(outer.decisions()[i] >= 1);
        outer_decisions += outer.decisions()[i];
        inner_decisions += outer.environment().decisions()[i];
        steps += outer.lengths()[i];
    }
    BOOST_TEST(outer_decisions <= inner_decisions);
    BOOST_TEST(inner_decisions < steps);
}

BOOST_AUTO_TEST_CASE(groups_begin_alike_and_are_acted_in_by_streams_of_their_own) {
    using Groups = test::Logged<env::Batched<test::Drift, env::StreamPerGroup>>;
    using Grouped = rl::Internal<Groups, Meta<1, 2>>;
    Played<Meta<1, 2>> played;
    const auto pilot = test::random_model<Pilot, float>(core::Random(4), 0.3);
    const env::Batched<test::Drift, env::StreamPerGroup> batch(test::Drift{}, {.group = 5});
    const rl::Steered<Meta<1, 2>> steered{*played.base, *played.meta};
    rl::Internal<env::Batched<test::Drift, env::StreamPerGroup>, Meta<1, 2>> internal(batch, steered);
    BOOST_TEST(env::group_of(internal) == 5);  // the batch within says
    rl::Collector<Grouped, Pilot> collector(Grouped(Groups(batch), steered));
    collector.collect(*pilot, 20, core::Random(5));
    const auto& episodes = collector.episodes();
    int codes_differ = 0, moves_differ = 0;
    for (int i = 0; i < 20; ++i) {
        const int leader = i / 5 * 5;
        const auto& here = collector.environment().environment().history(i);
        const auto& there = collector.environment().environment().history(leader);
        BOOST_TEST(std::equal(here.observations.begin(), here.observations.begin() + 3, there.observations.begin()));
        const float* code = episodes.action_rows().row(episodes.offsets[static_cast<std::size_t>(i)]);
        const float* other = episodes.action_rows().row(episodes.offsets[static_cast<std::size_t>(leader)]);
        codes_differ += i != leader && code[0] != other[0];
        moves_differ += here.actions != there.actions;
    }
    BOOST_TEST(codes_differ == 16);
    BOOST_TEST(moves_differ > 8);
}
