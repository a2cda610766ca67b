#include "midstream/control/segment_model.hpp"

#include "midstream/rl/acting.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

constexpr control::SegmentShape shape{.read = 1,
                                      .write = 2,
                                      .code = 3,
                                      .segments = 3,
                                      .hidden = 6,
                                      .decoder_hidden = 5,
                                      .switch_hidden = 6,
                                      .history = 4};
using Model = control::SegmentModel<TinyModel, shape, control::LowRank<2>>;
static_assert(rl::Steering<Model>);
static_assert(std::is_same_v<model::LowerBlocks<TinyModel::Stack, 2>, model::Repeat<TinyModel::Stack::Block, 2>>);

template <class Meta>
struct Pass {
    core::Box<TinyModel::Parameters<double>> base = test::random_model<TinyModel, double>(core::Random(1));
    core::Box<typename Meta::template Parameters<double>> parameters =
        test::random_model<Meta, double>(core::Random(2), 0.3);
    train::EpisodesOf<TinyModel, double> episodes = test::random_episodes<TinyModel, double>(core::Random(3));
    typename Meta::Options options{.boundaries = {.temperature = 0.5, .length = 3}, .boundary_weight = 0.4};
    train::DiscoveryTape<Meta, double> tape;

    void run() { train::steered_pass<Meta, double>(*base, *parameters, episodes, core::Random(4), options, tape); }
};

/// The whole objective, at fixed noise of boundaries and of codes: through the frozen upper blocks, the bank, the
/// hypernetwork, the codes' shares, the boundaries, the units that read segments, and the encoder. The termination
/// policy has a loss of its own, of which nothing reaches the rest.
template <class Meta>
void check() {
    Pass<Meta> pass;
    core::Box<typename Meta::template Parameters<double>> gradient;
    train::discovery_loss<Meta, double>(*pass.base, *pass.parameters, pass.episodes, 0.7, 0.1, core::Random(4),
                                        pass.options, pass.tape, *gradient);
    const auto losses = [&] {
        const auto sums = train::discovery_loss<Meta, double>(*pass.base, *pass.parameters, pass.episodes, 0.7, 0.1,
                                                              core::Random(4), pass.options, pass.tape, core::Frozen{});
        const auto& meta = pass.tape.meta;
        return std::pair(0.1 * (sums.action + 0.7 * sums.divergence + 0.4 * meta.segments.boundary_divergence),
                         0.1 * meta.termination);
    };
    core::visit(*pass.parameters, [&](std::string_view name, auto& leaf) {
        const auto first = static_cast<std::size_t>(leaf.values - core::flat<double>(*pass.parameters).data());
        const bool foresees = name.starts_with("termination");
        test::check_gradient(
            std::string(name), leaf.values, core::flat<double>(*gradient).subspan(first, std::size(leaf.values)),
            [&] { return foresees ? losses().second : losses().first; }, 40, 1e-5, 2e-6);
    });
}

BOOST_AUTO_TEST_CASE(the_papers_baseline) { check<Model>(); }
BOOST_AUTO_TEST_CASE(full_linear_controllers_and_an_encoder_of_its_own) {
    using Block = layer::PreNormBlock<layer::Gru<6, 6>, layer::Mlp<6, 8>>;
    check<control::SegmentModel<TinyModel, shape, control::FullLinear, model::Repeat<Block, 1>>>();
}

