/// \file
/// Trained hierarchies as values and as files: parameters, how to act on them, and an example to check a copy by.
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
#include "midstream/rl/agent.hpp"

namespace midstream::rl {

/// Everything that makes an agent: a base model, what steers it, a policy over codes (void: the caller chooses codes)
/// and what that one sees, with the numbers that say how they act. Nothing of acting is left to a program's options.
template <Steering Meta, class Policy = void, class View = IdentityView<Meta::width>>
struct TrainedAgent {
    using Base = typename Meta::Base;                            ///< the model that acts
    static constexpr bool has_policy = !std::is_void_v<Policy>;  ///< false: the caller chooses codes
    /// The policy over codes; without one it is not used.
    using Codes = typename std::conditional_t<has_policy, std::type_identity<Policy>, std::type_identity<Base>>::type;
    using Choice = std::conditional_t<has_policy, ModelActor<Codes>, CallersCodes>;  ///< what chooses codes
    using Mind = Agent<SteeredActor<Meta, Choice, View>>;                            ///< the agent that this makes
    using ObservationElement = typename Mind::ObservationElement;                    ///< an index, or a real number

    core::Box<typename Base::template Parameters<float>> base{};  ///< the base model's parameters
    core::Box<typename Meta::template Parameters<float>> meta{};  ///< the metacontroller's
    /// The policy's, where there is one.
    std::conditional_t<has_policy, core::Box<typename Codes::template Parameters<float>>, core::NoParameters> policy{};
    ActingOptions<Meta> acting{};
    float policy_temperature = 1;  ///< of codes; 0 takes modes
    View view{};                   ///< what the policy sees of a residual stream
    /// Rows that somebody once saw, and what was decided at each, from a reset with core::Random(1).
    struct Example {
        std::vector<ObservationElement> observations{};  ///< row by row
        /// Row by row, one for each observation.
        std::vector<typename Mind::Action::template Element<float>> actions{};
        static void visit(auto& self, auto&& member) {
            member("observations", self.observations);
            member("actions", self.actions);
        }
    };
    Example example{};  ///< empty unless `record_example` made one

    /// Ready to act. This has to outlive it, where it is now.
    Mind agent() const& {
        const Steered<Meta> steered(*base, *meta, acting);
        if constexpr (has_policy)
            return Mind({steered, Choice(*policy, policy_temperature), view});
        else
            return Mind({steered, {}, view});
    }
    Mind agent() && = delete;

    /// Makes an example of these rows, what an agent saw in an episode's first steps. Throws where
    /// one of them is not of its space, or the last is not whole.
    void record_example(std::span<const ObservationElement> observations) {
        example = {{observations.begin(), observations.end()}, decisions(observations)};
    }
    /// Throws core::Error unless the example is decided as it was when it was made: categories alike, real numbers to a
    /// thousandth. An agent without an example passes.
    void verify_example() const {
        const auto actions = decisions(example.observations);
        core::require(actions.size() == example.actions.size(), "an agent's example has as many actions as rows");
        for (std::size_t i = 0; i < actions.size(); ++i) {
            const double difference = static_cast<double>(actions[i]) - static_cast<double>(example.actions[i]);
            core::require(
                std::abs(difference) <= (std::is_integral_v<std::remove_cvref_t<decltype(actions[i])>> ? 0 : 1e-3),
                [&] {
                    return "the agent decides otherwise than when its example was made: at step " +
                           std::to_string(i / Mind::Action::width) + " " + core::to_text(actions[i]) + ", expected " +
                           core::to_text(example.actions[i]);
                });
        }
    }

    static constexpr void describe(auto&& part) {
        part("steered", std::type_identity<Meta>{});
        if constexpr (has_policy)
            part("policy", std::type_identity<Policy>{});
        else
            part("policy", "none");
        part("view", std::type_identity<View>{});
    }

private:
    std::vector<typename Mind::Action::template Element<float>> decisions(
        std::span<const ObservationElement> observations) const {
        constexpr int width = Mind::Observation::width;
        core::require(observations.size() % width == 0, [&] {
            return "rows of observations have " + std::to_string(width) + " entries each, and are " +
                   std::to_string(observations.size()) + " in all";
        });
        Mind mind = agent();
        mind.reset(core::Random(1));
        std::vector<typename Mind::Action::template Element<float>> result;
        for (std::size_t first = 0; first < observations.size(); first += width) {
            const auto& decision = mind.act(std::span<const ObservationElement, width>(&observations[first], width));
            core::require(decision.fault == Fault::none,
                          [&] { return "step " + std::to_string(first / width) + ": " + to_string(decision.fault); });
            result.insert(result.end(), decision.action.begin(), decision.action.end());
        }
        return result;
    }
};

namespace detail {

/// A small aggregate of numbers, byte by byte: how a switch acts is whatever its policy's options are. Numbers that were
/// added at its end since a file was written stay as they are.
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

/// What acting needs of a metacontroller's parameters; all of them, where it does not say.
template <class Parameters>
struct ActingParameters {
    Parameters& parameters;
    static void visit(auto& self, auto&& member) {
        if constexpr (requires { self.parameters.visit_acting(self.parameters, member); })
            self.parameters.visit_acting(self.parameters, member);
        else
            self.parameters.visit(self.parameters, member);
    }
};

/// What a file of an agent holds; `switching` are the bytes of the switch's options.
template <class Agent>
auto contents_of(Agent& agent, std::vector<std::uint8_t>& switching) {
    return [&](auto&& member) {
        member("base", *agent.base);
        ActingParameters<std::remove_reference_t<decltype(*agent.meta)>> acting{*agent.meta};
        member("meta", acting);
        if constexpr (std::remove_const_t<Agent>::has_policy) member("policy", *agent.policy);
        member("switching", switching);
        member("temperature", agent.acting.temperature);
        member("gain", agent.acting.gain);
        member("policy_temperature", agent.policy_temperature);
        if constexpr (requires { agent.view.visit(agent.view, [](std::string_view, auto&) {}); })
            member("view", agent.view);
        member("example", agent.example);
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
        io::save(path, core::text(core::describe<Trained>()), detail::contents_of(written, switching), options);
    };
    if (!io::is_narrow(options.floats) || agent.example.observations.empty()) return write(agent);
    Trained rounded = agent;
    io::round(detail::contents_of(rounded, switching), options);
    rounded.record_example(agent.example.observations);
    write(rounded);
}

/// Reads an agent that `save` wrote; the encoder of its metacontroller, which it has no need of, is all zeros. Throws
/// core::Error for a file that is damaged, of another architecture, or of numbers that are out of range or not finite;
/// if `verify`, also where its example is not decided as it was.
template <class Trained>
Trained load_agent(const io::SafetensorsReader& reader, bool verify = true) {
    Trained agent;
    std::vector<std::uint8_t> switching;
    io::load(reader, core::text(core::describe<Trained>()), detail::contents_of(agent, switching));
    detail::Bytes<decltype(agent.acting.switching)>::read(switching, agent.acting.switching);
    agent.acting.validate();
    if (verify) agent.verify_example();
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
