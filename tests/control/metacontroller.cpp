#include "midstream/control/metacontroller.hpp"

#include "midstream/control/stream_events.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

constexpr auto shape = test::tiny_meta(1, 2);
constexpr auto read_above = test::tiny_meta(2, 1);
using Future = control::FutureHawk<8>;
using Paper = control::Metacontroller<TinyModel, shape, control::LowRank<2>>;

/// The second of a tiny observation's three ones; an event unless it is the first of its kind.
struct MiddleOne {
    using Observation = data::OneHots<3, 1>;
    static void observe(const auto& episodes, int row, std::int16_t* seen) {
        seen[0] = static_cast<std::int16_t>(episodes.observation_rows().row(row)[1] - 3);
    }
    template <class Element>
    static bool event(const Element* seen) {
        return seen[0] != 0;
    }
};
using MiddleObserver = control::Metacontroller<TinyModel, shape, control::LowRank<2>, control::SoftSwitch,
                                               control::EveryStep, control::FutureGru<8>, MiddleOne>;

/// Two kinds of events in layer 1 of the residual stream, each about every other step.
using StreamObserver =
    control::Metacontroller<TinyModel, shape, control::LowRank<2>, control::SoftSwitch, control::EveryStep,
                            control::FutureGru<8>, control::StreamEvents<8, 1, 2>>;
StreamObserver::Options stream_options() {
    StreamObserver::Options options;
    options.observer.filter.values[0] = 1;
    options.observer.filter.values[8 + 1] = 1;
    return options;
}

/// The whole objective: through the frozen upper blocks, the bank, the hypernetwork, the integrator and the switch over
/// time, the proposals with their noise held fixed, the history and the embedding of the future.
template <class Meta>
void check(typename Meta::Options options = {}) {
    const auto base = test::random_model<TinyModel, double>(core::Random(1));
    auto parameters = test::random_model<Meta, double>(core::Random(2), 0.3);
    const auto episodes = test::random_episodes<TinyModel, double>(core::Random(3));
    auto tape = std::make_unique<train::DiscoveryTape<Meta, double>>();
    core::Box<typename Meta::template Parameters<double>> gradient;
    train::discovery_loss<Meta, double>(*base, *parameters, episodes, 0.7, 0.1, core::Random(4), options, *tape,
                                        *gradient);
    const auto loss = [&] {
        const auto sums = train::discovery_loss<Meta, double>(*base, *parameters, episodes, 0.7, 0.1, core::Random(4),
                                                              options, *tape, core::Frozen{});
        double divergence = 0;
        for (int row = 0; row < episodes.rows(); ++row)
            divergence +=
                tape->meta.proposals.divergences.values[static_cast<std::size_t>(row)] *
                (options.divergence_weighted_by_gate ? tape->meta.switching.gates.values[static_cast<std::size_t>(row)]
                                                     : 1.0);
        return 0.1 * (sums.action + 0.7 * divergence);
    };
    core::visit(*parameters, [&](std::string_view name, auto& leaf) {
        // The leaf of the gradient that lies where this one lies.
        const auto offset = static_cast<std::size_t>(leaf.values - core::flat<double>(*parameters).data());
        if (std::string(name).starts_with("switch") && !decltype(options.switching)::learned) return;
        if constexpr (!core::is_trained<std::remove_cvref_t<decltype(leaf)>>) return;
        if (name == "encoder.second.bias" && options.signal > 0 && options.training) {
            // Proposals are brought to mean 0 and a given variance, so what the encoder's bias adds to all is taken
            // away.
            for (const double entry : core::flat<double>(*gradient).subspan(offset, std::size(leaf.values)))
                BOOST_TEST(std::abs(entry) < 1e-12);
            return;
        }
        test::check_gradient(std::string(name), leaf.values,
                             core::flat<double>(*gradient).subspan(offset, std::size(leaf.values)), loss, 40, 1e-5,
                             2e-6);
    });
}