BOOST_AUTO_TEST_CASE(one_code_holds_from_each_likeliest_boundary_to_the_next) {
    Pass<Model> pass;
    pass.options.training = false;
    pass.run();
    const auto codes = Model::codes(pass.tape.meta);
    const auto gates = Model::gates(pass.tape.meta);
    const auto divergences = Model::divergences(pass.tape.meta);
    const auto sequences = pass.episodes.sequences();
    int begun = 0, held = 0;
    for (int s = 0; s < sequences.count(); ++s)
        for (int row = sequences.first(s); row < sequences.first(s + 1); ++row) {
            const bool first = row == sequences.first(s);
            BOOST_TEST((gates.data[row] == 0 || gates.data[row] == 1));
            BOOST_TEST((divergences.data[row] > 0) == (gates.data[row] == 1));
            if (first) BOOST_TEST(gates.data[row] == 1);
            begun += gates.data[row] == 1;
            if (first || gates.data[row] == 1) continue;
            ++held;
            BOOST_TEST((core::map_row(codes, row) == core::map_row(codes, row - 1)));
        }
    BOOST_TEST(begun > sequences.count());
    BOOST_TEST(held > 0);
    const auto before = pass.tape.meta.codes;
    pass.run();
    BOOST_TEST(before.values == pass.tape.meta.codes.values, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_the_future_holds_reaches_the_codes_and_not_the_termination_policy) {
    Pass<Model> pass;
    pass.run();
    const auto codes = pass.tape.meta.codes;
    const auto logits = pass.tape.meta.ending.logits;
    const auto same_codes = [&](int row) {
        return pass.tape.meta.codes.view().row(row)[0] == codes.view().row(row)[0];
    };
    auto& last = pass.episodes.observations[3 * 5 - 1];  // of the first episode, of five steps
    last = static_cast<std::int16_t>(last == 6 ? 7 : 6);
    pass.run();
    BOOST_TEST(!same_codes(0));
    BOOST_TEST(pass.tape.meta.ending.logits.values[0] == logits.values[0]);
    for (int row = 5; row < pass.episodes.rows(); ++row) BOOST_TEST(same_codes(row));  // other episodes
}

/// Acting step by step with the codes of a pass over whole sequences repeats its logits and steered residual stream.
BOOST_AUTO_TEST_CASE(acting_equals_the_pass_over_whole_sequences) {
    Pass<Model> pass;
    pass.run();
    const auto& meta = pass.tape.meta;
    const auto sequences = pass.episodes.sequences();
    Model::Scratch<double> scratch;
    for (int s = 0; s < sequences.count(); ++s) {
        Model::State<double> state;
        Model::reset(state);
        const auto state_of = [&](int) -> auto& { return state; };
        for (int row = sequences.first(s); row < sequences.first(s + 1); ++row) {
            double logit;
            Model::step_switch(*pass.parameters, state_of, pass.tape.e_read.view().slice(row, 1), {&logit, 1}, scratch);
            BOOST_TEST(logit == meta.ending.logits.view().data[row], boost::test_tools::tolerance(1e-9));
            BOOST_TEST(Model::opens({}, logit, state) == (row == sequences.first(s) || logit >= 0));
            Model::set_code(*pass.parameters, meta.codes.view().row(row), state, scratch);
            Eigen::Matrix<double, 1, 8> e = core::map_row(pass.tape.e_write.view(), row);
            Model::steer(state_of, core::Rows<double, 8>{e.data(), 1});
            for (int i = 0; i < 8; ++i)
                BOOST_TEST(e[i] == pass.tape.base.residual[2].view().row(row)[i], boost::test_tools::tolerance(1e-9));
        }
    }
}

/// As in a last stage of training, which leaves segments and their codes as they are.
BOOST_AUTO_TEST_CASE(the_likeliest_boundaries_are_constants) {
    Pass<Model> pass;
    pass.options.training = false;
    core::Box<Model::Parameters<double>> gradient;
    const auto loss = [&](auto&& to) {
        const auto sums = train::discovery_loss<Model, double>(*pass.base, *pass.parameters, pass.episodes, 0.7, 0.1,
                                                               core::Random(4), pass.options, pass.tape, to);
        return 0.1 * (sums.action + 0.7 * sums.divergence);
    };
    loss(*gradient);
    for (const double entry : core::flat<double>(gradient->segments.boundary)) BOOST_TEST(entry == 0);
    const auto check = [&](const char* name, auto& part, const auto& part_gradient) {
        test::check_gradient(
            name, core::flat<double>(part), core::flat<double>(part_gradient), [&] { return loss(core::Frozen{}); }, 40,
            1e-7, 2e-6);
    };
    check("bank", pass.parameters->decoder.bank, gradient->decoder.bank);
    check("encoder", pass.parameters->segments.encoder, gradient->segments.encoder);
}
