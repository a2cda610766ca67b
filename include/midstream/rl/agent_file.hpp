/// \file
/// Trained hierarchies (rl/trained_agent.hpp) as files.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "midstream/io/checkpoint.hpp"
#include "midstream/rl/trained_agent.hpp"

namespace midstream::rl {

namespace detail {

/// A small aggregate of numbers, byte by byte: how a switch acts is whatever its policy's options are. Numbers that
/// were added at its end since a file was written stay as they are.
template <class Value>
struct Bytes {
    static_assert(std::is_trivially_copyable_v<Value>,
                  "options of a switch are plain numbers, or an agent could not be saved with them");
    static void read(std::span<const std::uint8_t> bytes, Value& value) {
        core::require(bytes.size() <= sizeof(Value), "an agent's options have another size than this program's");
        std::copy_n(bytes.begin(), bytes.size(), reinterpret_cast<std::uint8_t*>(&value));
    }
    static std::vector<std::uint8_t> write(const Value& value) {
        const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
        return {first, first + sizeof(Value)};
    }
};

/// What a file of an agent holds; `switching` are the bytes of the switch's options. Codes may be `labelled`.
template <class Agent>
auto contents_of(Agent& agent, std::vector<std::uint8_t>& switching, bool labelled) {
    return [&, labelled](auto&& member) {
        member("base", *agent.base);
        using Meta = typename std::remove_const_t<Agent>::Meta;
        ActingPart<Meta, std::remove_reference_t<decltype(*agent.meta)>> acting{*agent.meta};
        member("meta", acting);
        if constexpr (std::remove_const_t<Agent>::has_policy) member("policy", *agent.policy);
        member("switching", switching);
        member("temperature", agent.acting.temperature);
        member("gain", agent.acting.gain);
        member("policy_temperature", agent.policy_temperature);
        if constexpr (requires { agent.view.visit(agent.view, [](std::string_view, auto&) {}); })
            member("view", agent.view);
        member("example", agent.example);
        if (labelled) member("labels", agent.labels);
    };
}

}  // namespace detail

/// Writes an agent to one safetensors file, which is replaced whole: what acting needs, and so of the metacontroller
/// not what infers codes from episodes. Where `options` ask for fewer bits a number, the file's agent is that
/// of the rounded parameters; if there is an example, it is decided by these.
template <class Meta, class Policy, class View>
void save(const std::filesystem::path& path, const TrainedAgent<Meta, Policy, View>& agent,
          const io::SaveOptions& options = {}) {
    using Trained = TrainedAgent<Meta, Policy, View>;
    auto switching = detail::Bytes<typename Meta::Switching>::write(agent.acting.switching);
    const auto write = [&](const Trained& written) {
        io::save(path, core::text(core::describe<Trained>()),
                 detail::contents_of(written, switching, written.labels.count() > 0), options);
    };
    if (!io::is_narrow(options.floats) || agent.example.observations.empty()) return write(agent);
    Trained rounded = agent;
    io::round(detail::contents_of(rounded, switching, false), options);
    rounded.record_example(agent.example.observations);
    write(rounded);
}

/// Reads an agent that `save` wrote; the encoder of its metacontroller, which it has no need of, is all zeros. Throws
/// core::Error for a file that is damaged, of another architecture, or of numbers that are out of range or not finite;
/// if `verify`, also where its example is not decided as it was. An agent of 8 bits, which may decide otherwise than
/// the one that was saved, makes the example its own.
template <class Trained>
Trained load_agent(const io::SafetensorsReader& reader, bool verify = true) {
    Trained agent;
    std::vector<std::uint8_t> switching;
    io::load(reader, core::text(core::describe<Trained>()),
             detail::contents_of(agent, switching, reader.find("labels.codes") != nullptr));
    detail::Bytes<decltype(agent.acting.switching)>::read(switching, agent.acting.switching);
    agent.acting.validate();
    agent.labels.validate();
    if constexpr (Trained::eight_bit)
        agent.record_example(std::vector(agent.example.observations));
    else if (verify)
        agent.verify_example();
    return agent;
}
/// From a file.
template <class Trained>
Trained load_agent(const std::filesystem::path& path, bool verify = true) {
    return load_agent<Trained>(io::SafetensorsReader(path), verify);
}
/// From the contents of a file in memory.
template <class Trained>
Trained load_agent(std::span<const std::byte> contents, bool verify = true) {
    return load_agent<Trained>(io::SafetensorsReader("(memory)", contents), verify);
}

}  // namespace midstream::rl