BOOST_AUTO_TEST_CASE(the_papers_metacontroller) { check<Paper>(); }
BOOST_AUTO_TEST_CASE(the_first_gate_left_to_the_switch) { check<Paper>({.first_gate_open = false}); }
BOOST_AUTO_TEST_CASE(divergence_weighted_by_gate) { check<Paper>({.divergence_weighted_by_gate = true}); }
BOOST_AUTO_TEST_CASE(proposals_of_fixed_information) {
    check<Paper>({.divergence_weighted_by_gate = true, .signal = 0.8});
}
BOOST_AUTO_TEST_CASE(proposals_normalised_by_running_moments) { check<Paper>({.signal = 0.8, .training = false}); }
BOOST_AUTO_TEST_CASE(gates_a_least_distance_apart) {
    check<control::Metacontroller<TinyModel, shape, control::LowRank<2>, control::LeastDistance<control::SoftSwitch>>>(
        {.switching = {.distance = 2}});
}
BOOST_AUTO_TEST_CASE(full_linear_controllers) {
    check<control::Metacontroller<TinyModel, shape, control::FullLinear>>();
}
BOOST_AUTO_TEST_CASE(an_embedding_at_every_step) {
    check<control::Metacontroller<TinyModel, shape, control::LowRank<2>, control::SoftSwitch, control::EveryStep>>();
}
BOOST_AUTO_TEST_CASE(reads_above_where_it_writes) {
    check<control::Metacontroller<TinyModel, read_above, control::LowRank<2>>>();
}
BOOST_AUTO_TEST_CASE(an_observer_of_its_own) { check<MiddleObserver>(); }
BOOST_AUTO_TEST_CASE(an_observer_of_the_stream_ahead) { check<StreamObserver>(stream_options()); }
BOOST_AUTO_TEST_CASE(always_switching) {
    check<control::Metacontroller<TinyModel, shape, control::LowRank<2>, control::AlwaysSwitch>>();
}
BOOST_AUTO_TEST_CASE(fixed_period) {
    check<control::Metacontroller<TinyModel, shape, control::LowRank<2>, control::FixedPeriod>>(
        {.switching = {.period = 3}});
}

template <class Meta>
struct Pass {
    core::Box<TinyModel::Parameters<double>> base = test::random_model<TinyModel, double>(core::Random(1));
    core::Box<typename Meta::template Parameters<double>> parameters =
        test::random_model<Meta, double>(core::Random(2), 0.3);
    train::EpisodesOf<TinyModel, double> episodes = test::random_episodes<TinyModel, double>(core::Random(3));
    typename Meta::Options options{};
    train::DiscoveryTape<Meta, double> tape;

    void run() { train::steered_pass<Meta, double>(*base, *parameters, episodes, core::Random(4), options, tape); }
};

// One mistake found in re-implementations of the paper each.

BOOST_AUTO_TEST_CASE(the_controller_is_a_matrix_not_a_gain) {
    // A diagonal gain cannot move energy from one residual direction to another; U e must.
    using Bank = control::LowRank<2>::Bank<8, 1>;
    core::Random random(1);
    Bank::Parameters<double> parameters;
    Bank::initialise(parameters, random);
    Bank::Tape<double> tape;
    double e[8] = {1, 0, 0, 0, 0, 0, 0, 0}, steered[8];
    const double one[1] = {1};
    Bank::forward(parameters, {e, 1}, {one, 1}, {steered, 1}, tape);
    Eigen::Matrix<double, 1, 8> expected = Eigen::Map<Eigen::Matrix<double, 1, 8>>(e);
    expected += expected.eval() * core::map(parameters.down) * core::map(parameters.up);
    for (int i = 0; i < 8; ++i) BOOST_TEST(steered[i] == expected[i], boost::test_tools::tolerance(1e-12));
    BOOST_TEST(std::abs(steered[3]) > 1e-6);
}

