#include "midstream/analysis/inferred.hpp"

#include "analysis/doors.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::DoorsMeta;

BOOST_AUTO_TEST_CASE(codes_gates_and_losses_that_are_known) {
    env::EpisodesOf<test::Doors<>> episodes;
    env::record(test::Doors<>{}, test::DoorsExpert{}, 20, core::Random(1), episodes);
    const auto base = test::doors_model();
    const auto meta = test::doors_meta(test::CodesMean::colours);
    const auto inferred = analysis::infer(core::Serial{}, rl::Steered<DoorsMeta>(*base, *meta), episodes,
                                          core::Random(2), {.noise = 0}, {.batch = 3});
    BOOST_REQUIRE(inferred.codes.count == 60);
    float mean[6] = {1, 0, 0, 0, 0, 0};
    const float divergence = DoorsMeta::Proposal::Distribution::divergence_from_standard(mean);
    for (int row = 0; row < 60; ++row) {
        for (int i = 0; i < 3; ++i)
            BOOST_TEST(inferred.codes.view().row(row)[i] == (episodes.subgoals[row] == i ? 1.0f : 0.0f));
        BOOST_TEST(inferred.gates.view().data[row] == 1);
        BOOST_TEST(inferred.divergences.view().data[row] == divergence, boost::test_tools::tolerance(1e-6f));
        BOOST_TEST(std::abs(inferred.action_nll.view().data[row]) < 1e-4f);  // steered as the expert goes
    }
    BOOST_TEST(inferred.sums.steps == 60);
    BOOST_TEST(inferred.sums.episodes == 20);
    BOOST_TEST(inferred.sums.gates == 60);
    BOOST_TEST(std::abs(inferred.sums.divergence - 60 * divergence) < 1e-3);

    core::Box<DoorsMeta::Parameters<float>> idle;  // steers nowhere: the model stays, the expert goes
    idle->inference.encoder.second.bias.values[0] = 1;
    const auto unsteered =
        analysis::infer(core::Serial{}, rl::Steered<DoorsMeta>(*base, *idle), episodes, core::Random(2), {});
    BOOST_TEST(unsteered.sums.action / unsteered.sums.steps == 20, boost::test_tools::tolerance(1e-4));
    BOOST_CHECK_THROW(
        analysis::infer(core::Serial{}, rl::Steered<DoorsMeta>(*base, *meta), episodes, core::Random(2), {.noise = -1}),
        core::Error);
}

BOOST_AUTO_TEST_CASE(the_rows_of_the_training_pass) {
    constexpr auto shape = test::tiny_meta(1, 2);
    using Meta = control::Metacontroller<test::TinyModel, shape, control::LowRank<2>>;
    const auto base = test::random_model<test::TinyModel, float>(core::Random(1));
    const auto meta = test::random_model<Meta, float>(core::Random(2), 0.3);
    const auto episodes = test::random_episodes<test::TinyModel, float>(core::Random(3));
    const auto inferred =
        analysis::infer(core::Serial{}, rl::Steered<Meta>(*base, *meta), episodes, core::Random(4), {});

    train::DiscoveryTape<Meta, float> tape;
    const auto sums = train::discovery_loss<Meta, float>(*base, *meta, episodes, 1, 1, core::Random(4).fork(0), {},
                                                         tape, core::Frozen{});
    const auto same = [](const auto& a, const auto& b) { return core::map(a.view()) == core::map(b.view()); };
    BOOST_TEST(same(inferred.codes, tape.meta.switching.codes));
    BOOST_TEST(same(inferred.gates, tape.meta.switching.gates));
    BOOST_TEST(same(inferred.divergences, tape.meta.proposals.divergences));
    BOOST_TEST(std::abs(inferred.sums.action - sums.action) < 1e-4);
    BOOST_TEST(std::abs(inferred.sums.divergence - sums.divergence) < 1e-4);
    BOOST_TEST(std::abs(inferred.sums.gates - sums.gates) < 1e-4);

    // Batches lie where their episodes do, and the number of workers changes nothing.
    const auto means =
        analysis::infer(core::Serial{}, rl::Steered<Meta>(*base, *meta), episodes, core::Random(4), {.noise = 0});
    const auto split = analysis::infer(core::Serial{}, rl::Steered<Meta>(*base, *meta), episodes, core::Random(5),
                                       {.noise = 0}, {.batch = 1, .shards = 2});
    BOOST_TEST((core::map(means.codes.view()) - core::map(split.codes.view())).cwiseAbs().maxCoeff() < 1e-5f);
    BOOST_TEST((core::map(means.action_nll.view()) - core::map(split.action_nll.view())).cwiseAbs().maxCoeff() < 1e-4f);
#ifdef _OPENMP
    const auto threads = analysis::infer(core::OpenMP{2}, rl::Steered<Meta>(*base, *meta), episodes, core::Random(5),
                                         {.noise = 0}, {.batch = 1, .shards = 3});
    BOOST_TEST(same(threads.codes, split.codes));
    BOOST_TEST(same(threads.action_nll, split.action_nll));
#endif
}

/// With a signal, too: by the parameters' running moments, not by whatever episodes happen to lie beside one.
BOOST_AUTO_TEST_CASE(codes_do_not_depend_on_their_neighbours) {
    using Meta =
        control::Metacontroller<test::TinyModel, control::MetacontrollerShape{.read = 1, .write = 2, .code = 3},
                                control::LowRank<2>>;
    const auto base = test::random_model<test::TinyModel, float>(core::Random(1));
    auto meta = test::random_model<Meta, float>(core::Random(2), 0.3);
    for (int i = 0; i < 3; ++i) {
        meta->proposals.mean.values[i] = 0.1f * static_cast<float>(i);
        meta->proposals.variance.values[i] = 0.5f + static_cast<float>(i);
    }
    const auto episodes = test::random_episodes<test::TinyModel, float>(core::Random(3));
    const typename Meta::Options pass{.noise = 0, .signal = 0.8};
    const auto all = analysis::infer(core::Serial{}, rl::Steered<Meta>(*base, *meta), episodes, core::Random(4), pass);
    for (int episode = 0; episode < episodes.count(); ++episode) {
        train::EpisodesOf<test::TinyModel, float> one;
        train::append_episode(episodes, episode, one);
        const auto alone = analysis::infer(core::Serial{}, rl::Steered<Meta>(*base, *meta), one, core::Random(4), pass);
        const auto beside = all.codes.view().slice(episodes.offsets[static_cast<std::size_t>(episode)], one.rows());
        BOOST_TEST((core::map(alone.codes.view()) - core::map(beside)).cwiseAbs().maxCoeff() < 1e-5f);
    }
    BOOST_TEST(core::map(all.codes.view()).cwiseAbs().maxCoeff() > 0.1f);
}
