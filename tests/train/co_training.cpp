#include "midstream/train/co_training.hpp"

#include "io/files.hpp"
#include "midstream/control/segment_model.hpp"
#include "midstream/core/openmp.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/train/adamw.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

template <int Read, int Write>
using Meta = control::Metacontroller<TinyModel, test::tiny_meta(Read, Write), control::LowRank<2>>;
using Segments = control::SegmentModel<
    TinyModel, control::SegmentShape{.read = 1, .write = 2, .code = 3, .segments = 2, .hidden = 5, .decoder_hidden = 4},
    control::LowRank<2>>;

/// The gradients of both sets of parameters, through both passes of the model.
template <class M>
void check(typename M::Options options = {}) {
    auto base = test::random_model<TinyModel, double>(core::Random(1));
    auto parameters = test::random_model<M, double>(core::Random(2), 0.3);
    const auto episodes = test::random_episodes<TinyModel, double>(core::Random(3));
    train::DiscoveryTape<M, double> tape;
    core::Box<typename M::template Parameters<double>> gradient, alone;
    core::Box<TinyModel::Parameters<double>> base_gradient;
    train::discovery_loss<M, double>(*base, *parameters, episodes, 0.7, 0.1, core::Random(4), options, tape, *gradient,
                                     *base_gradient);
    const auto loss = [&] {
        const auto sums = train::discovery_loss<M, double>(*base, *parameters, episodes, 0.7, 0.1, core::Random(4),
                                                           options, tape, core::Frozen{});
        double boundaries = 0;
        if constexpr (requires { tape.meta.segments; })
            boundaries = options.boundary_weight * tape.meta.segments.boundary_divergence;
        return 0.1 * (sums.action + 0.7 * sums.divergence + boundaries);
    };
    core::visit(*base, [&](std::string_view name, auto& leaf) {
        if (name.starts_with("target_head")) return;  // nothing here is predicted of observations
        const auto first = static_cast<std::size_t>(leaf.values - core::flat<double>(*base).data());
        test::check_gradient(std::string(name), leaf.values,
                             core::flat<double>(*base_gradient).subspan(first, std::size(leaf.values)), loss, 20, 1e-5,
                             2e-6);
    });
    // That of the metacontroller is the same whether the model is frozen or not.
    train::discovery_loss<M, double>(*base, *parameters, episodes, 0.7, 0.1, core::Random(4), options, tape, *alone);
    BOOST_TEST(std::ranges::equal(core::flat<double>(*gradient), core::flat<double>(*alone)));
}

BOOST_AUTO_TEST_CASE(gradients_where_the_layer_read_is_below_the_one_written) { check<Meta<1, 2>>(); }
BOOST_AUTO_TEST_CASE(gradients_where_they_are_one) { check<Meta<2, 2>>(); }
BOOST_AUTO_TEST_CASE(gradients_where_the_layer_read_is_above) { check<Meta<3, 1>>(); }
BOOST_AUTO_TEST_CASE(gradients_at_both_ends) { check<Meta<0, 3>>(); }
BOOST_AUTO_TEST_CASE(gradients_below_a_segment_model) {
    check<Segments>({.boundaries = {.temperature = 0.5, .length = 3}});
}

namespace {
using M = Meta<1, 2>;
using Both = train::CoTrained<M>;
using Learner = train::Learner<Both::Parameters<float>, train::AdamW>;

/// Actions are made of what is seen now and of what was seen a step before.
const auto source = [](int count, core::Random random, train::EpisodesOf<TinyModel, float>& episodes) {
    for (int i = 0; i < count; ++i) {
        const std::vector<int> offsets{0, 6};
        auto one = test::random_episodes<TinyModel, float>(random.fork(static_cast<std::uint64_t>(i)), offsets);
        for (int t = 0; t < 6; ++t)
            one.actions[static_cast<std::size_t>(t)] =
                static_cast<std::int16_t>(2 * (one.observations[static_cast<std::size_t>(3 * t)] == 1) +
                                          (t > 0 && one.observations[static_cast<std::size_t>(3 * t - 2)] == 4));
        train::append_episode(one, 0, episodes);
    }
};

template <class Policy>
double run(const Policy& policy, Learner& learner, std::int64_t steps) {
    double loss = 0;
    train::co_train<M>(
        policy, learner, source, {.steps = steps, .batch = 16}, train::Constant{0.1},
        [](std::int64_t) { return M::Options{}; }, train::Constant{1e-2}, core::Random(4),
        [&](std::int64_t, const train::LossSums& sums) { return loss = sums.action / sums.steps, true; });
    return loss;
}
Learner fresh() {
    Learner learner{.shards = 2};
    Both::initialise(*learner.parameters, core::Random(1));
    return learner;
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_random_model_learns_with_its_metacontroller) {
    auto learner = fresh();
    const auto start = *learner.parameters;
    const double before = run(core::Serial{}, learner, 1), after = run(core::Serial{}, learner, 400);
    BOOST_TEST_MESSAGE("action loss " << before << " nats, then " << after);
    BOOST_TEST(before > 1.2);
    BOOST_TEST(after < 0.25);
    const auto moved = [](const auto& a, const auto& b) {
        return !std::ranges::equal(core::flat<float>(a), core::flat<float>(b));
    };
    BOOST_TEST(moved(start.base.embedding, learner.parameters->base.embedding));
    for (std::size_t block = 0; block < 3; ++block)
        BOOST_TEST(moved(start.base.stack.blocks[block], learner.parameters->base.stack.blocks[block]));
    BOOST_TEST(moved(start.meta.decoder, learner.parameters->meta.decoder));
}

BOOST_AUTO_TEST_CASE(two_threads_and_a_resumed_run_have_the_same_bits) {
    auto whole = fresh(), threaded = fresh(), first = fresh(), resumed = fresh();
    run(core::Serial{}, whole, 6);
    run(core::OpenMP{2}, threaded, 6);
    run(core::Serial{}, first, 3);
    const test::TemporaryFolder folder;
    const auto path = folder / "run.safetensors";
    io::save(path, "co-training", [&](auto&& member) { member("learner", first); });
    io::load(path, "co-training", [&](auto&& member) { member("learner", resumed); });
    run(core::Serial{}, resumed, 6);
    for (const Learner* other : {&threaded, &resumed})
        BOOST_TEST(std::ranges::equal(core::flat<float>(std::as_const(*whole.parameters)),
                                      core::flat<float>(std::as_const(*other->parameters))));
}

BOOST_AUTO_TEST_CASE(parts_that_nobody_initialised_are_refused) {
    auto learner = fresh();
    learner.parameters->base = {};
    BOOST_CHECK_THROW(run(core::Serial{}, learner, 1), core::Error);
    learner = fresh();
    learner.parameters->meta = {};
    BOOST_CHECK_THROW(run(core::Serial{}, learner, 1), core::Error);
}