BOOST_AUTO_TEST_CASE(the_switch_sees_the_past_and_the_code_in_force_alone) {
    // Recomputed by hand from e_t, h_{t-1} and z_{t-1}: a switch fed the proposal, h_t or the future-seeing s differs.
    Pass<Paper> pass;
    pass.run();
    auto& meta = pass.tape.meta;
    const auto sequences = pass.episodes.sequences();
    for (std::size_t i = 0; i < meta.switching.lockstep.rows.size(); ++i) {
        const int row = meta.switching.lockstep.rows[i];
        int s = 0;
        while (sequences.first(s + 1) <= row) ++s;
        const bool first = row == sequences.first(s);
        Eigen::Matrix<double, 1, Paper::past> input;
        input.head<8>() = core::map_row(pass.tape.e_read.view(), row);
        if (first)
            input.tail<4>().setZero();
        else
            input.tail<4>() = core::map_row(meta.inference.histories.view(), row - 1);
        Eigen::Matrix<double, 1, Paper::Unit::hidden_width> hidden =
            input * core::map(pass.parameters->switching.past.weight) + core::map(pass.parameters->switching.past.bias);
        if (!first)
            hidden += core::map_row(meta.switching.codes.view(), row - 1) * core::map(pass.parameters->switching.code);
        const double logit = hidden.cwiseMax(0.0).dot(core::map(pass.parameters->switching.output.weight).col(0)) +
                             pass.parameters->switching.output.bias.values[0];
        BOOST_TEST(meta.switching.step_logits.values[i] == logit, boost::test_tools::tolerance(1e-9));
        const double gate = first ? 1.0 : 1 / (1 + std::exp(-logit));
        BOOST_TEST(meta.switching.gates.values[static_cast<std::size_t>(row)] == gate,
                   boost::test_tools::tolerance(1e-9));
        for (int c = 0; c < 3; ++c) {
            const double before = first ? 0.0 : meta.switching.codes.view().row(row - 1)[c];
            const double expected = gate * meta.proposals.sampled.view().row(row)[c] + (1 - gate) * before;
            BOOST_TEST(std::abs(meta.switching.codes.view().row(row)[c] - expected) < 1e-12);
        }
    }
}

