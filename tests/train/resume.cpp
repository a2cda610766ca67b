// A run that is saved, loaded into new objects and continued ends with the bits of an unbroken one.
#include <cstring>

#include "io/files.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/rl/clipped_policy_gradient.hpp"
#include "midstream/train/muon.hpp"
#include "midstream/train/stages.hpp"
#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

constexpr auto small = test::tiny_meta(1, 2);
using Meta = control::Metacontroller<TinyModel, small, control::LowRank<2>>;
using World = env::Batched<test::Drift>;
using Policy = test::PolicyFor<World>;

template <class P, class O>
std::vector<char> bytes_of(train::Learner<P, O>& learner) {
    std::vector<char> bytes;
    const auto append = [&](const auto& values) {
        const auto* begin = reinterpret_cast<const char*>(std::data(values));
        bytes.insert(bytes.end(), begin, begin + std::size(values) * sizeof(*std::data(values)));
    };
    append(core::flat<float>(*learner.parameters));
    core::visit(learner.state, [&](std::string_view, auto& leaf) { append(std::span(leaf.values)); });
    append(std::span(&learner.state.steps, 1));
    return bytes;
}

/// `run(learner, from, to)` continues a run that stands after `from` of its rounds.
template <class Trained, class O, class Run>
void check_resume(const O& optimiser, Run&& run) {
    using Learner = train::Learner<typename Trained::template Parameters<float>, O>;
    const auto begin = [&](std::uint64_t seed) {
        Learner learner{.optimiser = optimiser, .shards = 2};
        Trained::initialise(*learner.parameters, core::Random(seed));
        return learner;
    };
    const test::TemporaryFolder folder;
    const auto file = folder / "run.safetensors";
    Learner straight = begin(1);
    run(straight, 0, 6);
    {
        Learner half = begin(1);
        run(half, 0, 3);
        BOOST_TEST((bytes_of(half) != bytes_of(straight)));
        io::save(file, "a run", [&](auto&& member) { member("learner", half); });
    }
    Learner resumed = begin(2);  // of which nothing must be left
    io::load(file, "a run", [&](auto&& member) { member("learner", resumed); });
    run(resumed, 3, 6);
    BOOST_TEST((bytes_of(resumed) == bytes_of(straight)));
}

const auto dataset = test::random_episodes<TinyModel, float>(core::Random(3), {0, 5, 6, 13, 16, 25});
const auto base = test::random_model<TinyModel, float>(core::Random(1));
constexpr auto silent = [](std::int64_t, const train::LossSums&) { return true; };

template <class O>
void check_pretraining(const O& optimiser) {
    check_resume<TinyModel>(optimiser, [](auto& learner, int, int to) {
        train::pretrain<TinyModel>(core::Serial{}, learner, train::sampler(dataset),
                                   {.steps = to, .batch = 6, .lambda = 0.1}, train::Ramp{0.02, 0.01, 0, 6},
                                   core::Random(4), silent);
    });
}
BOOST_AUTO_TEST_CASE(pretraining_with_adamw) { check_pretraining(train::AdamW{}); }
BOOST_AUTO_TEST_CASE(pretraining_with_muon) { check_pretraining(train::Muon<>{}); }

template <class O>
void check_discovery(const O& optimiser) {
    check_resume<Meta>(optimiser, [](auto& learner, int, int to) {
        train::discover<Meta>(
            core::Serial{}, *base, learner, train::sampler(dataset), {.steps = to, .batch = 6},
            train::Ramp{0, 0.1, 0, 6}, [](std::int64_t) { return typename Meta::Options{}; }, train::Constant{0.01},
            core::Random(4), silent);
    });
}
BOOST_AUTO_TEST_CASE(discovery_with_adamw) { check_discovery(train::AdamW{}); }
BOOST_AUTO_TEST_CASE(discovery_with_muon) { check_discovery(train::Muon<>{}); }

template <class O>
void check_reinforcement(const O& optimiser) {
    check_resume<Policy>(optimiser, [](auto& learner, int from, int to) {
        rl::ClippedPolicyGradient<World, Policy, std::remove_reference_t<decltype(learner)>> policy_gradient(
            World({}), learner, {.batch = 12, .epochs = 2, .minibatches = 2});
        for (int update = from; update < to; ++update) policy_gradient.update(core::Serial{}, 0.01, core::Random(5));
    });
}
BOOST_AUTO_TEST_CASE(reinforcement_with_adamw) { check_reinforcement(train::AdamW{.weight_decay = 0}); }
BOOST_AUTO_TEST_CASE(reinforcement_with_muon) { check_reinforcement(train::Muon<>{}); }
