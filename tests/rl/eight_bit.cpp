// Hierarchies that act on weights of 8 bits act as what these weights stand for.
// clang-format off: before all that includes Eigen
#include "support/allocation_count.hpp"
// clang-format on
#include "io/files.hpp"
#include "midstream/rl/agent_file.hpp"
#include "midstream/rl/eight_bit.hpp"
#include "rl/hierarchies.hpp"

using namespace midstream;

namespace {

/// The largest difference between logits of two agents that see the same, with the same codes in force.
template <class One, class Other>
float difference(const One& one, const Other& other) {
    auto first = one.agent();
    auto second = other.agent();
    float largest = 0;
    int opened = 0;
    for (std::uint64_t episode = 0; episode < 5; ++episode) {
        first.reset(core::Random(episode));
        second.reset(core::Random(episode));
        core::Random random(7 + episode);
        for (int step = 0; step < 12; ++step) {
            const std::array<std::int16_t, 3> seen{static_cast<std::int16_t>(random.below(3)),
                                                   static_cast<std::int16_t>(3 + random.below(3)),
                                                   static_cast<std::int16_t>(6 + random.below(3))};
            const auto decision = first.act(seen);
            BOOST_TEST_REQUIRE(second.act(seen).opened == decision.opened);
            opened += decision.opened;
            const auto a = first.distributions().flat(), b = second.distributions().flat();
            for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
        }
    }
    BOOST_TEST(opened > 5);
    return largest;
}

template <class H>
void check(float tolerance) {
    const test::TemporaryFolder folder;
    const auto whole = H::trained();
    const auto numbers = folder / "whole.safetensors", bytes = folder / "small.safetensors",
               again = folder / "again.safetensors";
    rl::save(numbers, whole);
    rl::save(bytes, whole, {.floats = io::eight_bits});
    BOOST_TEST(std::filesystem::file_size(bytes) < std::filesystem::file_size(numbers));

    // What a file of 8 bits stands for, and the same without ever being wide.
    const auto rounded = rl::load_agent<typename H::Whole>(bytes);
    const auto small = rl::load_agent<typename H::Small>(bytes);
    BOOST_TEST(difference(rounded, small) <= tolerance);
    BOOST_TEST(difference(whole, rounded) > 0);

    // Rounded in memory, as it is loaded, or as it is saved: the same.
    BOOST_TEST(difference(rl::eight_bit(whole), small) == 0);
    const auto loaded = rl::load_agent<typename H::Small>(numbers);
    BOOST_TEST(difference(loaded, small) == 0);
    rl::save(again, small);
    BOOST_TEST(difference(rl::load_agent<typename H::Small>(again), small) == 0);
    BOOST_TEST(difference(rl::load_agent<typename H::Whole>(again), rounded) == 0);

    auto mind = small.agent();
    for (const int count : {1, 10}) {
        auto fresh = small.agent();
        const std::size_t bytes_before = test::allocated_bytes;
        fresh.reset(count, core::Random(1));
        const std::size_t took = test::allocated_bytes - bytes_before + sizeof(fresh);
        BOOST_TEST(took <= H::Small::Mind::bytes(count));
        BOOST_TEST(took >= H::Small::Mind::bytes(count) / 2);
    }
    mind.reset(core::Random(1));
    const std::array<std::int16_t, 3> seen{1, 4, 7};
    const long before = test::allocation_count;
    for (int step = 0; step < 10; ++step) mind.act(seen);
    BOOST_TEST(test::allocation_count == before);
}

}  // namespace

BOOST_AUTO_TEST_CASE(hawk) { check<test::Hierarchy<test::HawkModel, control::LowRank<2>, 1, 2>>(1e-5f); }
BOOST_AUTO_TEST_CASE(hawk_read_above_written) {
    check<test::Hierarchy<test::HawkModel, control::FullLinear, 2, 1>>(1e-5f);
}
// What attention remembers has 16 bits.
BOOST_AUTO_TEST_CASE(attention) { check<test::Hierarchy<test::TinyModel, control::LowRank<2>, 1, 2>>(0.05f); }
BOOST_AUTO_TEST_CASE(attention_read_above_written) {
    check<test::Hierarchy<test::TinyModel, control::LowRank<2>, 2, 0>>(0.05f);
}

BOOST_AUTO_TEST_CASE(damaged_scales) {
    using H = test::Hierarchy<test::HawkModel, control::LowRank<2>, 1, 2>;
    const test::TemporaryFolder folder;
    const auto path = folder / "agent.safetensors";
    rl::save(path, H::trained(), {.floats = io::eight_bits});
    const io::SafetensorsReader reader(path);
    const auto damaged = [&](auto&& change) {
        io::SafetensorsWriter writer;
        for (const char* key : {"format", "description"}) writer.metadata(key, reader.metadata(key));
        std::vector<std::vector<std::byte>> copies;
        copies.reserve(reader.tensors().size());
        for (const auto& tensor : reader.tensors()) {
            auto& bytes = copies.emplace_back(tensor.bytes.begin(), tensor.bytes.end());
            if (!change(tensor.name, bytes)) continue;
            writer.add(tensor.name, tensor.dtype, tensor.shape, bytes);
        }
        writer.save(folder / "damaged.safetensors");
        return rl::load_agent<H::Small>(folder / "damaged.safetensors");
    };
    const std::string scales = "base.embedding.rows.scales";
    test::check_error("tensor 'base.embedding.rows.scales' is missing",
                      [&] { damaged([&](const std::string& name, auto&) { return name != scales; }); });
    test::check_error("tensor 'base.embedding.rows.scales' holds numbers that are not finite", [&] {
        damaged([&](const std::string& name, auto& bytes) {
            if (name == scales) std::fill(bytes.begin(), bytes.end(), std::byte{255});
            return true;
        });
    });
}
