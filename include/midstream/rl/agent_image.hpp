/// \file
/// Trained hierarchies as blocks of bytes that small machines act on where they lie, in read-only memory: no file, no
/// text, nothing to unpack. A program on a large machine writes one, the small one is linked with it:
///
///     using Small = rl::TrainedAgent<rl::EightBit<Meta>, rl::EightBit<Policy>, View>;
///     rl::write_image("agent.bin", rl::load_agent<Small>("agent.safetensors"));                  // there
///
///     const auto* image = rl::agent_image<Small>(bytes);    // here; nullptr unless it is one of these types, and
///     whole auto agent = image->agent(); if (!rl::decides_as_recorded(*image)) ...             // its example decided
///     again, as a self-test
///
/// Both machines have to be little-endian, with the usual float and double.
#pragma once

#include <array>
#include <bit>
#include <cstring>

#include "midstream/core/hash.hpp"
#include "midstream/rl/trained_agent.hpp"

namespace midstream::rl {

/// How many steps an image can have of an agent's example.
inline constexpr int image_steps = 8;

/// A trained agent, as a plain block of bytes. `Trained` is an rl::TrainedAgent.
template <class Trained>
struct AgentImage {
    using Meta = typename Trained::Meta;             ///< what steers
    using Codes = typename Trained::Codes;           ///< the policy over codes
    using Mind = typename Trained::Mind;             ///< the agent that this makes
    using Observation = typename Mind::Observation;  ///< what it sees
    using Action = typename Mind::Action;            ///< what it does
    /// The policy's parameters, where there is one.
    using PolicyParameters =
        std::conditional_t<Trained::has_policy, typename Codes::template Parameters<float>, core::NoParameters>;

    char magic[8];                                            ///< image_magic
    std::uint64_t size;                                       ///< of this struct
    std::uint64_t hash;                                       ///< of all that follows
    ActingOptions<Meta> acting;                               ///< TrainedAgent::acting
    float policy_temperature;                                 ///< of codes; 0 takes modes
    decltype(Trained::view) view;                             ///< what the policy sees of a residual stream
    typename Trained::Base::template Parameters<float> base;  ///< the base model's
    typename Meta::template Parameters<float> meta;           ///< the metacontroller's
    PolicyParameters policy;                                  ///< the policy's
    int steps;                                                ///< of the example, from a reset with core::Random(1)
    /// What was seen in the example, row by row.
    std::array<typename Trained::ObservationElement, static_cast<std::size_t>(image_steps) * Observation::width> seen;
    /// What was decided, row by row.
    std::array<typename Action::template Element<float>, static_cast<std::size_t>(image_steps) * Action::width> decided;

    /// Ready to act. The image has to outlive it, where it is now.
    Mind agent() const { return Trained::mind(base, meta, acting, policy, policy_temperature, view); }
};

namespace detail {
inline constexpr char image_magic[] = {'m', 'i', 'd', 's', 't', 'r', 'm', '1'};

template <class Image>
std::uint64_t hash_of(const Image& image) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(&image);
    constexpr std::size_t start = offsetof(Image, hash) + sizeof(image.hash);
    return core::hash(std::span(first + start, sizeof(Image) - start));
}
}  // namespace detail

/// The image that these bytes are, if they are one of an agent of this type, and whole; else nullptr. They have to lie
/// at a multiple of alignof(AgentImage<Trained>).
template <class Trained>
const AgentImage<Trained>* agent_image(std::span<const std::byte> bytes) noexcept {
    using Image = AgentImage<Trained>;
    if (bytes.size() != sizeof(Image) || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(Image) != 0)
        return nullptr;
    const auto* image = reinterpret_cast<const Image*>(bytes.data());
    const bool whole = std::memcmp(image->magic, detail::image_magic, sizeof(detail::image_magic)) == 0 &&
                       image->size == sizeof(Image) && image->hash == detail::hash_of(*image);
    return whole ? image : nullptr;
}

/// Whether an agent decides the image's example as it was recorded: categories alike, real numbers to a thousandth.
template <class Trained>
bool decides_as_recorded(const AgentImage<Trained>& image, typename Trained::Mind& agent) {
    constexpr int width = Trained::Mind::Observation::width;
    constexpr int action_width = Trained::Mind::Action::width;
    agent.reset(core::Random(1));
    for (int step = 0; step < image.steps; ++step) {
        const auto& decision = agent.act(
            std::span<const typename Trained::ObservationElement, width>(image.seen.data() + step * width, width));
        if (decision.fault != Fault::none) return false;
        for (int i = 0; i < action_width; ++i) {
            const auto expected = image.decided[static_cast<std::size_t>(step * action_width + i)];
            const auto found = decision.action[static_cast<std::size_t>(i)];
            const double difference = static_cast<double>(found) - static_cast<double>(expected);
            if (!(difference <= 1e-3 && difference >= -1e-3)) return false;
        }
    }
    return true;
}

/// The image of an agent, with the first steps of its example. `make_image` takes memory for it on the heap.
template <class Trained>
core::Box<AgentImage<Trained>> make_image(const Trained& trained) {
    static_assert(std::endian::native == std::endian::little, "images are little-endian");
    static_assert(std::is_trivially_copyable_v<AgentImage<Trained>>,
                  "an image is a plain block of bytes: the agent's view, or the options of its switch, are not");
    core::Box<AgentImage<Trained>> box;
    auto& image = *box;
    std::memset(static_cast<void*>(&image), 0, sizeof(image));  // also between the members
    std::copy_n(detail::image_magic, sizeof(detail::image_magic), image.magic);
    image.size = sizeof(image);
    image.acting = trained.acting;
    image.policy_temperature = trained.policy_temperature;
    image.view = trained.view;
    image.base = *trained.base;
    image.meta = *trained.meta;
    if constexpr (Trained::has_policy) image.policy = *trained.policy;
    constexpr std::size_t width = Trained::Mind::Observation::width, action_width = Trained::Mind::Action::width;
    image.steps = std::min(image_steps, static_cast<int>(trained.example.observations.size() / width));
    const auto steps = static_cast<std::size_t>(image.steps);
    std::copy_n(trained.example.observations.begin(), steps * width, image.seen.begin());
    std::copy_n(trained.example.actions.begin(), steps * action_width, image.decided.begin());
    image.hash = detail::hash_of(image);
    return box;
}

}  // namespace midstream::rl