BOOST_AUTO_TEST_CASE(divergence_is_summed_over_real_steps_alone) {
    Pass<Paper> pass;
    pass.run();
    const auto whole = pass.tape.meta.proposals.divergences.values;
    BOOST_TEST(pass.tape.meta.proposals.divergences.count == pass.episodes.rows());
    // A batch of the same sequences one by one has the same divergences: no row depends on other sequences or padding.
    for (int s = 0; s < pass.episodes.count(); ++s) {
        const int first = pass.episodes.offsets[static_cast<std::size_t>(s)],
                  last = pass.episodes.offsets[static_cast<std::size_t>(s) + 1];
        Pass<Paper> single;
        auto& e = single.episodes;
        const auto cut = [&](auto& values, int width) {
            values.assign(values.begin() + first * width, values.begin() + last * width);
        };
        cut(e.observations, 3);
        cut(e.actions, 1);
        cut(e.targets, 2);
        cut(e.subgoals, 1);
        e.offsets = {0, last - first};
        single.run();
        for (int row = first; row < last; ++row)
            BOOST_TEST(single.tape.meta.proposals.divergences.values[static_cast<std::size_t>(row - first)] ==
                           whole[static_cast<std::size_t>(row)],
                       boost::test_tools::tolerance(1e-9));
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_observed_does_not_reach_the_proposals) {
    Pass<MiddleObserver> pass, other;
    pass.run();
    for (std::size_t i = 0; i < other.episodes.observations.size(); i += 3)
        other.episodes.observations[i] = static_cast<std::int16_t>((other.episodes.observations[i] + 1) % 3);
    other.run();
    BOOST_TEST(pass.tape.meta.proposals.encoded.values == other.tape.meta.proposals.encoded.values,
               boost::test_tools::per_element());
    BOOST_TEST(!(pass.tape.e_read.values == other.tape.e_read.values));
    auto& seen = other.episodes.observations[other.episodes.observations.size() - 2];
    seen = static_cast<std::int16_t>(seen == 4 ? 5 : 4);
    other.run();
    BOOST_TEST(!(pass.tape.meta.proposals.encoded.values == other.tape.meta.proposals.encoded.values));
}

BOOST_AUTO_TEST_CASE(an_observer_that_knows_no_events_is_refused) {
    BOOST_CHECK_THROW(StreamObserver::Options{}.validate(), core::Error);
    stream_options().validate();
}

/// What the last action leads to is seen of the ending alone, and by no row of another episode.
BOOST_AUTO_TEST_CASE(an_observer_of_the_stream_sees_one_step_ahead) {
    Pass<StreamObserver> pass, other;
    pass.options = other.options = stream_options();
    pass.run();
    const auto sequences = pass.episodes.sequences();
    std::vector<std::int16_t> expected(pass.tape.observed.size());
    for (int s = 0; s < sequences.count(); ++s)
        for (int row = sequences.first(s); row + 1 < sequences.first(s + 1); ++row) {
            pass.options.observer.observe(std::as_const(pass.tape.e_read).view(), row + 1, &expected[row]);
            BOOST_TEST(pass.tape.observed[row] == expected[row]);
        }
    int changed = 0;
    for (int entry = 0; entry < 3; ++entry) {  // of the first episode's ending
        for (int k = 0; k < 3; ++k) other.episodes.endings[k] = static_cast<std::int16_t>(3 * k + entry);
        other.run();
        changed += other.tape.observed[sequences.first(1) - 1] != pass.tape.observed[sequences.first(1) - 1];
        for (int row = 0; row < sequences.rows(); ++row)
            if (row != sequences.first(1) - 1) BOOST_TEST(other.tape.observed[row] == pass.tape.observed[row]);
    }
    BOOST_TEST(changed > 0);
}

/// Between two events nothing changes in view, and after the last there is nothing.
BOOST_AUTO_TEST_CASE(events_are_seen_in_their_order_but_not_when_they_happen) {
    Pass<MiddleObserver> pass;
    pass.run();
    const auto sequences = pass.episodes.sequences();
    const auto embedding = pass.tape.meta.inference.embedded.view();
    int waits = 0, after = 0;
    for (int s = 0; s < sequences.count(); ++s) {
        bool any = false;
        for (int row = sequences.first(s + 1) - 1; row >= sequences.first(s); --row) {
            const bool event = MiddleOne::event(&pass.tape.observed[static_cast<std::size_t>(row)]);
            if (!event && any) {
                ++waits;
                BOOST_TEST((core::map_row(embedding, row) == core::map_row(embedding, row + 1)));
            }
            if (!event && !any) {
                ++after;
                BOOST_TEST(core::map_row(embedding, row).norm() == 0);
            }
            any = any || event;
        }
    }
    BOOST_TEST(waits > 0);
    BOOST_TEST(after > 0);
}

BOOST_AUTO_TEST_CASE(gradient_passes_through_the_frozen_blocks) {
    Pass<Paper> pass;
    core::Box<Paper::Parameters<double>> gradient;
    train::discovery_loss<Paper, double>(*pass.base, *pass.parameters, pass.episodes, 0.0, 1.0, core::Random(4), {},
                                         pass.tape, *gradient);
    BOOST_TEST(core::map(gradient->decoder.bank.up).norm() > 1e-3);
    BOOST_TEST(core::map(gradient->inference.encoder.first.weight).norm() > 1e-6);
    BOOST_TEST(core::map(gradient->switching.past.weight).norm() > 1e-6);
}

BOOST_AUTO_TEST_CASE(rank_is_independent_of_the_code) {
    using Wide = control::Metacontroller<TinyModel, shape, control::LowRank<5>>;
    static_assert(Wide::code == 3);
    Wide::Decoder::Controller<double> controller;
    static_assert(decltype(controller.down)::columns == 5);
}

/// Acting step by step with the codes and gates of a pass over whole sequences repeats its histories, logits and
/// steered residual stream: histories are never reset at decisions, and h is in step with e and z.
BOOST_AUTO_TEST_CASE(acting_equals_the_pass_over_whole_sequences) {
    Pass<Paper> pass;
    pass.run();
    auto& meta = pass.tape.meta;
    const auto sequences = pass.episodes.sequences();
    std::vector<double> logits(static_cast<std::size_t>(sequences.rows()));
    for (std::size_t i = 0; i < logits.size(); ++i)
        logits[static_cast<std::size_t>(meta.switching.lockstep.rows[i])] = meta.switching.step_logits.values[i];
    Paper::Scratch<double> scratch;
    for (int s = 0; s < sequences.count(); ++s) {
        Paper::State<double> state;
        Paper::reset(state);
        const auto state_of = [&](int) -> auto& { return state; };
        for (int row = sequences.first(s); row < sequences.first(s + 1); ++row) {
            double logit;
            Paper::step_switch(*pass.parameters, state_of, pass.tape.e_read.view().slice(row, 1), {&logit, 1}, scratch);
            BOOST_TEST(logit == logits[static_cast<std::size_t>(row)], boost::test_tools::tolerance(1e-9));
            Paper::set_code(*pass.parameters, meta.switching.codes.view().row(row), state, scratch);
            Eigen::Matrix<double, 1, 8> e = core::map_row(pass.tape.e_write.view(), row);
            Paper::steer(state_of, core::Rows<double, 8>{e.data(), 1});
            for (int i = 0; i < 8; ++i)
                BOOST_TEST(e[i] == pass.tape.base.residual[2].view().row(row)[i], boost::test_tools::tolerance(1e-9));
        }
    }
}
