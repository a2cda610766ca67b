// Agents in files act as those that were saved, and files that are not theirs are refused.
#include "midstream/rl/agent_file.hpp"

#include <fstream>
#include <limits>

#include "io/files.hpp"
#include "midstream/analysis/inferred.hpp"
#include "midstream/rl/normaliser.hpp"
#include "rl/toys.hpp"
#include "support/tiny_meta.hpp"
#include "support/tiny_world.hpp"

using namespace midstream;
using test::TinyModel;

namespace {

constexpr auto shape = test::tiny_meta(1, 2);
template <class Switching = control::LeastDistance<control::HardSwitch>>
using Meta = control::Metacontroller<TinyModel, shape, control::LowRank<2>, Switching>;
using Policy = test::PolicyFor<rl::Internal<env::Batched<test::Drift>, Meta<>>>;
using View = rl::Normaliser<8>;
using Trained = rl::TrainedAgent<Meta<>, Policy, View>;

const std::vector<std::int16_t> episode{0, 3, 6, 1, 3, 6, 2, 4, 6, 2, 5, 7, 0, 4, 8, 1, 5, 6};

Trained trained() {
    Trained agent;
    agent.base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    agent.meta = test::random_model<Meta<>, float>(core::Random(2), 0.7);
    agent.policy = test::random_model<Policy, float>(core::Random(3), 0.3);
    agent.acting = {.switching = {.inner = {.threshold = 0.3}, .distance = 2}, .temperature = 0.7f, .gain = 1.5f};
    agent.policy_temperature = 0.5f;
    for (int i = 0; i < 8; ++i)
        agent.view.mean.values[i] = 0.1f * static_cast<float>(i), agent.view.scale.values[i] = 2;
    agent.view.limit.values[0] = 3;
    agent.record_example(episode);
    return agent;
}
std::vector<std::byte> contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::byte> bytes(std::filesystem::file_size(path));
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(acts_as_what_was_saved) {
    const test::TemporaryFolder folder;
    const Trained saved = trained();
    rl::save(folder / "agent.safetensors", saved);
    for (const Trained& loaded :
         {rl::load_agent<Trained>(folder / "agent.safetensors"),
          rl::load_agent<Trained>(std::span<const std::byte>(contents(folder / "agent.safetensors")))}) {
        BOOST_TEST(loaded.acting.switching.inner.threshold == 0.3);
        BOOST_TEST(loaded.acting.switching.distance == 2);
        BOOST_TEST(loaded.acting.gain == 1.5f);
        BOOST_TEST(loaded.policy_temperature == 0.5f);
        BOOST_TEST(loaded.example.actions == saved.example.actions, boost::test_tools::per_element());
        auto one = saved.agent(), other = loaded.agent();
        one.reset(core::Random(9));
        other.reset(core::Random(9));
        int opened = 0;
        for (std::size_t row = 0; row < episode.size(); row += 3) {
            const std::span<const std::int16_t, 3> seen(&episode[row], 3);
            const auto decision = one.act(seen);
            opened += decision.opened;
            BOOST_TEST(other.act(seen).action[0] == decision.action[0]);
            BOOST_TEST(other.distributions().row(0)[1] == one.distributions().row(0)[1]);
        }
        BOOST_TEST(opened >= 1);
    }
}

BOOST_AUTO_TEST_CASE(an_agent_that_decides_otherwise_is_refused) {
    const test::TemporaryFolder folder;
    Trained agent = trained();
    agent.example.actions[2] = static_cast<std::int16_t>((agent.example.actions[2] + 1) % 4);
    rl::save(folder / "agent.safetensors", agent);
    test::check_error("decides otherwise than when its example was made: at step 2",
                      [&] { rl::load_agent<Trained>(folder / "agent.safetensors"); });
    rl::load_agent<Trained>(folder / "agent.safetensors", false);
    const std::vector<std::int16_t> half{0, 3};
    test::check_error("rows of observations have 3 entries each", [&] { agent.record_example(half); });
    const std::vector<std::int16_t> wrong{0, 3, 99};
    test::check_error("step 0: the observation is not of its space", [&] { agent.record_example(wrong); });
}

BOOST_AUTO_TEST_CASE(other_files_are_refused) {
    const test::TemporaryFolder folder;
    const auto path = folder / "agent.safetensors";
    rl::save(path, trained());
    test::check_error("belongs to", [&] { rl::load_agent<rl::TrainedAgent<Meta<>, Policy>>(path); });
    test::check_error("belongs to", [&] { rl::load_agent<rl::TrainedAgent<Meta<>, void, View>>(path); });
    test::check_error("belongs to",
                      [&] { rl::load_agent<rl::TrainedAgent<Meta<control::HardSwitch>, Policy, View>>(path); });
    const auto whole = contents(path);
    for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 40)
        BOOST_CHECK_THROW(rl::load_agent<Trained>(std::span(whole).first(length)), core::Error);
    BOOST_CHECK_THROW(rl::load_agent<Trained>(folder / "none.safetensors"), core::Error);

