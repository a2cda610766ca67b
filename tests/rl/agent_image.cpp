// Agents as blocks of bytes decide as the agents they are of; what is damaged, or of another agent, is refused.
#include "midstream/rl/agent_image.hpp"

#include <boost/test/unit_test.hpp>

#include "rl/hierarchies.hpp"

using namespace midstream;

namespace {

template <class Trained>
std::span<const std::byte> bytes_of(const rl::AgentImage<Trained>& image) {
    return std::as_bytes(std::span(&image, 1));
}

template <class Trained>
void check(const Trained& trained) {
    const auto box = rl::make_image(trained);
    const auto* image = rl::agent_image<Trained>(bytes_of<Trained>(*box));
    BOOST_TEST_REQUIRE(image != nullptr);
    BOOST_TEST(image->steps == 6);
    auto mind = image->agent(), expected = trained.agent();
    BOOST_TEST(rl::decides_as_recorded(*image, mind));
    for (std::uint64_t episode = 0; episode < 4; ++episode) {
        mind.begin(0, core::Random(episode));
        expected.reset(core::Random(episode));
        for (int step = 0; step < 10; ++step) {
            const std::array<std::int16_t, 3> seen{static_cast<std::int16_t>(step % 3), 4, 7};
            BOOST_TEST(mind.act(seen).action[0] == expected.act(seen).action[0]);
            BOOST_TEST(mind.distributions().row(0)[0] == expected.distributions().row(0)[0]);
        }
    }
}

}  // namespace

using Attention = test::Hierarchy<test::TinyModel, control::LowRank<2>, 2, 0>;
using Recurrent = test::Hierarchy<test::HawkModel, control::FullLinear, 1, 2>;

BOOST_AUTO_TEST_CASE(decide_as_what_they_are_of) {
    check(Attention::trained());
    check(rl::eight_bit(Attention::trained()));
    check(Recurrent::trained());
    check(rl::eight_bit(Recurrent::trained()));
    static_assert(sizeof(rl::AgentImage<Recurrent::Small>) < sizeof(rl::AgentImage<Recurrent::Whole>) / 2);
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
    using Image = rl::AgentImage<Recurrent::Small>;
    auto box = rl::make_image(rl::eight_bit(Recurrent::trained()));
    const auto found = [](std::span<const std::byte> bytes) {
        return rl::agent_image<Recurrent::Small>(bytes) != nullptr;
    };
    const auto bytes = bytes_of<Recurrent::Small>(*box);
    BOOST_TEST(found(bytes));
    BOOST_TEST(!found(bytes.first(bytes.size() - 1)));
    BOOST_TEST(!found({}));
    BOOST_TEST(rl::agent_image<Recurrent::Whole>(bytes) == nullptr);
    BOOST_TEST(rl::agent_image<Attention::Small>(bytes) == nullptr);
    std::vector<std::byte> shifted(sizeof(Image) + 64);
    const auto misaligned = std::span(shifted).subspan(
        reinterpret_cast<std::uintptr_t>(shifted.data()) % alignof(Image) == 0 ? 1 : 2, sizeof(Image));
    std::copy(bytes.begin(), bytes.end(), misaligned.begin());
    BOOST_TEST(!found(misaligned));
    // Any byte that is changed is found out, but for those between members of the head.
    auto* raw = reinterpret_cast<std::byte*>(&*box);
    for (const std::size_t at : {std::size_t{0}, offsetof(Image, size), offsetof(Image, hash), offsetof(Image, acting),
                                 offsetof(Image, base) + 3, offsetof(Image, policy) + 5, sizeof(Image) - 1}) {
        raw[at] ^= std::byte{4};
        BOOST_TEST(!found(bytes), "byte " << at);
        raw[at] ^= std::byte{4};
    }
    BOOST_TEST(found(bytes));
    // What is whole, but not what it was made of.
    box->decided[1] = static_cast<std::int16_t>(box->decided[1] == 0 ? 1 : 0);
    auto mind = box->agent();
    BOOST_TEST(!rl::decides_as_recorded(*box, mind));
}