    Trained broken = trained();
    core::flat<float>(broken.meta->decoder)[5] = std::numeric_limits<float>::infinity();
    rl::save(path, broken);
    test::check_error("not finite", [&] { rl::load_agent<Trained>(path); });
    Trained impossible = trained();
    impossible.acting.switching.distance = -1;
    rl::save(path, impossible);
    BOOST_CHECK_THROW(rl::load_agent<Trained>(path), core::Error);
}

BOOST_AUTO_TEST_CASE(without_a_policy) {
    using Led = rl::TrainedAgent<Meta<>>;
    const test::TemporaryFolder folder;
    Led agent;
    agent.base = test::random_model<TinyModel, float>(core::Random(1), 0.3);
    agent.meta = test::random_model<Meta<>, float>(core::Random(2), 0.7);
    rl::save(folder / "led.safetensors", agent);
    const Led loaded = rl::load_agent<Led>(folder / "led.safetensors");
    auto mind = loaded.agent();
    mind.reset(core::Random(1));
    BOOST_TEST((mind.act(std::span<const std::int16_t, 3>(episode.data(), 3)).fault == rl::Fault::none));
}

BOOST_AUTO_TEST_CASE(labelled_codes) {
    const test::TemporaryFolder folder;
    Trained agent = trained();
    const std::array<float, Meta<>::code> red{1, 0, 0}, blue{0, 1, 0};
    agent.labels.add(red, "red");
    agent.labels.add(blue, "blue");
    for (const auto& floats : {io::single_precision, io::bfloat16, io::eight_bits}) {
        rl::save(folder / "agent", agent, {.floats = floats});
        const Trained loaded = rl::load_agent<Trained>(folder / "agent");
        BOOST_TEST(loaded.labels.name(blue) == "blue");
        BOOST_TEST(loaded.labels.codes == agent.labels.codes, boost::test_tools::per_element());
    }
    agent.labels.text.clear();
    rl::save(folder / "nameless", agent);
    test::check_error("labelled codes have a name each", [&] { rl::load_agent<Trained>(folder / "nameless"); });
}

/// A file has what acting needs: no encoder, which would be used only to find codes of episodes.
BOOST_AUTO_TEST_CASE(files_are_without_the_encoder) {
    const test::TemporaryFolder folder;
    rl::save(folder / "agent.safetensors", trained());
    const Trained loaded = rl::load_agent<Trained>(folder / "agent.safetensors");
    for (const float value : core::flat<float>(loaded.meta->inference.encoder)) BOOST_TEST(value == 0);
    const auto episodes = test::random_episodes<TinyModel, float>(core::Random(3), {0, 5, 6});
    test::check_error("the metacontroller's encoder (which an agent's file is without) are all zero", [&] {
        analysis::infer<Meta<>>(core::Serial{}, {*loaded.base, *loaded.meta}, episodes, core::Random(1), {});
    });
}

BOOST_AUTO_TEST_CASE(half_precision) {
    const test::TemporaryFolder folder;
    Trained agent = trained();
    rl::save(folder / "whole.safetensors", agent);
    rl::save(folder / "half.safetensors", agent, {.floats = io::half_precision});
    const Trained loaded = rl::load_agent<Trained>(folder / "half.safetensors");
    const std::span<const float> exact = core::flat<float>(*agent.base), rounded = core::flat<float>(*loaded.base);
    int changed = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        BOOST_TEST(std::abs(exact[i] - rounded[i]) <= std::max(std::abs(exact[i]) * 0x1p-11f, 0x1p-25f));
        changed += exact[i] != rounded[i];
    }
    BOOST_TEST(changed > static_cast<int>(exact.size() / 2));
    BOOST_TEST(loaded.acting.gain == agent.acting.gain);
    // All but the header and the example.
    const auto numbers = [](const std::filesystem::path& path) {
        std::size_t bytes = 0;
        const io::SafetensorsReader reader(path);
        for (const auto& tensor : reader.tensors()) bytes += tensor.bytes.size();
        return bytes;
    };
    BOOST_TEST(numbers(folder / "half.safetensors") <
               0.51 * static_cast<double>(numbers(folder / "whole.safetensors")));
    agent.base->embedding.rows.values[0] = 1e6f;
    test::check_error("tensor 'base.embedding.rows' holds 1e+06, which is too large for F16",
                      [&] { rl::save(folder / "no", agent, {.floats = io::half_precision}); });
}
